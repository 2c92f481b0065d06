//! The state machine of one connection.

mod assembly;
mod input;
mod lifecycle;
mod partial;
mod receive;
mod send;

use std::sync::Arc;
use std::time::Instant;

use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};

use crate::Role;
use crate::close::Outcome;
use crate::config::Config;
use crate::deflate::{Deflater, Inflater, Params};
use crate::mask::Key;
use crate::output::Output;
use crate::timers::{Due, Timers};
use lifecycle::State;
use partial::Partial;
use receive::Pongs;

pub use send::Compress;

/// One WebSocket connection after its handshake, without I/O.
///
/// It is deterministic: the same bytes at the same times give the same events and the same output. A driver moves
/// bytes between it and a stream:
///
/// - getters: [`is_open`](Self::is_open), [`outcome`](Self::outcome), [`is_finished`](Self::is_finished), ...
/// - bytes that arrived: [`receive`](Self::receive) until it gives `None`, and [`end_of_stream`](Self::end_of_stream);
/// - what to send: [`send`](Self::send), [`send_prepared`](Self::send_prepared), [`ping`](Self::ping),
///   [`close`](Self::close);
/// - time: [`poll_timeout`](Self::poll_timeout) and [`handle_timeout`](Self::handle_timeout).
///
/// All but the getters may leave bytes in the [`Output`], which the driver writes when it has no more input.
/// The stream can go once [`is_finished`](Self::is_finished).
#[derive(Debug)]
pub struct Connection {
    config: Arc<Config>,
    role: Role,
    state: State,
    /// There while a message or a frame is incomplete.
    partial: Option<Box<Partial>>,
    pongs: Pongs,
    timers: Timers,
    /// There when permessage-deflate was negotiated.
    deflate: Option<Box<Deflate>>,
    /// Source of masking keys; there when this is a client.
    masks: Option<Box<StdRng>>,
    /// There from the first sign of the end.
    outcome: Option<Box<Outcome>>,
}

/// Both directions of permessage-deflate.
#[derive(Debug)]
struct Deflate {
    params: Params,
    /// Absent when the peer's window is too small to compress for.
    deflater: Option<Deflater>,
    inflater: Inflater,
}

impl Connection {
    /// The server's end. `params` is what the handshake agreed on.
    pub fn server(config: Arc<Config>, params: Option<Params>) -> Self {
        Self::new(Role::Server, config, params)
    }

    /// The client's end. `seed` must be unpredictable: the masking keys come of it (RFC 6455 section 10.3).
    pub fn client(config: Arc<Config>, params: Option<Params>, seed: [u8; 32]) -> Self {
        let masks = Some(Box::new(StdRng::from_seed(seed)));
        Self { masks, ..Self::new(Role::Client, config, params) }
    }

    fn new(role: Role, config: Arc<Config>, params: Option<Params>) -> Self {
        let deflate = params.map(|params| Box::new(Deflate::new(params, role, &config)));
        Self {
            config,
            role,
            state: State::Open,
            partial: None,
            pongs: Pongs::default(),
            timers: Timers::default(),
            deflate,
            masks: None,
            outcome: None,
        }
    }

    /// Which end this is.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The limits and deadlines.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// What was agreed on of permessage-deflate.
    pub fn deflate_params(&self) -> Option<&Params> {
        self.deflate.as_ref().map(|deflate| &deflate.params)
    }

    /// Whether messages can be sent.
    #[inline]
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// How the connection ended, or is about to: there as soon as one side has begun to close. Its `clean` turns true when
    /// the closing handshake is complete.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_deref()
    }

    /// Whether nothing more will be queued: once the output is written the driver shuts its side of the stream down, and
    /// goes on reading until [`is_finished`](Self::is_finished).
    pub fn is_done_sending(&self) -> bool {
        matches!(self.state, State::AwaitingEnd | State::Flushing | State::Ended)
    }

    /// Whether all is over and the stream can be dropped, with what is then left in `out`.
    pub fn is_finished(&self, out: &Output) -> bool {
        self.state == State::Ended || self.state == State::Flushing && out.is_empty()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called next. Ask again after each call of another method;
    /// a deadline starts to run when it is first asked for.
    pub fn poll_timeout(&mut self, now: Instant) -> Option<Instant> {
        match self.state {
            State::Open => self.timers.next_while_open(&self.config, now),
            State::CloseSent | State::AwaitingEnd | State::Flushing => {
                Some(self.timers.next_while_closing(&self.config, now))
            }
            State::Ended => None,
        }
    }

    /// Does what is due at `now`: sends a ping, or ends the connection. Does nothing before the time.
    pub fn handle_timeout(&mut self, now: Instant, out: &mut Output) {
        let due = match self.state {
            State::Open => self.timers.due_while_open(&self.config, now),
            State::CloseSent | State::AwaitingEnd | State::Flushing => self.timers.due_while_closing(now),
            State::Ended => Due::Nothing,
        };
        match due {
            Due::Nothing => {}
            Due::Ping => self.write_ping(&[], out),
            Due::End(deadline) => self.deadline_passed(deadline, out),
        }
    }

    /// Takes the peer for alive up to now: for a driver that has not read for a while, and so could not hear it.
    pub fn excuse_silence(&mut self) {
        self.timers.mark_heard();
    }

    /// The key of the next frame: none for a server.
    #[inline]
    fn next_mask(&mut self) -> Option<Key> {
        let masks = self.masks.as_mut()?;
        Some(Key::new(masks.next_u32().to_ne_bytes()))
    }
}

impl Deflate {
    fn new(params: Params, role: Role, config: &Config) -> Self {
        let wanted = config.deflate.clone().unwrap_or_default();
        let deflater = Deflater::new(&params, role, &wanted);
        let inflater = Inflater::new(&params, role);
        Self { params, deflater, inflater }
    }
}
