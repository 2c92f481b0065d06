//! How far a run has come, and the connections that want to know.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use serde::{Deserialize, Serialize};
use slab::Slab;

use crate::bench::measure::Nanos;

/// The stages of a run, in their order. Before the first of them connections are opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Stage {
    /// Messages go back and forth.
    Running = 1,
    /// Nothing new is sent; what is under way may still be answered.
    Finishing = 2,
    /// Connections are closed.
    Closing = 3,
}

/// The stage, moved on by whoever directs the run and looked at by every connection.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    stage: AtomicU8,
    /// When messages began.
    started: AtomicU64,
    /// The tasks to wake when it moves on. Locked when a connection comes and goes.
    watchers: Mutex<Slab<Waker>>,
}

impl Progress {
    /// Goes to a stage, never back, and wakes every connection. `at` is now, the same for all workers.
    pub(crate) fn advance(&self, stage: Stage, at: Nanos) {
        if stage == Stage::Running {
            self.started.store(at, Ordering::Release);
        }
        self.stage.fetch_max(stage as u8, Ordering::AcqRel);
        let watchers: Vec<Waker> = self.watchers().iter().map(|(_, waker)| waker.clone()).collect();
        watchers.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn has_reached(&self, stage: Stage) -> bool {
        self.stage.load(Ordering::Acquire) >= stage as u8
    }

    /// When [`Stage::Running`] began.
    pub(crate) fn started(&self) -> Nanos {
        self.started.load(Ordering::Acquire)
    }

    fn watchers(&self) -> MutexGuard<'_, Slab<Waker>> {
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One task's place among the watchers. It must be given back by [`Watch::leave`].
#[derive(Debug, Default)]
pub(crate) struct Watch(Option<usize>);

impl Watch {
    /// Has the task of this poll woken when the stage moves on; from the first call on, and always the same task.
    pub(crate) fn join(&mut self, progress: &Progress, cx: &Context<'_>) {
        self.0.get_or_insert_with(|| progress.watchers().insert(cx.waker().clone()));
    }

    pub(crate) fn leave(&mut self, progress: &Progress) {
        if let Some(slot) = self.0.take() {
            progress.watchers().try_remove(slot);
        }
    }
}
