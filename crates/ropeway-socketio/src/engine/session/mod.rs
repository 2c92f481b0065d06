//! The server's side of a session, as a machine without I/O: what may follow what, and when.
//!
//! ```text
//!     GET without sid                              WebSocket without sid
//!            │                                               │
//!            ▼         probe              receive_probe      ▼
//!  ┌───── Polling ──────────────► Probing ──── `5` ──────► WebSocket
//!  │         │  ▲                    │                       │
//!  │  close  │  └────────────────────┘                       │
//!  ▼         │     upgradeTimeout, another packet,           │
//! Closing    │     the WebSocket ends                        │
//!  │         │                                               │
//!  └─────────┴──────────────► Closed ◄───────────────────────┘
//!    a GET took the           (ping timeout, `1`, a rule broken,
//!    `1`, or 30 s             an overlap, an aborted request, close)
//! ```
//!
//! `Probing` is polling with a WebSocket beside it; `Closing` is polling that waits for a GET to say `1` in.
//!
//! Source: Engine.IO protocol, sections Heartbeat, Upgrade and HTTP long-polling; where the document is silent, what the
//! reference server does.

mod heartbeat;
mod polling;

use std::sync::Arc;
use std::time::{Duration, Instant};

use self::heartbeat::{Beat, Heartbeat};
use self::polling::Polling;
pub use self::polling::{Overlap, Probed};
use super::{Message, Packet, Transport, Version};

/// Deadlines of the sessions of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// From the handshake or a pong to the next ping.
    pub ping_interval: Duration,
    /// From a ping until the peer is taken for dead.
    pub ping_timeout: Duration,
    /// How long a WebSocket may take to become the transport.
    pub upgrade_timeout: Duration,
    /// How long a session that closes waits for a GET.
    pub close_timeout: Duration,
}

impl Default for Settings {
    /// Those of the reference.
    fn default() -> Self {
        Self {
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            upgrade_timeout: Duration::from_secs(10),
            close_timeout: Duration::from_secs(30),
        }
    }
}

/// One session. Deterministic: it knows the time only from its arguments.
///
/// - What it is: [`is_polling`](Self::is_polling), [`is_open`](Self::is_open), [`end`](Self::end), ...
/// - What comes: [`receive`](Self::receive) for each packet of the transport in use.
/// - The requests of polling: [`get`](Self::get), [`get_answered`](Self::get_answered), [`post`](Self::post),
///   [`post_ended`](Self::post_ended), [`fail`](Self::fail) for one that breaks off.
/// - A WebSocket beside polling: [`probe`](Self::probe), [`receive_probe`](Self::receive_probe),
///   [`probe_ended`](Self::probe_ended).
/// - The end from our side: [`close`](Self::close).
/// - Time: [`poll_timeout`](Self::poll_timeout) and [`handle_timeout`](Self::handle_timeout).
///
/// Look at [`end`](Self::end) after each call: a session that has ended takes nothing more.
#[derive(Debug)]
pub struct Session {
    settings: Arc<Settings>,
    version: Version,
    heartbeat: Heartbeat,
    state: State,
}

#[derive(Debug)]
enum State {
    /// With or without a probe, open or closing. In a box, since sessions on WebSocket are many and small.
    Polling(Box<Polling>),
    WebSocket,
    Closed(Reason),
}

/// Why a session has ended, in the words of the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The client broke a rule of the transport, or a request of it broke off.
    TransportError,
    /// The client ended it.
    TransportClose,
    /// No pong came, or with version 3 no ping.
    PingTimeout,
    /// What came is no packet.
    ParseError,
    /// We ended it.
    ForcedClose,
}

/// What to do with a packet that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received<'a> {
    /// Hand it to the layer above.
    Message(Message<'a>),
    /// Answer with a pong (version 3).
    Ping,
    /// Nothing.
    Nothing,
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Send a ping.
    Ping,
    /// Answer a pending GET with a noop, so that the client can leave polling.
    Noop,
    /// Close the WebSocket beside polling, which goes on.
    ProbeTimeout,
    /// The session has ended: see [`Session::end`].
    End,
}

