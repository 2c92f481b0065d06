//! What the application keeps for a socket, and whose turn it is there.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use http::Extensions;
use ropeway_hub::{OwnedPayload, Payload};

use super::Inner;
use super::definition::Handlers;
use super::occasion::{Job, Occasion};
use crate::Handshake;

/// Events that may wait for the handlers of one socket until its connection is not read any more.
const FULL: Bounds = Bounds { jobs: 64, bytes: 256 << 10 };

/// The same while a handler waits for an acknowledgement of this client, which may come behind those events.
const OVERFULL: Bounds = Bounds { jobs: 4096, bytes: 1 << 20 };

/// Concurrent handlers of one socket that may be under way.
const CONCURRENT: u32 = 64;

struct Bounds {
    jobs: usize,
    bytes: usize,
}

/// Attached to the socket in the hub. An idle one holds nothing beyond this, unless its handlers set extensions.
pub(crate) struct Seat {
    pub(super) app: Arc<Inner>,
    pub(super) handlers: Arc<Handlers>,
    pub(super) handshake: Arc<Handshake>,
    /// Absent when the client sent none.
    auth: Option<Box<OwnedPayload>>,
    /// The handlers of `on_connect` have ended: concurrent ones need not wait any more.
    pub(super) welcomed: AtomicBool,
    /// A handler has panicked, the connection is being closed.
    pub(super) broken: AtomicBool,
    /// Handlers of this socket's events that run on their own.
    concurrent: AtomicU32,
    /// Acknowledgements that the application waits for from this client.
    asked: AtomicU32,
    /// Locked for moments by the connection's task, and by the task of a handler that has to wait.
    turn: Mutex<Turn>,
    /// The rooms that it was in when it ended.
    rooms: OnceLock<Vec<Arc<str>>>,
    /// Locked by handlers, for moments.
    extensions: Mutex<Extensions>,
}

/// Whether a handler of the socket is at work.
enum Turn {
    Idle,
    /// What comes meanwhile waits; nothing most of the time.
    Taken(Option<Box<Backlog>>),
}

#[derive(Default)]
struct Backlog {
    jobs: VecDeque<Job>,
    bytes: usize,
    /// The connection's task, when it waits until there is less.
    reader: Option<Waker>,
}

impl Seat {
    pub(super) fn new(
        app: Arc<Inner>,
        handlers: Arc<Handlers>,
        handshake: Arc<Handshake>,
        auth: OwnedPayload,
    ) -> Self {
        Self {
            app,
            handlers,
            handshake,
            auth: (!auth.text.is_empty()).then(|| Box::new(auth)),
            welcomed: AtomicBool::new(false),
            broken: AtomicBool::new(false),
            concurrent: AtomicU32::new(0),
            asked: AtomicU32::new(0),
            turn: Mutex::new(Turn::Idle),
            rooms: OnceLock::new(),
            extensions: Mutex::default(),
        }
    }

