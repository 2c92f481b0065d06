//! What a task sees of the way to the end.

use std::future::poll_fn;
use std::num::NonZero;
use std::task::{Context, Poll};

use super::phase::Phase;
use crate::config::Shutdown;
use crate::state::Shared;

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

/// A session's place in the queue. Until the server is drained it costs an atomic load to look at, so every poll may.
pub(crate) struct Turn {
    shared: Shared,
    /// One more than that of the queue, so that it takes no more room for being absent.
    slot: Option<NonZero<usize>>,
}

impl Turn {
    pub(crate) fn new(shared: Shared) -> Self {
        Self { shared, slot: None }
    }

    /// How the server ends.
    pub(crate) fn settings(&self) -> &Shutdown {
        &self.shared.config.shutdown
    }

    /// Ready when the session is to be closed. Remembers the task of its first poll: not to be moved to another one.
    pub(crate) fn poll(&mut self, cx: &Context<'_>) -> Poll<()> {
        let drain = &self.shared.drain;
        let enter = || NonZero::<usize>::MIN.saturating_add(drain.queue.enter(cx.waker().clone()));
        let slot = self.slot.get_or_insert_with(enter).get() - 1;
        let is_called = drain.has_reached(Phase::Draining)
            && (drain.queue.is_called(slot) || drain.has_reached(Phase::Dropping));
        if is_called { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Ready when the session is to be dropped, as it is.
    pub(crate) fn poll_dropping(&mut self) -> Poll<()> {
        if self.shared.drain.has_reached(Phase::Dropping) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(slot) = self.slot {
            self.shared.drain.queue.leave(slot.get() - 1);
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
}
