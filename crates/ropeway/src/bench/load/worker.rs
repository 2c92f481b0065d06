//! One thread of a run: its connections, its clock, its tally.

use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use ropeway_ws::WebSocket;
use ropeway_ws::client::Connect;
use tokio::runtime::Builder;

use super::dialect::Dialect;
use super::exchange::Exchange;
use super::open;
use super::pacer::Pacer;
use super::payload::Payload;
use super::stage::{Progress, Stage};
use crate::bench::measure::{Tally, thread_cpu};
use crate::bench::scenario::ScenarioFile;
use crate::failure::Failure;

/// What every worker is to do.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) connect: Connect,
    /// Addresses of ours that connections come from in turn; whichever the system takes where there are none.
    pub(crate) sources: Vec<IpAddr>,
    /// Of all workers, in all processes.
    pub(crate) connections: usize,
    /// Connections a second, of all workers; as fast as they come where nothing is said.
    pub(crate) connect_rate: Option<f64>,
    pub(crate) job: Job,
    /// How a message that comes back is asked for.
    pub(crate) exchange: Exchange,
    /// Of the fan-out.
    pub(crate) fanout: Option<Arc<Fanout>>,
    /// What users do, where a file says so.
    pub(crate) scenario: Option<Arc<ScenarioFile>>,
    pub(crate) payload: Payload,
    pub(crate) binary: bool,
    pub(crate) pace: Pace,
}

impl Load {
    /// How a connection of this number is opened.
    pub(super) fn connect(&self, index: usize) -> Connect {
        let connect = self.connect.clone();
        match self.sources.get(index % self.sources.len().max(1)) {
            Some(source) => connect.local_address(*source),
            None => connect,
        }
    }
}

/// What connections are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    /// Messages come back.
    Echo,
    /// Some publish, all hear.
    Fanout,
    /// They are opened and closed, again and again.
    Connect,
    /// They are held.
    Idle,
    /// They are held, then they all break off and come back at once.
    Storm,
    /// What the steps of a file say.
    Scenario,
}

/// A room and those who publish to it.
#[derive(Debug)]
pub(crate) struct Fanout {
    pub(crate) dialect: Dialect,
    /// Connections 0 to this one.
    pub(crate) publishers: u16,
    /// Messages a second of all publishers.
    pub(crate) rate: f64,
    /// Bytes of the data of a message.
    pub(crate) size: usize,
    /// Members that do not read.
    pub(crate) slow: usize,
    /// Messages of each publisher so far; of those in other processes what was last heard.
    published: Vec<AtomicU64>,
}

impl Fanout {
    pub(crate) fn new(dialect: Dialect, publishers: u16, rate: f64, size: usize, slow: usize) -> Self {
        let published = (0..publishers).map(|_| AtomicU64::new(0)).collect();
        Self { dialect, publishers, rate, size, slow, published }
    }

    /// The number of the next message of a publisher.
    pub(super) fn count_up(&self, publisher: u16) -> u64 {
        self.published[usize::from(publisher)].fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn published(&self, publisher: u16) -> u64 {
        self.published[usize::from(publisher)].load(Ordering::Relaxed)
    }

    /// Messages of each publisher so far.
    pub(crate) fn all_published(&self) -> Vec<u64> {
        self.published.iter().map(|published| published.load(Ordering::Relaxed)).collect()
    }

    /// Takes over what other processes have published.
    pub(crate) fn hear_of(&self, published: &[u64]) {
        for (mine, theirs) in self.published.iter().zip(published) {
            mine.fetch_max(*theirs, Ordering::Relaxed);
        }
    }
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
    /// Users that a scenario wants to be there.
    wanted: AtomicUsize,
    /// Why a connection could not be opened, the first time.
    failure: OnceLock<Failure>,
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
            wanted: AtomicUsize::new(0),
            failure: OnceLock::new(),
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
        self.load.job == Job::Scenario || self.settled.load(Ordering::Relaxed) >= self.indices().count()
    }

    /// Why the first of those that failed could not be opened.
    pub(crate) fn failure(&self) -> Option<&Failure> {
        self.failure.get()
    }

    pub(super) fn failed(&self, why: impl FnOnce() -> Failure) {
        self.failure.get_or_init(why);
    }

    pub(super) fn wanted(&self) -> usize {
        self.wanted.load(Ordering::Relaxed)
    }

    pub(super) fn set_wanted(&self, users: usize) {
        self.wanted.store(users, Ordering::Relaxed);
    }

    pub(super) fn opened(&self) {
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts how a connection ended: as an error, too, unless the run is what ended it.
    pub(super) fn count_end(&self, socket: &WebSocket) {
        let code = socket.outcome().map_or(1006, |outcome| outcome.code);
        let mut tally = self.tally();
        *tally.closes.entry(code).or_default() += 1;
        if !self.is_over() {
            tally.count_error(&format!("closed with {code}"), 1);
        }
    }

    /// To be called when everything about the connection has been counted: whoever sees none open counts no more.
    pub(super) fn closed(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    /// One of the connections of this share that is to settle.
    pub(super) fn unsettled(self: &Arc<Self>) -> Unsettled {
        Unsettled(Arc::clone(self))
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

/// A connection that is being opened for the first time; it is settled when this is dropped.
#[derive(Debug)]
pub(super) struct Unsettled(Arc<Worker>);

impl Drop for Unsettled {
    fn drop(&mut self) {
        self.0.settled.fetch_add(1, Ordering::Relaxed);
    }
}
