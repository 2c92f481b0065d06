//! Forgetting rooms that nobody is in.

use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, TryLockError};
use std::time::{Duration, Instant};

use super::log::Log;
use super::{Entry, MemoryBroker, Shard};
use crate::sync::lock;

/// A room without members that still remembers something.
struct Idle {
    touched: Instant,
    bytes: usize,
}

impl MemoryBroker {
    /// Trims all logs, and removes those without members that have nothing left to say or are too many.
    pub(super) fn sweep(&self, now: Instant) {
        let mut idle = Vec::new();
        self.each_log(|entry, log| {
            log.trim(now);
            if entry.subscribed.load(Ordering::Relaxed) {
                log.touch(now);
                return true;
            }
            let spent = log.is_spent(now);
            if !spent {
                idle.push(Idle { touched: log.touched(), bytes: log.footprint() });
            }
            !spent
        });
        if let Some(oldest_kept) = self.too_many(idle) {
            self.each_log(|entry, log| {
                entry.subscribed.load(Ordering::Relaxed) || log.touched() >= oldest_kept
            });
        }
    }

    /// Since when a room without members must have been used to stay, if there are too many.
    fn too_many(&self, mut idle: Vec<Idle>) -> Option<Instant> {
        let mut bytes: usize = idle.iter().map(|idle| idle.bytes).sum();
        if idle.len() <= self.idle_rooms && bytes <= self.idle_bytes {
            return None;
        }
        idle.sort_unstable_by_key(|idle| idle.touched);
        let mut rooms = idle.len();
        let stays = idle.iter().find(|idle| {
            let fits = rooms <= self.idle_rooms && bytes <= self.idle_bytes;
            rooms -= 1;
            bytes -= idle.bytes;
            fits
        });
        let newest = idle.last().map(|idle| idle.touched);
        // Nothing fits: all that were used until now have to go.
        stays.map(|idle| idle.touched).or(newest.map(|at| at + Duration::from_nanos(1)))
    }

    /// Removes the logs that `keep` refuses. A log that is in use is left for the next time.
    fn each_log(&self, mut keep: impl FnMut(&Entry, &mut Log) -> bool) {
        for shard in &self.shards {
            let mut shard = lock(shard);
            for rooms in shard.values_mut() {
                rooms.retain(|_, entry| match try_lock(entry) {
                    Some(mut log) => {
                        log.gone = !keep(entry, &mut log);
                        !log.gone
                    }
                    None => true,
                });
            }
            shrink(&mut shard);
        }
    }
}

fn try_lock(entry: &Entry) -> Option<MutexGuard<'_, Log>> {
    match entry.log.try_lock() {
        Ok(log) => Some(log),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

fn shrink(shard: &mut Shard) {
    shard.retain(|_, rooms| !rooms.is_empty());
    for rooms in shard.values_mut() {
        if rooms.capacity() > 16 && rooms.capacity() / 4 > rooms.len() {
            let len = rooms.len();
            rooms.shrink_to(len * 2);
        }
    }
}
