//! The deadlines of a connection, folded into one.
//!
//! Receiving and sending never look at the clock: they leave a mark, and the marks are read when the one deadline passes.

use std::time::{Duration, Instant};

use crate::close::Deadline;
use crate::config::Config;

/// An idle connection is looked at this many times per `Config::idle_timeout`.
const IDLE_LOOKS: u8 = 4;

#[derive(Debug, Default)]
pub(crate) struct Timers {
    /// There once a deadline has been asked for and there is one.
    deadlines: Option<Box<Deadlines>>,
    /// A byte has arrived since the last ping.
    heard: bool,
    /// A message has come or gone since the last look.
    active: bool,
}

#[derive(Debug, Default)]
struct Deadlines {
    ping_at: Option<Instant>,
    pong_by: Option<Instant>,
    idle_look_at: Option<Instant>,
    close_by: Option<Instant>,
    /// Looks in a row that found no message.
    quiet_looks: u8,
}

/// What a passed deadline asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Nothing,
    Ping,
    End(Deadline),
}

impl Timers {
    #[inline]
    pub(crate) fn mark_heard(&mut self) {
        self.heard = true;
    }

    #[inline]
    pub(crate) fn mark_active(&mut self) {
        self.active = true;
    }

    /// The next deadline of an open connection. A deadline starts when it is first asked for.
    pub(crate) fn next_while_open(&mut self, config: &Config, now: Instant) -> Option<Instant> {
        let (heartbeat, look) = (config.heartbeat, idle_look(config));
        if heartbeat.is_none() && look.is_none() {
            return None;
        }
        let deadlines = self.deadlines.get_or_insert_default();
        if let Some(heartbeat) = heartbeat {
            deadlines.ping_at.get_or_insert(now + heartbeat.interval);
        }
        if let Some(look) = look {
            deadlines.idle_look_at.get_or_insert(now + look);
        }
        [deadlines.ping_at, deadlines.pong_by, deadlines.idle_look_at].into_iter().flatten().min()
    }

    /// The deadline of a connection that closes.
    pub(crate) fn next_while_closing(&mut self, config: &Config, now: Instant) -> Instant {
        *self.deadlines.get_or_insert_default().close_by.get_or_insert(now + config.close_timeout)
    }

    /// The closing handshake has made progress: what comes next has the whole time again.
    pub(crate) fn restart_close(&mut self) {
        self.deadlines = None;
    }

    pub(crate) fn due_while_open(&mut self, config: &Config, now: Instant) -> Due {
        let Some(deadlines) = &mut self.deadlines else { return Due::Nothing };
        if passed(deadlines.pong_by, now) {
            deadlines.pong_by = None;
            if !self.heard {
                return Due::End(Deadline::Heartbeat);
            }
        }
        if passed(deadlines.idle_look_at, now) {
            deadlines.look(config, now, std::mem::take(&mut self.active));
            if deadlines.quiet_looks >= IDLE_LOOKS {
                return Due::End(Deadline::Idle);
            }
        }
        match config.heartbeat {
            Some(heartbeat) if passed(deadlines.ping_at, now) => {
                deadlines.ping_at = Some(now + heartbeat.interval);
                if deadlines.pong_by.is_none() {
                    deadlines.pong_by = Some(now + heartbeat.timeout);
                    self.heard = false;
                }
                Due::Ping
            }
            _ => Due::Nothing,
        }
    }

    pub(crate) fn due_while_closing(&self, now: Instant) -> Due {
        let close_by = self.deadlines.as_ref().and_then(|deadlines| deadlines.close_by);
        if passed(close_by, now) { Due::End(Deadline::Close) } else { Due::Nothing }
    }
}

impl Deadlines {
    /// Looks whether a message has come or gone since the last look.
    fn look(&mut self, config: &Config, now: Instant, active: bool) {
        self.idle_look_at = idle_look(config).map(|look| now + look);
        self.quiet_looks = if active { 0 } else { self.quiet_looks + 1 };
    }
}

fn idle_look(config: &Config) -> Option<Duration> {
    config.idle_timeout.map(|timeout| timeout / u32::from(IDLE_LOOKS))
}

fn passed(deadline: Option<Instant>, now: Instant) -> bool {
    deadline.is_some_and(|deadline| deadline <= now)
}
