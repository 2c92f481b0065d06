//! How far the server is, for everybody who has to know.

use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Waker;
use std::time::Duration;

use slab::Slab;
use tokio::time::Instant;

use super::phase::Phase;
use super::queue::Queue;

/// The way of a server to its end. [`run`](super::run) moves it on, every connection watches it.
#[derive(Debug, Default)]
pub(crate) struct Drain {
    phase: AtomicU8,
    begun: OnceLock<Instant>,
    /// The tasks to wake when it moves on. Locked by a connection when it comes and goes, not while it works.
    watchers: Mutex<Slab<Waker>>,
    /// The sessions, which are closed one by one.
    pub(super) queue: Queue,
    /// Sessions that were still open when they were dropped.
    pub(super) dropped: AtomicUsize,
}

impl Drain {
    /// Begins the end, if it has not begun: whoever [`run`](super::run)s the server sees to the rest.
    pub(crate) fn start(&self) {
        self.begun.get_or_init(Instant::now);
        self.advance(Phase::Leaving);
    }

    /// When the end began.
    pub(super) fn begun(&self) -> Option<Instant> {
        self.begun.get().copied()
    }

    /// When what is still open is dropped, once the end has begun, with this `shutdown.timeout`.
    pub(super) fn deadline(&self, timeout: Duration) -> Option<Instant> {
        Some(self.begun()? + timeout)
    }

    /// Goes to a phase; never back.
    pub(crate) fn advance(&self, phase: Phase) {
        self.phase.fetch_max(phase as u8, Ordering::AcqRel);
        let watchers: Vec<Waker> = self.watchers().iter().map(|(_, waker)| waker.clone()).collect();
        watchers.into_iter().for_each(Waker::wake);
        if phase >= Phase::Dropping {
            self.queue.wake_all();
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        let number = usize::from(self.phase.load(Ordering::Acquire));
        Phase::ALL.get(number).copied().unwrap_or(Phase::Ended)
    }

    pub(crate) fn has_reached(&self, phase: Phase) -> bool {
        self.phase.load(Ordering::Acquire) >= phase as u8
    }

    pub(super) fn watchers(&self) -> MutexGuard<'_, Slab<Waker>> {
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_second_start_joins_the_first() {
        let drain = Drain::default();
        assert_eq!((drain.phase(), drain.begun()), (Phase::Serving, None));
        drain.start();
        let begun = drain.begun();
        drain.start();
        assert_eq!((drain.phase(), drain.begun()), (Phase::Leaving, begun));
    }
}
