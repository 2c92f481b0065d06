//! How many connections there are, and how they come to an end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use tokio::sync::Notify;

/// The way of a server to its end: serving, then draining (every connection is asked to close), then dropping.
/// [`Server::run`](crate::Server::run) moves it on, every connection watches it.
#[derive(Debug, Default)]
pub(crate) struct Drain {
    phase: AtomicU8,
    moved: Notify,
}

const DRAINING: u8 = 1;
const DROPPING: u8 = 2;

impl Drain {
    pub(crate) fn begin(&self) {
        self.advance(DRAINING);
    }

    pub(crate) fn drop_all(&self) {
        self.advance(DROPPING);
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.phase.load(Ordering::Acquire) >= DRAINING
    }

    /// Ends when connections shall close. Cancel-safe.
    pub(crate) async fn begun(&self) {
        self.reached(DRAINING).await;
    }

    /// Ends when connections shall be dropped. Cancel-safe.
    pub(crate) async fn dropping(&self) {
        self.reached(DROPPING).await;
    }

    fn advance(&self, phase: u8) {
        self.phase.fetch_max(phase, Ordering::AcqRel);
        self.moved.notify_waiters();
    }

    async fn reached(&self, phase: u8) {
        loop {
            // Created before the look, so that a move in between is not missed.
            let moved = self.moved.notified();
            if self.phase.load(Ordering::Acquire) >= phase {
                return;
            }
            moved.await;
        }
    }
}

/// Counts upgraded connections up to a limit.
#[derive(Debug)]
pub(crate) struct Population {
    count: AtomicUsize,
    limit: usize,
    emptied: Notify,
}

impl Population {
    pub(crate) fn new(limit: usize) -> Self {
        Self { count: AtomicUsize::new(0), limit, emptied: Notify::new() }
    }

    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// A place for one more, until it is dropped; nothing when the limit is reached.
    pub(crate) fn enter(self: &Arc<Self>) -> Option<Place> {
        let one_more = |count| (count < self.limit).then_some(count + 1);
        self.count.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more).ok()?;
        Some(Place(self.clone()))
    }

    /// Ends when the last one has gone. Cancel-safe.
    pub(crate) async fn empty(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.count() == 0 {
                return;
            }
            emptied.await;
        }
    }
}

/// One connection's place in a [`Population`].
#[derive(Debug)]
pub(crate) struct Place(Arc<Population>);

impl Drop for Place {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.emptied.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_population_has_a_limit_and_forgets_who_left() {
        let population = Arc::new(Population::new(2));
        let first = population.enter();
        let second = population.enter();
        assert!(first.is_some() && second.is_some() && population.enter().is_none());
        drop(first);
        assert!(population.enter().is_some());
        assert_eq!(population.count(), 1);
    }

    #[tokio::test]
    async fn waiting_ends_with_the_last_one() {
        let population = Arc::new(Population::new(1));
        let place = population.enter();
        let waiting = tokio::spawn({
            let population = population.clone();
            async move { population.empty().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(place);
        waiting.await.unwrap();
    }

    #[tokio::test]
    async fn a_drain_that_has_begun_keeps_nobody_waiting() {
        let drain = Drain::default();
        assert!(!drain.has_begun());
        drain.begin();
        drain.begun().await;
        drain.drop_all();
        drain.begin();
        drain.dropping().await;
    }
}
