//! Pings and their deadlines (Engine.IO protocol, Heartbeat).

use std::time::{Duration, Instant};

use super::Settings;
use crate::engine::{Packet, Version};

/// One deadline at a time, and what it is for.
#[derive(Debug)]
pub(super) struct Heartbeat {
    due: Instant,
    phase: Phase,
}

/// What the deadline is for.
#[derive(Debug, PartialEq, Eq)]
enum Phase {
    /// Version 4, no ping is out: the next one is sent.
    Quiet,
    /// Version 4: the pong must have come.
    Waiting {
        /// Another packet has moved the deadline; it does so once.
        is_refreshed: bool,
    },
    /// Version 3: the client must have pinged.
    Listening,
}

/// What the heartbeat asks for.
pub(super) enum Beat {
    Ping,
    /// The peer is taken for dead.
    Dead,
}

impl Heartbeat {
    /// The first ping comes a whole interval after the handshake.
    pub(super) fn new(settings: &Settings, version: Version, now: Instant) -> Self {
        match version {
            Version::V4 => Self { due: now + settings.ping_interval, phase: Phase::Quiet },
            Version::V3 => Self { due: now + patience(settings), phase: Phase::Listening },
        }
    }

    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// A packet has come.
    pub(super) fn heard(
        &mut self,
        packet: &Packet<'_>,
        settings: &Settings,
        clock: impl FnOnce() -> Instant,
    ) {
        match (&self.phase, packet) {
            (Phase::Quiet | Phase::Waiting { .. }, Packet::Pong(_)) => {
                *self = Self { due: clock() + settings.ping_interval, phase: Phase::Quiet };
            }
            (Phase::Waiting { is_refreshed: false }, _) => {
                let phase = Phase::Waiting { is_refreshed: true };
                *self = Self { due: clock() + settings.ping_timeout, phase };
            }
            (Phase::Listening, Packet::Ping(_)) => self.due = clock() + patience(settings),
            _ => {}
        }
    }

    /// The transport has changed: what is awaited may still be on its way on the old one.
    pub(super) fn restart(&mut self, settings: &Settings, now: Instant) {
        match self.phase {
            Phase::Quiet => {}
            Phase::Waiting { .. } => self.due = now + settings.ping_timeout,
            Phase::Listening => self.due = now + patience(settings),
        }
    }

    pub(super) fn handle_timeout(&mut self, settings: &Settings, now: Instant) -> Option<Beat> {
        if now < self.due {
            return None;
        }
        match self.phase {
            Phase::Quiet => {
                let phase = Phase::Waiting { is_refreshed: false };
                *self = Self { due: now + settings.ping_timeout, phase };
                Some(Beat::Ping)
            }
            Phase::Waiting { .. } | Phase::Listening => Some(Beat::Dead),
        }
    }
}

/// How long a client of version 3 may be silent.
fn patience(settings: &Settings) -> Duration {
    settings.ping_interval + settings.ping_timeout
}