impl Session {
    /// A session whose handshake is being answered at `now`.
    pub fn new(settings: Arc<Settings>, version: Version, transport: Transport, now: Instant) -> Self {
        let heartbeat = Heartbeat::new(&settings, version, now);
        let state = match transport {
            Transport::Polling => State::Polling(Box::default()),
            Transport::WebSocket | Transport::WebTransport => State::WebSocket,
        };
        Self { settings, version, heartbeat, state }
    }

    /// The version that the client speaks, in all its requests.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Whether polling is the transport in use.
    pub fn is_polling(&self) -> bool {
        matches!(self.state, State::Polling(_))
    }

    /// Whether packets are exchanged: it neither closes nor is closed.
    pub fn is_open(&self) -> bool {
        match &self.state {
            State::Polling(polling) => !polling.is_closing(),
            State::WebSocket => true,
            State::Closed(_) => false,
        }
    }

    /// Why it has ended, once it has.
    pub fn end(&self) -> Option<Reason> {
        match self.state {
            State::Closed(reason) => Some(reason),
            _ => None,
        }
    }

    /// What a GET gets that is pending when the session has ended: a noop when the client ended it, else a close.
    pub fn farewell(&self) -> Packet<'static> {
        match self.end() {
            Some(Reason::TransportClose) => Packet::Noop,
            _ => Packet::Close,
        }
    }

    /// The peer could not be heard up to now, because nothing was read from it: what is awaited has its whole time again.
    pub fn excuse_silence(&mut self, now: Instant) {
        self.heartbeat.restart(&self.settings, now);
    }

    /// Judges a packet that came on the transport in use. `clock` is asked only when a deadline moves.
    ///
    /// While the session closes packets are ignored.
    pub fn receive<'a>(&mut self, packet: Packet<'a>, clock: impl FnOnce() -> Instant) -> Received<'a> {
        if !self.is_open() {
            return Received::Nothing;
        }
        self.heartbeat.heard(&packet, &self.settings, clock);
        match (packet, self.version) {
            (Packet::Message(message), _) => return Received::Message(message),
            (Packet::Close, _) => self.fail(Reason::TransportClose),
            (Packet::Ping(_), Version::V3) => return Received::Ping,
            // The heartbeat has but one direction.
            (Packet::Ping(_), Version::V4) | (Packet::Pong(_), Version::V3) => {
                self.fail(Reason::TransportError);
            }
            _ => {}
        }
        Received::Nothing
    }

    /// Ends the session because of what the transport did: an aborted request, a stream that broke, no packet.
    pub fn fail(&mut self, reason: Reason) {
        if self.end().is_none() {
            self.state = State::Closed(reason);
        }
    }

    /// Ends the session from our side. Polling first waits for a GET to say so in: answer the next one with a close
    /// packet, then call [`get_answered`](Self::get_answered).
    pub fn close(&mut self, now: Instant) {
        match &mut self.state {
            State::Polling(polling) => {
                // For longer than this nobody who lives would be silent.
                let patience = self.settings.ping_interval + self.settings.ping_timeout;
                polling.close(now + patience.min(self.settings.close_timeout));
            }
            State::WebSocket => self.state = State::Closed(Reason::ForcedClose),
            State::Closed(_) => {}
        }
    }

    /// The next moment at which something is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Polling(polling) => {
                let heartbeat = (!polling.is_closing()).then(|| self.heartbeat.due());
                [heartbeat, polling.due()].into_iter().flatten().min()
            }
            State::WebSocket => Some(self.heartbeat.due()),
            State::Closed(_) => None,
        }
    }

    /// Gives what is due at `now`, one thing at a time: call it until there is nothing.
    pub fn handle_timeout(&mut self, now: Instant) -> Option<Due> {
        if let State::Polling(polling) = &mut self.state {
            let due = polling.handle_timeout(now);
            if due == Some(Due::End) {
                self.state = State::Closed(Reason::ForcedClose);
            }
            if due.is_some() {
                return due;
            }
        }
        if !self.is_open() {
            return None;
        }
        match self.heartbeat.handle_timeout(&self.settings, now)? {
            Beat::Ping => Some(Due::Ping),
            Beat::Dead => {
                self.fail(Reason::PingTimeout);
                Some(Due::End)
            }
        }
    }
}
