//! How many connections there are, and how they come to an end.

use std::future::poll_fn;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use slab::Slab;
use tokio::sync::Notify;

use crate::state::Shared;

/// The way of a server to its end. [`Server::run`](crate::Server::run) moves it on, every connection watches it.
#[derive(Debug, Default)]
pub(crate) struct Drain {
    phase: AtomicU8,
    /// The tasks to wake when it moves on. Locked by a connection when it comes and goes, not while it works.
    watchers: Mutex<Slab<Waker>>,
}

/// How far a server is on its way to the end; anything before is serving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Every connection is asked to close.
    Draining = 1,
    /// What is still open is dropped.
    Dropping = 2,
}

impl Drain {
    /// Goes to a phase; never back.
    pub(crate) fn advance(&self, phase: Phase) {
        self.phase.fetch_max(phase as u8, Ordering::AcqRel);
        let watchers: Vec<Waker> = self.watchers().iter().map(|(_, waker)| waker.clone()).collect();
        watchers.into_iter().for_each(Waker::wake);
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

    /// Ready when the phase is reached. Remembers the task of its first poll: not to be moved to another one.
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

/// Counts anything that comes and goes, up to a limit. Who is connected, by address and user, is
/// `limits::Population`, which has one of these for all together.
#[derive(Debug)]
pub(crate) struct Headcount {
    count: AtomicUsize,
    limit: usize,
    emptied: Notify,
}

impl Headcount {
    pub(crate) fn new(limit: usize) -> Self {
        Self { count: AtomicUsize::new(0), limit, emptied: Notify::new() }
    }

    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// Counts one more, until it is dropped; nothing when the limit is reached.
    pub(crate) fn enter(self: &Arc<Self>) -> Option<Counted> {
        let one_more = |count| (count < self.limit).then_some(count + 1);
        self.count.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more).ok()?;
        Some(Counted(self.clone()))
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

/// One of those that a [`Headcount`] counts, until it is dropped.
#[derive(Debug)]
pub(crate) struct Counted(Arc<Headcount>);

impl Drop for Counted {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.emptied.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::state::State;

    #[test]
    fn a_headcount_has_a_limit_and_forgets_who_left() {
        let headcount = Arc::new(Headcount::new(2));
        let first = headcount.enter();
        let second = headcount.enter();
        assert!(first.is_some() && second.is_some() && headcount.enter().is_none());
        drop(first);
        assert!(headcount.enter().is_some());
        assert_eq!(headcount.count(), 1);
    }

    #[tokio::test]
    async fn waiting_ends_with_the_last_one() {
        let headcount = Arc::new(Headcount::new(1));
        let place = headcount.enter();
        let waiting = tokio::spawn({
            let headcount = headcount.clone();
            async move { headcount.empty().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(place);
        waiting.await.unwrap();
    }

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
        shared.drain.advance(Phase::Draining);
        assert!(shared.drain.has_reached(Phase::Dropping));
    }
}
