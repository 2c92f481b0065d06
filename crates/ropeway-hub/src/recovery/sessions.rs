//! Sockets that are away.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::track::Track;
use crate::{Grants, Member, RecoverySettings};

/// Bounded in number, bytes and time.
#[derive(Default)]
pub(super) struct Sessions {
    by_pid: HashMap<Arc<str>, u64>,
    /// In the order in which they went.
    away: BTreeMap<u64, Away>,
    next: u64,
    bytes: usize,
}

/// What is remembered of a socket.
pub(crate) struct Away {
    /// Since when.
    pub(crate) at: Instant,
    pub(crate) me: Arc<Member>,
    pub(crate) data: Option<Arc<str>>,
    /// What its credentials allowed.
    pub(crate) grants: Option<Arc<dyn Grants>>,
    /// The rooms, and itself as it is in each.
    pub(crate) seats: Vec<(Arc<str>, Arc<Member>)>,
    pub(crate) track: Box<Track>,
}

impl Sessions {
    pub(super) fn is_empty(&self) -> bool {
        self.away.is_empty()
    }

    /// Adds a session; those that went first make place for it.
    pub(super) fn park(&mut self, away: Away, settings: &RecoverySettings) {
        drop(self.take(&away.track.pid));
        self.bytes += away.size();
        self.by_pid.insert(Arc::clone(&away.track.pid), self.next);
        self.away.insert(self.next, away);
        self.next += 1;
        while self.away.len() > settings.sessions || self.bytes > settings.session_bytes {
            self.forget_first();
        }
    }

    pub(super) fn find(&self, pid: &str) -> Option<&Away> {
        self.away.get(self.by_pid.get(pid)?)
    }

    pub(super) fn take(&mut self, pid: &str) -> Option<Away> {
        let number = self.by_pid.remove(pid)?;
        let away = self.away.remove(&number)?;
        self.bytes -= away.size();
        Some(away)
    }

    /// Forgets who is away for too long.
    pub(super) fn expire(&mut self, now: Instant, max: Duration) {
        let late = |away: &Away| now.saturating_duration_since(away.at) > max;
        while self.away.first_key_value().is_some_and(|(_, away)| late(away)) {
            self.forget_first();
        }
        if self.by_pid.capacity() > 16 && self.by_pid.capacity() / 4 > self.by_pid.len() {
            self.by_pid.shrink_to(self.by_pid.len() * 2);
        }
    }

    fn forget_first(&mut self) {
        if let Some((_, away)) = self.away.pop_first() {
            self.by_pid.remove(&away.track.pid);
            self.bytes -= away.size();
        }
    }
}

impl Away {
    /// About what it takes of memory, in bytes.
    fn size(&self) -> usize {
        const OVERHEAD: usize = 256;
        OVERHEAD + self.data.as_ref().map_or(0, |data| data.len()) + self.seats.len() * 64 + self.track.size()
    }
}