    pub(super) fn auth(&self) -> Payload<'_> {
        self.auth.as_ref().map_or(Payload::default(), |auth| auth.as_payload())
    }

    /// The socket ends; its rooms are those of `on_disconnect` from now on.
    pub(super) fn note_rooms(&self, socket: &ropeway_hub::Socket) {
        if !self.handlers.disconnect.is_empty() {
            let _first = self.rooms.set(socket.rooms());
        }
    }

    pub(super) fn noted_rooms(&self) -> Option<Vec<Arc<str>>> {
        self.rooms.get().cloned()
    }

    /// The socket has ended. They may hold handles of it.
    pub(super) fn forget_extensions(&self) {
        let extensions = mem::take(&mut *self.extensions());
        drop(extensions);
    }

    pub(super) fn extensions(&self) -> MutexGuard<'_, Extensions> {
        self.extensions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the turn; gives the occasion back then. Otherwise it waits until those before it are done.
    pub(super) fn take_turn<'a>(&self, occasion: Occasion<'a>) -> Option<Occasion<'a>> {
        let mut turn = self.turn();
        match &mut *turn {
            Turn::Idle => {
                *turn = Turn::Taken(None);
                Some(occasion)
            }
            Turn::Taken(backlog) => {
                backlog.get_or_insert_default().push(occasion.into_job());
                None
            }
        }
    }

    /// What is to be done next, or nothing, and then the turn is given up.
    pub(super) fn next_job(&self) -> Option<Job> {
        let mut turn = self.turn();
        let job = match &mut *turn {
            Turn::Taken(Some(backlog)) => backlog.pop(),
            Turn::Taken(None) | Turn::Idle => None,
        };
        if job.is_none() {
            *turn = Turn::Idle;
        }
        let reader = self.has_space(&turn).then(|| turn.take_reader()).flatten();
        drop(turn);
        reader.into_iter().for_each(Waker::wake);
        job
    }

    /// Whether the connection shall not be read for the moment.
    pub(super) fn is_congested(&self) -> bool {
        !self.has_space(&self.turn())
    }

    /// Until the connection may be read again.
    pub(super) async fn relieved(self: Arc<Self>) {
        poll_fn(|cx| self.poll_relieved(cx)).await;
    }

    fn poll_relieved(&self, cx: &Context<'_>) -> Poll<()> {
        let mut turn = self.turn();
        match &mut *turn {
            Turn::Taken(Some(backlog)) if !backlog.fits(self.bounds()) => {
                backlog.reader = Some(cx.waker().clone());
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }

    /// The application waits for an acknowledgement, until the guard is dropped.
    pub(super) fn ask(self: Arc<Self>) -> Asked {
        self.asked.fetch_add(1, Ordering::AcqRel);
        let mut turn = self.turn();
        let reader = self.has_space(&turn).then(|| turn.take_reader()).flatten();
        drop(turn);
        reader.into_iter().for_each(Waker::wake);
        Asked(self)
    }

    /// A place among the concurrent handlers.
    pub(super) fn enter_concurrent(self: &Arc<Self>) -> Option<Concurrent> {
        let one_more = |count| (count < CONCURRENT).then_some(count + 1);
        self.concurrent.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more).ok()?;
        Some(Concurrent(self.clone()))
    }

    fn has_space(&self, turn: &Turn) -> bool {
        match turn {
            Turn::Taken(Some(backlog)) => backlog.fits(self.bounds()),
            Turn::Taken(None) | Turn::Idle => true,
        }
    }

    fn bounds(&self) -> &'static Bounds {
        if self.asked.load(Ordering::Acquire) > 0 { &OVERFULL } else { &FULL }
    }

    fn turn(&self) -> MutexGuard<'_, Turn> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    fn take_reader(&mut self) -> Option<Waker> {
        match self {
            Self::Taken(Some(backlog)) => backlog.reader.take(),
            Self::Taken(None) | Self::Idle => None,
        }
    }
}

impl Backlog {
    fn push(&mut self, job: Job) {
        self.bytes += job.size();
        self.jobs.push_back(job);
    }

    fn pop(&mut self) -> Option<Job> {
        let job = self.jobs.pop_front()?;
        self.bytes -= job.size();
        Some(job)
    }

    fn fits(&self, bounds: &Bounds) -> bool {
        self.jobs.len() < bounds.jobs && self.bytes < bounds.bytes
    }
}

/// While it lives an acknowledgement is waited for.
pub(super) struct Asked(Arc<Seat>);

impl Drop for Asked {
    fn drop(&mut self) {
        self.0.asked.fetch_sub(1, Ordering::AcqRel);
    }
}

/// While it lives a concurrent handler runs.
pub(super) struct Concurrent(Arc<Seat>);

impl Drop for Concurrent {
    fn drop(&mut self) {
        self.0.concurrent.fetch_sub(1, Ordering::AcqRel);
    }
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seat").field("handlers", &self.handlers).finish_non_exhaustive()
    }
}
