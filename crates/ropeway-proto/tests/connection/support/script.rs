//! One connection and a script of bytes that it receives.

use std::sync::Arc;

use ropeway_proto::deflate::Params;
use ropeway_proto::{Cause, Config, Connection, Event, Outcome, Output, Role, Side, Violation};

use super::{owned, wire};

/// Inputs up to this long are cut at every byte, longer ones at some.
const CUT_EVERYWHERE: usize = 400;

/// A connection in the making.
#[derive(Clone)]
pub(crate) struct Setup {
    role: Role,
    config: Config,
    params: Option<Params>,
}

/// What a connection made of its input.
#[derive(Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) events: Vec<Event<'static>>,
    pub(crate) violation: Option<Violation>,
    /// What it sent, without masks.
    pub(crate) sent: Vec<u8>,
    pub(crate) outcome: Option<Outcome>,
}

impl Setup {
    pub(crate) fn new(role: Role) -> Self {
        Self { role, config: Config::default(), params: None }
    }

    pub(crate) fn config(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// With permessage-deflate.
    pub(crate) fn deflate(mut self, params: Params) -> Self {
        self.params = Some(params);
        self.config(|config| config.deflate = Some(Default::default()))
    }

    pub(crate) fn connection(&self) -> Connection {
        let config = Arc::new(self.config.clone());
        match self.role {
            Role::Client => Connection::client(config, self.params.clone(), [7; 32]),
            Role::Server => Connection::server(config, self.params.clone()),
        }
    }

    /// The frames as they come from a peer of the right kind.
    pub(crate) fn peer_says(&self, frames: &[&[u8]]) -> Vec<u8> {
        match self.role {
            Role::Client => frames.concat(),
            Role::Server => frames.iter().flat_map(|frame| wire::masked(frame)).collect(),
        }
    }

    /// Feeds the frames, masked as they must be, in every way; what comes of it must not depend on the cuts.
    pub(crate) fn receive(&self, frames: &[&[u8]]) -> Seen {
        self.receive_raw(&self.peer_says(frames))
    }

    /// Feeds bytes as they are.
    pub(crate) fn receive_raw(&self, bytes: &[u8]) -> Seen {
        let whole = self.receive_pieces(&[bytes]);
        let step = bytes.len().div_ceil(CUT_EVERYWHERE).max(1);
        for at in (1..bytes.len()).step_by(step) {
            let (front, back) = bytes.split_at(at);
            assert_eq!(self.receive_pieces(&[front, back]), whole, "cut at byte {at}, {:?}", self.role);
        }
        let bytewise: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(self.receive_pieces(&bytewise), whole, "byte by byte, {:?}", self.role);
        whole
    }

    fn receive_pieces(&self, pieces: &[&[u8]]) -> Seen {
        let mut connection = self.connection();
        let mut out = Output::default();
        let mut events = Vec::new();
        let mut violation = None;
        for piece in pieces {
            let (more, broken) = feed(&mut connection, piece, &mut out);
            events.extend(more);
            assert!(violation.is_none() || broken.is_none(), "a second violation: {broken:?}");
            violation = violation.or(broken);
        }
        let outcome = connection.outcome().cloned();
        Seen { events, violation, sent: self.sent(&mut out), outcome }
    }

    /// What waits in `out`, without masks.
    pub(crate) fn sent(&self, out: &mut Output) -> Vec<u8> {
        match self.role {
            Role::Client => wire::unmasked(&out.take()),
            Role::Server => out.take(),
        }
    }
}

impl Seen {
    /// The connection is open and gave these events.
    #[track_caller]
    pub(crate) fn is(&self, events: &[Event<'_>]) {
        assert_eq!((&self.violation, &self.outcome), (&None, &None));
        assert_eq!(self.events, events);
    }

    /// After these events the connection found a violation and closed with `code`: one close frame and nothing else.
    #[track_caller]
    pub(crate) fn is_violation(&self, events: &[Event<'_>], violation: Violation, code: u16) {
        assert_eq!(self.events, events);
        assert_eq!(self.violation, Some(violation.clone()));
        let reason = violation.to_string();
        assert_eq!(self.sent, wire::close(code, &reason));
        let cause = Cause::Violation(violation);
        assert_eq!(self.outcome, Some(Outcome { code, reason, by: Side::Us, clean: false, cause }));
    }
}

/// Lets `connection` receive `bytes`, as one read, and gives the events and the violation.
pub(crate) fn feed(
    connection: &mut Connection,
    bytes: &[u8],
    out: &mut Output,
) -> (Vec<Event<'static>>, Option<Violation>) {
    let mut bytes = bytes.to_vec();
    let mut input = &mut bytes[..];
    let mut events = Vec::new();
    loop {
        match connection.receive(&mut input, out) {
            Ok(Some(event)) => events.push(owned(event)),
            Ok(None) => break,
            Err(violation) => return (events, Some(violation)),
        }
    }
    assert!(input.is_empty(), "bytes were left");
    (events, None)
}
