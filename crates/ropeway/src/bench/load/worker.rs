//! One thread of a run: its connections, its clock, its tally.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ropeway_ws::client::Connect;
use tokio::runtime::Builder;

use super::open;
use super::pacer::Pacer;
use super::payload::Payload;
use super::stage::{Progress, Stage};
use crate::bench::measure::{Tally, thread_cpu};

/// What every worker is to do.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) connect: Connect,
    /// Of all workers.
    pub(crate) connections: usize,
    /// Connections a second, of all workers; as fast as they come where nothing is said.
    pub(crate) connect_rate: Option<f64>,
    pub(crate) payload: Payload,
    pub(crate) binary: bool,
    pub(crate) pace: Pace,
}

/// When messages are sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pace {
    /// The closed model: so many under way on each connection, the next one when an answer comes. A server that stalls is
    /// sent less, and hides it.
    Closed {
        /// Messages under way.
        depth: usize,
    },
    /// The open model: so many a second over all connections, whatever the server does.
    Open {
        /// Messages a second.
        rate: f64,
    },
    /// Connections are held and nothing is sent.
    Idle,
}

/// The part of the connections that a worker has: every `of`th, beginning with `first`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    pub(crate) first: usize,
    pub(crate) of: usize,
}

/// What the connections of one worker share with each other and with whoever directs the run.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) load: Arc<Load>,
    pub(crate) share: Share,
    pub(crate) progress: Progress,
    pub(crate) pacer: Pacer,
    /// Locked by a connection while it handles what one wake brought, and for a moment by the director.
    tally: Mutex<Tally>,
    open: AtomicUsize,
    /// Connections that are open or could not be opened.
    settled: AtomicUsize,
}

impl Worker {
    pub(crate) fn new(load: Arc<Load>, share: Share) -> Self {
        Self {
            load,
            share,
            progress: Progress::default(),
            pacer: Pacer::default(),
            tally: Mutex::default(),
            open: AtomicUsize::new(0),
            settled: AtomicUsize::new(0),
        }
    }

    /// Opens the connections of this share and serves them until they are closed. Blocks the thread.
    ///
    /// # Errors
    /// The system refuses a runtime or a timer.
    pub(crate) fn run(self: &Arc<Self>) -> io::Result<()> {
        Builder::new_current_thread().enable_all().build()?.block_on(async {
            tokio::select! {
                ended = self.pacer.run() => ended,
                () = self.watch_cpu() => Ok(()),
                () = open::all(Arc::clone(self)) => Ok(()),
            }
        })
    }

    /// The numbers of the connections of this share.
    pub(crate) fn indices(&self) -> impl Iterator<Item = usize> + use<> {
        (self.share.first..self.load.connections).step_by(self.share.of)
    }

    pub(crate) fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connections that are open now.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Whether every connection of the share was opened or given up once.
    pub(crate) fn is_settled(&self) -> bool {
        self.settled.load(Ordering::Relaxed) >= self.indices().count()
    }

    pub(crate) fn opened(&self) {
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn closed(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn settle(&self) {
        self.settled.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.progress.has_reached(Stage::Finishing)
    }

    /// Notes the processor time of this thread; never ends.
    async fn watch_cpu(&self) {
        let mut before = thread_cpu();
        loop {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let now = thread_cpu();
            self.tally().cpu += now - before;
            before = now;
        }
    }
}
