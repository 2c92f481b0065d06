//! One thread of a run: its connections, its clock, its tally.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use ropeway_ws::{CloseCode, CloseFrame, Outgoing, WebSocket};

use super::dialect::{NOT_LET_IN, Reaction};
use super::job::{Job, Load, Share};
use super::pacer::Pacer;
use super::stage::{Progress, Stage};
use crate::bench::measure::Tally;
use crate::failure::{Failure, Kind};

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

    /// Does what a message of the server asks for; tells whether the room is joined now.
    pub(super) fn react(&self, reaction: Reaction, tally: &mut Tally, outgoing: &mut Outgoing<'_>) -> bool {
        match reaction {
            Reaction::None => {}
            Reaction::Joined => {
                tally.handshakes.entered += 1;
                return true;
            }
            Reaction::Refused => {
                tally.count_error(NOT_LET_IN, 1);
                self.failed(|| Failure::new(Kind::Refused, NOT_LET_IN, "it answered with an error"));
                outgoing.close(Some(CloseFrame::new(CloseCode::NORMAL, "")));
            }
            Reaction::Say(answer) => {
                // It fails only when the connection is closing.
                let _ = outgoing.send(answer);
            }
        }
        false
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
}

/// A connection that is being opened for the first time; it is settled when this is dropped.
#[derive(Debug)]
pub(super) struct Unsettled(Arc<Worker>);

impl Drop for Unsettled {
    fn drop(&mut self) {
        self.0.settled.fetch_add(1, Ordering::Relaxed);
    }
}
