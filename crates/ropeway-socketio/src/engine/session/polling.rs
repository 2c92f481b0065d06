//! Requests of polling, and the WebSocket beside them.

use std::time::{Duration, Instant};

use super::{Due, Reason, Session, State};
use crate::engine::Packet;

/// Between two noops for pending GETs of a client that wants to leave polling.
const NOOP_INTERVAL: Duration = Duration::from_millis(100);

/// A session whose transport in use is polling.
#[derive(Debug, Default)]
pub(super) struct Polling {
    /// A GET waits for packets.
    has_get: bool,
    /// A POST brings packets.
    has_post: bool,
    /// A WebSocket is beside it.
    probe: Option<Probe>,
    /// It closes, and waits until then for a GET.
    close_by: Option<Instant>,
}

#[derive(Debug)]
struct Probe {
    until: Instant,
    /// When a pending GET gets a noop: once the client has asked.
    noop_at: Option<Instant>,
}

/// A second request of a kind that there may be one of. The session has ended: refuse the request, and answer a pending
/// GET with [`Session::farewell`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlap;

/// What to do with a packet from the WebSocket beside polling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probed {
    /// Answer on the WebSocket with a pong whose data is `probe`.
    Pong,
    /// The WebSocket is the transport in use from now on. What is queued leaves there; a pending GET gets a noop.
    Upgraded,
    /// Close the WebSocket. Polling goes on.
    Refused,
}

impl Polling {
    pub(super) fn is_closing(&self) -> bool {
        self.close_by.is_some()
    }

    pub(super) fn close(&mut self, by: Instant) {
        self.close_by.get_or_insert(by);
    }

    pub(super) fn due(&self) -> Option<Instant> {
        let probe = self.probe.as_ref();
        let noop = probe.and_then(|probe| probe.noop_at).filter(|_| self.has_get);
        [self.close_by, probe.map(|probe| probe.until), noop].into_iter().flatten().min()
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) -> Option<Due> {
        if self.close_by.is_some_and(|by| by <= now) {
            return Some(Due::End);
        }
        let probe = self.probe.as_mut()?;
        if probe.until <= now {
            self.probe = None;
            return Some(Due::ProbeTimeout);
        }
        if self.has_get && probe.noop_at.is_some_and(|at| at <= now) {
            probe.noop_at = Some(now + NOOP_INTERVAL);
            return Some(Due::Noop);
        }
        None
    }
}

impl Session {
    /// A GET has come; it may be answered as soon as there is something to say.
    ///
    /// # Errors
    /// [`Overlap`]: another GET is pending.
    pub fn get(&mut self) -> Result<(), Overlap> {
        self.begin(|polling| &mut polling.has_get)
    }

    /// Whether a GET is pending.
    pub fn has_get(&self) -> bool {
        matches!(&self.state, State::Polling(polling) if polling.has_get)
    }

    /// The pending GET has been answered. A session that closes has ended with it.
    pub fn get_answered(&mut self) {
        if let State::Polling(polling) = &mut self.state {
            polling.has_get = false;
            if polling.is_closing() {
                self.state = State::Closed(Reason::ForcedClose);
            }
        }
    }

    /// A POST begins.
    ///
    /// # Errors
    /// [`Overlap`]: another POST is under way.
    pub fn post(&mut self) -> Result<(), Overlap> {
        self.begin(|polling| &mut polling.has_post)
    }

    /// The POST has been answered.
    pub fn post_ended(&mut self) {
        if let State::Polling(polling) = &mut self.state {
            polling.has_post = false;
        }
    }

    fn begin(&mut self, flag: impl FnOnce(&mut Polling) -> &mut bool) -> Result<(), Overlap> {
        let State::Polling(polling) = &mut self.state else { return Err(Overlap) };
        let is_under_way = flag(polling);
        if *is_under_way {
            self.fail(Reason::TransportError);
            return Err(Overlap);
        }
        *is_under_way = true;
        Ok(())
    }

    /// A WebSocket has come with the session's id. Tells whether it may try; else close it.
    pub fn probe(&mut self, now: Instant) -> bool {
        let State::Polling(polling) = &mut self.state else { return false };
        if polling.probe.is_some() {
            return false;
        }
        polling.probe = Some(Probe { until: now + self.settings.upgrade_timeout, noop_at: None });
        true
    }

    /// Judges a packet from the WebSocket beside polling.
    pub fn receive_probe(&mut self, packet: &Packet<'_>, now: Instant) -> Probed {
        let State::Polling(polling) = &mut self.state else { return Probed::Refused };
        match (packet, &mut polling.probe) {
            (Packet::Ping(data), Some(probe)) if data == "probe" => {
                probe.noop_at = Some(now);
                Probed::Pong
            }
            // Whether the client has waited for the pong does not matter.
            (Packet::Upgrade, Some(_)) => {
                self.state = State::WebSocket;
                self.heartbeat.restart(&self.settings, now);
                Probed::Upgraded
            }
            _ => {
                polling.probe = None;
                Probed::Refused
            }
        }
    }

    /// The WebSocket beside polling has gone.
    pub fn probe_ended(&mut self) {
        if let State::Polling(polling) = &mut self.state {
            polling.probe = None;
        }
    }
}
