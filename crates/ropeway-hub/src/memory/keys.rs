//! Keys of publishes.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use crate::KeySettings;

/// The keys that were used in a room, bounded in count and age.
#[derive(Default)]
pub(super) struct Keys {
    /// Oldest first.
    order: VecDeque<(Instant, Arc<str>)>,
    /// The offset that the publish got, if it was kept.
    offsets: HashMap<Arc<str>, Option<u64>>,
}

impl Keys {
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// The offset of the first publish with this key.
    pub(super) fn find(&self, key: &str) -> Option<Option<u64>> {
        self.offsets.get(key).copied()
    }

    /// Remembers a key that is not there.
    pub(super) fn insert(&mut self, key: &str, offset: Option<u64>, now: Instant) {
        let key: Arc<str> = key.into();
        self.order.push_back((now, Arc::clone(&key)));
        self.offsets.insert(key, offset);
    }

    pub(super) fn trim(&mut self, settings: &KeySettings, now: Instant) {
        let too_old = |(at, _): &(Instant, Arc<str>)| now.saturating_duration_since(*at) >= settings.age;
        while self.order.len() > settings.count || self.order.front().is_some_and(too_old) {
            let Some((_, key)) = self.order.pop_front() else { break };
            self.offsets.remove(&key);
        }
        if self.order.capacity() > 16 && self.order.capacity() / 4 > self.order.len() {
            self.order.shrink_to(self.order.len() * 2);
            self.offsets.shrink_to(self.order.len() * 2);
        }
    }
}
