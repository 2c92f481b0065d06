//! What a namespace remembers for sockets whose transport broke.
//!
//! Every event that is sent in the namespace gets a number and is logged under one lock, which is held while it is
//! queued for its sockets: so the order of the log is the order of every outbox, and the number of the last event that
//! a client has seen says all that it missed. A socket notes between which events it was in which room.
//!
//! An event that grew old is not needed: everybody who may still come back was connected, and answered a ping, after
//! it was sent. So a client on a quiet connection may show an offset that is older than the log.

mod log;
mod sessions;
mod track;

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use self::log::Log;
pub(crate) use self::log::{Entry, Note};
pub(crate) use self::sessions::Away;
use self::sessions::Sessions;
pub(crate) use self::track::Track;
use crate::RecoverySettings;
use crate::sync::lock;

/// Of one namespace.
pub(crate) struct Recovery {
    /// The lock of the log, held while an event is queued for its sockets.
    memory: Mutex<Memory>,
}

/// What is behind the lock.
pub(crate) struct Memory {
    settings: RecoverySettings,
    /// Tells the offsets of this log from those of another life of the namespace.
    epoch: Box<str>,
    log: Log,
    sessions: Sessions,
    /// Connected sockets that may come back. Without them and without sessions nothing is logged.
    live: usize,
}

impl Recovery {
    pub(crate) fn new(settings: RecoverySettings) -> Self {
        let epoch = format!("{:08x}", RandomState::new().hash_one("epoch") as u32).into();
        let memory = Memory { settings, epoch, log: Log::default(), sessions: Sessions::default(), live: 0 };
        Self { memory: Mutex::new(memory) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Memory> {
        lock(&self.memory)
    }
}

impl Memory {
    /// Logs an event, unless it is volatile or nobody could come back for it. The number of the newest event after
    /// that, which is this one if it was logged.
    pub(crate) fn note(&mut self, note: &Note<'_>, now: Instant) -> Option<Noted> {
        if self.live == 0 && self.sessions.is_empty() {
            return None;
        }
        if !note.volatile {
            self.log.append(note.to_entry(self.log.newest() + 1, now));
            self.log.bound(&self.settings);
        }
        Some(Noted { seq: self.log.newest(), logged: !note.volatile })
    }

    /// Logs an event a second time, for one socket alone: it waited while others were sent.
    pub(crate) fn repeat(&mut self, seq: u64, session: &str, now: Instant) -> Option<Entry> {
        let again = self.log.find(seq)?.to_one(self.log.newest() + 1, session, now);
        self.log.append(again.clone());
        self.log.bound(&self.settings);
        Some(again)
    }

    /// What is told to clients of this place in the log.
    pub(crate) fn offset(&self, seq: u64) -> String {
        format!("{}-{seq}", self.epoch)
    }

    /// The number of the newest event.
    pub(crate) fn newest(&self) -> u64 {
        self.log.newest()
    }

    /// The number of the oldest event that is still there, or of the next one.
    pub(crate) fn oldest(&self) -> u64 {
        self.log.oldest()
    }

    /// The events above `seq`, unless some of them were dropped that are young enough to be missed.
    pub(crate) fn after(&self, seq: u64, now: Instant) -> Option<impl Iterator<Item = &Entry>> {
        self.log.after(seq, now, self.retention())
    }

    /// A connected socket may come back from now on.
    pub(crate) fn expect(&mut self) {
        self.live += 1;
    }

    /// A connected socket that might come back has ended, and is not put away.
    pub(crate) fn give_up(&mut self) {
        self.live -= 1;
    }

    /// A connected socket is away.
    pub(crate) fn park(&mut self, away: Away) {
        self.live -= 1;
        self.sessions.park(away, &self.settings);
    }

    /// Takes out the session of a socket that comes back and has seen the event `offset`, with the number of the last
    /// event that it does not need. It counts as connected then. A session that it `may` not have stays where it is.
    pub(crate) fn resume(
        &mut self,
        pid: &str,
        offset: Option<&str>,
        now: Instant,
        may: impl FnOnce(&Away) -> bool,
    ) -> Option<(Away, u64)> {
        self.sessions.find(pid).filter(|away| may(away))?;
        let away = self.sessions.take(pid)?;
        let young = now.saturating_duration_since(away.at) <= self.settings.max_disconnection;
        let seen = self.seen(offset)?;
        let from = away.track.resume_at(seen)?;
        let whole = self.after(from, now).is_some();
        (young && whole).then(|| {
            self.live += 1;
            (away, from)
        })
    }

    /// The number that an offset of this log stands for; 0 for one of another life, which was given before anything of
    /// this one was sent.
    fn seen(&self, offset: Option<&str>) -> Option<u64> {
        let Some(offset) = offset else { return Some(0) };
        let (epoch, seq) = offset.rsplit_once('-')?;
        let seq: u64 = seq.parse().ok()?;
        if *epoch != *self.epoch {
            return Some(0);
        }
        (seq <= self.newest()).then_some(seq)
    }

    /// Forgets what is too old, and everything when nobody can come back for it.
    pub(crate) fn tick(&mut self, now: Instant) {
        self.sessions.expire(now, self.settings.max_disconnection);
        let needed = self.live > 0 || !self.sessions.is_empty();
        self.log.forget(now, if needed { self.retention() } else { Duration::ZERO });
    }

    /// Whether somebody is away who may come back.
    pub(crate) fn has_sessions(&self) -> bool {
        !self.sessions.is_empty()
    }

    fn retention(&self) -> Duration {
        self.settings.max_disconnection + self.settings.slack
    }
}

/// Where an event stands in the log.
#[derive(Clone, Copy)]
pub(crate) struct Noted {
    /// Of the newest event.
    pub(crate) seq: u64,
    /// Whether that is the event itself; a volatile one is not there.
    pub(crate) logged: bool,
}
