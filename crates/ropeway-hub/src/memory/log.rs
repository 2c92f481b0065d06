//! What one room remembers.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::keys::Keys;
use crate::{
    CatchUp, HistoryPage, HistoryQuery, HistorySettings, PastEvent, Position, Publication, Published,
    RoomSettings, Since,
};

/// The history of a room and the keys of its publishes. Offsets are contiguous: the newest event has `offset`, the
/// oldest kept one `offset - events.len() + 1`.
pub(super) struct Log {
    epoch: Arc<str>,
    offset: u64,
    events: VecDeque<Kept>,
    /// Of all events.
    bytes: usize,
    keys: Keys,
    /// As they were at the last use.
    settings: Arc<RoomSettings>,
    /// When somebody published, or was last seen subscribed.
    touched: Instant,
    /// Taken out of the map: ask the map for a new one.
    pub(super) gone: bool,
}

struct Kept {
    at: Instant,
    event: Arc<PastEvent>,
}

impl Log {
    pub(super) fn new(settings: Arc<RoomSettings>, now: Instant) -> Self {
        Self {
            epoch: new_epoch(),
            offset: 0,
            events: VecDeque::new(),
            bytes: 0,
            keys: Keys::default(),
            settings,
            touched: now,
            gone: false,
        }
    }

    /// Takes over the rules and forgets what is too old or too much by them.
    pub(super) fn refresh(&mut self, settings: &Arc<RoomSettings>, now: Instant) {
        if !Arc::ptr_eq(&self.settings, settings) {
            self.settings = Arc::clone(settings);
        }
        self.trim(now);
    }

    pub(super) fn trim(&mut self, now: Instant) {
        self.keys.trim(&self.settings.keys, now);
        let Some(history) = &self.settings.history else { return };
        let too_old = |kept: &Kept| now.saturating_duration_since(kept.at) >= history.age;
        while self.events.len() > history.events
            || self.bytes > history.bytes
            || self.events.front().is_some_and(too_old)
        {
            let Some(kept) = self.events.pop_front() else { break };
            self.bytes -= size(&kept.event);
        }
        if self.events.capacity() > 16 && self.events.capacity() / 4 > self.events.len() {
            self.events.shrink_to(self.events.len() * 2);
        }
    }

    /// What this key was answered with before.
    pub(super) fn repeated(&self, key: Option<&str>) -> Option<Published> {
        let offset = self.keys.find(key?)?;
        Some(Published { position: offset.map(|offset| self.position_at(offset)), duplicate: true })
    }

    /// Takes in a publication: the event into the history unless it is volatile, and its key.
    pub(super) fn append(&mut self, publication: &Publication<'_>, now: Instant) -> Published {
        self.touched = now;
        let kept = self.settings.history.is_some() && !publication.volatile;
        let offset = kept.then(|| self.keep(publication, now));
        if let Some(key) = publication.key {
            self.keys.insert(key, offset, now);
        }
        self.trim(now);
        Published { position: offset.map(|offset| self.position_at(offset)), duplicate: false }
    }

    fn keep(&mut self, publication: &Publication<'_>, now: Instant) -> u64 {
        self.offset += 1;
        let event = PastEvent {
            offset: self.offset,
            event: publication.event.into(),
            data: publication.data.to_owned(),
            from: publication.from.cloned(),
        };
        self.bytes += size(&event);
        self.events.push_back(Kept { at: now, event: Arc::new(event) });
        self.offset
    }

    pub(super) fn catch_up(&self, since: Option<Since<'_>>) -> CatchUp {
        let missed = since.and_then(|since| self.after(since)).map(|skip| self.take(skip, usize::MAX));
        CatchUp { position: Some(self.position_at(self.offset)), missed }
    }

    pub(super) fn page(&self, query: HistoryQuery<'_>) -> HistoryPage {
        let len = self.events.len();
        let (skip, whole) = match query.since.map(|since| self.after(since)) {
            None => (len.saturating_sub(query.limit), true),
            Some(Some(skip)) => (skip, true),
            Some(None) => (0, false),
        };
        let events = self.take(skip, query.limit);
        let cut = if query.since.is_some() { skip + events.len() < len } else { skip > 0 };
        HistoryPage { position: self.position_at(self.offset), events, complete: whole && !cut }
    }

    /// How many of the kept events are not after `since`; nothing when some of those after it are gone.
    fn after(&self, since: Since<'_>) -> Option<usize> {
        let before_oldest = self.offset - self.events.len() as u64;
        let known = *self.epoch == *since.epoch && (before_oldest..=self.offset).contains(&since.offset);
        known.then(|| (since.offset - before_oldest) as usize)
    }

    fn take(&self, skip: usize, limit: usize) -> Vec<Arc<PastEvent>> {
        self.events.iter().skip(skip).take(limit).map(|kept| Arc::clone(&kept.event)).collect()
    }

    fn position_at(&self, offset: u64) -> Position {
        Position { epoch: Arc::clone(&self.epoch), offset }
    }

    /// Somebody is subscribed now.
    pub(super) fn touch(&mut self, now: Instant) {
        self.touched = now;
    }

    pub(super) fn touched(&self) -> Instant {
        self.touched
    }

    /// About what it takes of memory, in bytes.
    pub(super) fn footprint(&self) -> usize {
        const OVERHEAD: usize = 256;
        self.bytes + (self.events.len() + self.keys.len()) * OVERHEAD
    }

    /// Whether a room without members may be forgotten: nothing in it, and for so long that nobody who comes back
    /// could have missed something.
    pub(super) fn is_spent(&self, now: Instant) -> bool {
        let age =
            self.settings.history.as_ref().map_or(Duration::ZERO, |history: &HistorySettings| history.age);
        let idle = now.saturating_duration_since(self.touched) >= age;
        idle && self.events.is_empty() && self.keys.len() == 0
    }
}

fn size(event: &PastEvent) -> usize {
    event.event.len() + event.data.as_payload().size()
}

/// 64 bits that were not used before: the keys of a new hasher state are random.
fn new_epoch() -> Arc<str> {
    format!("{:016x}", RandomState::new().hash_one("epoch")).into()
}
