//! How far the server is, for everybody who has to know.

use std::future::poll_fn;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use slab::Slab;
use tokio::time::Instant;

use super::queue::Queue;
use crate::state::Shared;

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

/// How far a server is on its way to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// All is as always.
    Serving,
    /// The server is not ready any more, and still accepts who comes.
    Leaving,
    /// Nobody is accepted any more. Sessions are asked to close, each at its turn; requests go on, since sessions may live
    /// of them.
    Draining,
    /// The sessions that are still open are dropped. Requests under way are finished.
    Dropping,
    /// Nobody is waited for any more.
    Ended,
}

impl Phase {
    const ALL: [Self; 5] = [Self::Serving, Self::Leaving, Self::Draining, Self::Dropping, Self::Ended];

    /// As the HTTP API and the log say it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Serving => "serving",
            Self::Leaving => "leaving",
            Self::Draining => "draining",
            Self::Dropping | Self::Ended => "ended",
        }
    }
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

    fn watchers(&self) -> MutexGuard<'_, Slab<Waker>> {
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One task's view of a [`Drain`]. It costs an atomic load to look at, so every poll may.
pub(crate) struct Watch {
    shared: Shared,
    slot: Option<usize>,
}

impl Watch {
    pub(crate) fn new(shared: Shared) -> Self {
        Self { shared, slot: None }
    }

    /// Ready when the phase is reached; until then the task is woken at every move. Remembers the task of its first poll:
    /// not to be moved to another one.
    pub(crate) fn poll(&mut self, cx: &Context<'_>, phase: Phase) -> Poll<()> {
        let drain = &self.shared.drain;
        if self.slot.is_none() {
            // Before the look, so that a move in between is not missed.
            self.slot = Some(drain.watchers().insert(cx.waker().clone()));
        }
        if drain.has_reached(phase) { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Ends when the phase is reached. Cancel-safe, within one task.
    pub(crate) async fn reached(&mut self, phase: Phase) {
        poll_fn(|cx| self.poll(cx, phase)).await;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(slot) = self.slot {
            self.shared.drain.watchers().try_remove(slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::state::State;

    #[tokio::test]
    async fn a_drain_wakes_those_who_watch_it() {
        let shared = State::new(Config::default(), None);
        let mut watch = Watch::new(shared.clone());
        let watching = tokio::spawn(async move {
            watch.reached(Phase::Draining).await;
            watch.reached(Phase::Dropping).await;
        });
        tokio::task::yield_now().await;
        shared.drain.advance(Phase::Draining);
        tokio::task::yield_now().await;
        assert!(!watching.is_finished());
        shared.drain.advance(Phase::Dropping);
        watching.await.unwrap();
        assert!(shared.drain.watchers().is_empty());
        shared.drain.start();
        assert_eq!(shared.drain.phase(), Phase::Dropping);
    }

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
