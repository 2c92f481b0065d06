//! How many there are of each kind.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks that connections coming and going at the same time are spread over.
const SHARDS: usize = 16;

/// Counts up to the same limit under each key. A key with nobody has no entry, and its memory is given back.
#[derive(Debug)]
pub(super) struct Crowd<K> {
    limit: Option<usize>,
    /// Keyed at random: nobody can choose addresses that fall together.
    hasher: RandomState,
    /// Locked for moments, when a connection comes and goes.
    shards: [Mutex<HashMap<K, usize>>; SHARDS],
}

impl<K: Hash + Eq> Crowd<K> {
    /// Without a limit nobody is counted.
    pub(super) fn new(limit: Option<usize>) -> Self {
        Self { limit, hasher: RandomState::new(), shards: Default::default() }
    }

    /// One more under `key`; false when there are as many as there may be.
    pub(super) fn enter(&self, key: K) -> bool {
        let Some(limit) = self.limit else { return true };
        let mut shard = self.shard(&key);
        let count = shard.get(&key).copied().unwrap_or(0);
        if count >= limit {
            return false;
        }
        shard.insert(key, count + 1);
        true
    }

    /// One less under `key`, who has entered.
    pub(super) fn leave<Q>(&self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let mut shard = self.shard(key);
        match shard.get_mut(key) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(shard.remove(key)),
        }
        if shard.capacity() > 64 && shard.len() * 4 < shard.capacity() {
            let len = shard.len();
            shard.shrink_to(len * 2);
        }
    }

    fn shard<Q: Hash + ?Sized>(&self, key: &Q) -> MutexGuard<'_, HashMap<K, usize>> {
        let index = self.hasher.hash_one(key) as usize % SHARDS;
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keys with somebody, and the room that is kept for keys.
    #[cfg(test)]
    pub(super) fn size(&self) -> (usize, usize) {
        let shards = || self.shards.iter().map(|shard| shard.lock().unwrap());
        (shards().map(|shard| shard.len()).sum(), shards().map(|shard| shard.capacity()).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_the_limit_for_itself() {
        let crowd = Crowd::<u32>::new(Some(2));
        assert!(crowd.enter(1) && crowd.enter(1) && !crowd.enter(1) && crowd.enter(2));
        crowd.leave(&1);
        assert!(crowd.enter(1) && !crowd.enter(1));
    }

    #[test]
    fn nothing_is_left_of_a_crowd() {
        let crowd = Crowd::<u32>::new(Some(1));
        assert!((0..10_000).all(|key| crowd.enter(key)));
        (0..10_000).for_each(|key| crowd.leave(&key));
        let (keys, capacity) = crowd.size();
        assert!(keys == 0 && capacity <= SHARDS * 64, "room for {capacity}");
    }

    #[test]
    fn without_a_limit_nobody_is_counted() {
        let crowd = Crowd::<u32>::new(None);
        assert!((0..10).all(|_| crowd.enter(1)));
        assert_eq!(crowd.size().0, 0);
        crowd.leave(&1);
    }
}
