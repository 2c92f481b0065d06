//! The events of a namespace in the order in which they were sent.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::{Event, Member, OwnedPayload, Payload, RecoverySettings};

/// Numbers are contiguous: the newest event has `newest`, the oldest kept one `newest - events.len() + 1`.
#[derive(Default)]
pub(super) struct Log {
    newest: u64,
    events: VecDeque<Entry>,
    /// Of all events, overhead included.
    bytes: usize,
    /// The last event that was dropped for want of space, and when it was sent: as long as it is young, who has not
    /// seen it cannot recover.
    cut: Option<(u64, Instant)>,
}

/// An event to log, with its target.
#[derive(Default)]
pub(crate) struct Note<'a> {
    pub(crate) rooms: &'a [&'a str],
    pub(crate) except: &'a [&'a str],
    /// [`Event::room`].
    pub(crate) room: Option<&'a str>,
    pub(crate) event: &'a str,
    pub(crate) data: Payload<'a>,
    pub(crate) from: Option<&'a Arc<Member>>,
    pub(crate) offset: Option<u64>,
    pub(crate) published: bool,
    pub(crate) volatile: bool,
}

/// A logged event.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) seq: u64,
    at: Instant,
    /// Whom it was for: rooms and sessions, as in [`Target`](crate::Target).
    pub(super) rooms: Box<[Box<str>]>,
    pub(super) except: Box<[Box<str>]>,
    /// It was published: a session of the room's name is not meant.
    pub(super) members_only: bool,
    kept: Arc<Kept>,
}

struct Kept {
    room: Option<Box<str>>,
    event: Box<str>,
    data: OwnedPayload,
    from: Option<Arc<Member>>,
    offset: Option<u64>,
    published: bool,
}

impl Log {
    pub(super) fn newest(&self) -> u64 {
        self.newest
    }

    pub(super) fn oldest(&self) -> u64 {
        self.newest + 1 - self.events.len() as u64
    }

    pub(super) fn append(&mut self, entry: Entry) {
        self.newest = entry.seq;
        self.bytes += entry.size();
        self.events.push_back(entry);
    }

    /// Drops the oldest events until the rest fits.
    pub(super) fn bound(&mut self, settings: &RecoverySettings) {
        while self.events.len() > settings.events || self.bytes > settings.bytes {
            let Some(dropped) = self.pop() else { break };
            self.cut = Some((dropped.seq, dropped.at));
        }
    }

    /// Drops what is older than `retention`.
    pub(super) fn forget(&mut self, now: Instant, retention: Duration) {
        let old = |at: Instant| now.saturating_duration_since(at) >= retention;
        while self.events.front().is_some_and(|entry| old(entry.at)) {
            self.pop();
        }
        self.cut = self.cut.filter(|(_, at)| !old(*at));
        if self.events.capacity() > 16 && self.events.capacity() / 4 > self.events.len() {
            self.events.shrink_to(self.events.len() * 2);
        }
    }

    pub(super) fn find(&self, seq: u64) -> Option<&Entry> {
        let at = seq.checked_sub(self.oldest())?;
        self.events.get(usize::try_from(at).ok()?)
    }

    pub(super) fn after(
        &self,
        seq: u64,
        now: Instant,
        retention: Duration,
    ) -> Option<impl Iterator<Item = &Entry>> {
        let young = |at: Instant| now.saturating_duration_since(at) < retention;
        if self.cut.is_some_and(|(cut, at)| seq < cut && young(at)) {
            return None;
        }
        let seen = (seq + 1).saturating_sub(self.oldest());
        Some(self.events.iter().skip(usize::try_from(seen).unwrap_or(usize::MAX)))
    }

    fn pop(&mut self) -> Option<Entry> {
        let entry = self.events.pop_front()?;
        self.bytes -= entry.size();
        Some(entry)
    }
}

impl Note<'_> {
    pub(super) fn to_entry(&self, seq: u64, at: Instant) -> Entry {
        let names = |names: &[&str]| names.iter().map(|name| Box::from(*name)).collect();
        let kept = Kept {
            room: self.room.map(Into::into),
            event: self.event.into(),
            data: self.data.to_owned(),
            from: self.from.cloned(),
            offset: self.offset,
            published: self.published,
        };
        Entry {
            seq,
            at,
            rooms: names(self.rooms),
            except: names(self.except),
            members_only: self.published,
            kept: Arc::new(kept),
        }
    }
}

impl Entry {
    /// The same event for one socket alone.
    pub(super) fn to_one(&self, seq: u64, session: &str, at: Instant) -> Self {
        Self {
            seq,
            at,
            rooms: [session.into()].into(),
            except: Box::default(),
            members_only: false,
            kept: Arc::clone(&self.kept),
        }
    }

    /// As it is sent to a socket, with its place in the log.
    pub(crate) fn as_event<'a>(&'a self, session: &str, offset: &'a str) -> Event<'a> {
        // It looked like the name of a room while the socket was away.
        let itself = |room: &&str| **room == *session && !self.kept.published;
        Event {
            room: self.kept.room.as_deref().filter(|room| !itself(room)),
            event: &self.kept.event,
            data: self.kept.data.as_payload(),
            from: self.kept.from.as_deref(),
            offset: self.kept.offset,
            ack: None,
            published: self.kept.published,
            recovery: Some(offset),
        }
    }

    /// About what it takes of memory, in bytes.
    fn size(&self) -> usize {
        const OVERHEAD: usize = 256;
        let names = self.rooms.iter().chain(&self.except).map(|name| name.len() + 16).sum::<usize>();
        OVERHEAD + names + self.kept.event.len() + self.kept.data.as_payload().size()
    }
}
