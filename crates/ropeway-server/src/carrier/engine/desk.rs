//! What the requests of a polling session and its task share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use ropeway_socketio::engine::session::{Reason, Received, Session as Machine};
use ropeway_socketio::engine::{Packet, Version};
use ropeway_ws::WebSocket;
use tokio::sync::oneshot;

use super::answer::Payload;
use super::posted::{Body, Posted};
use crate::clock::now;

/// Where requests leave what they bring for the task of their session, and learn what to answer. The machine of the
/// session is here, so that a request that breaks a rule knows it at once.
pub(super) struct Desk {
    version: Version,
    /// The client of version 3 takes binary messages as base64 only.
    wants_base64: bool,
    /// Locked for moments by the requests of one session, of which there are two at a time, and by its task.
    inner: Mutex<Inner>,
}

pub(super) struct Inner {
    /// Gone with the session to a WebSocket.
    pub(super) machine: Option<Machine>,
    /// The pending GET, while the machine has one.
    pub(super) get: Option<oneshot::Sender<Payload>>,
    /// Dropped when the session ends, so that nobody waits for the rest of a body.
    posting: Option<oneshot::Sender<()>>,
    /// A whole body, until the task takes it.
    posted: Option<Posted>,
    /// A WebSocket that may try to become the transport, until the task takes it.
    socket: Option<Box<WebSocket>>,
    /// The task of the session.
    task: Option<Waker>,
}

/// Why a request has to be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// Another request of its kind is under way. The session has ended.
    Overlap,
    /// The session has left polling, or ended.
    Gone,
}

impl Desk {
    pub(super) fn new(machine: Machine, wants_base64: bool) -> Self {
        let version = machine.version();
        let inner = Inner {
            machine: Some(machine),
            get: None,
            posting: None,
            posted: None,
            socket: None,
            task: None,
        };
        Self { version, wants_base64, inner: Mutex::new(inner) }
    }

    pub(super) fn version(&self) -> Version {
        self.version
    }

    /// Whether binary messages go as they are; version 4 has only base64.
    pub(super) fn takes_binary(&self) -> bool {
        self.version == Version::V3 && !self.wants_base64
    }

    /// A GET: the payload comes when there is something to say. To drop the receiver before is an error of the
    /// transport.
    pub(super) fn get(&self) -> Result<oneshot::Receiver<Payload>, Refused> {
        let mut inner = self.lock();
        let machine = inner.open_machine()?;
        let begun = machine.get();
        let (reply, payload) = oneshot::channel();
        if begun.is_ok() {
            inner.get = Some(reply);
        }
        inner.wake();
        begun.map(|()| payload).map_err(|_| Refused::Overlap)
    }

    /// A POST begins. It is an error of the transport to drop it before its body has come.
    pub(super) fn post(self: &Arc<Self>) -> Result<Posting, Refused> {
        let mut inner = self.lock();
        let begun = inner.open_machine()?.post();
        inner.wake();
        begun.map_err(|_| Refused::Overlap)?;
        let (posting, ended) = oneshot::channel();
        inner.posting = Some(posting);
        Ok(Posting { desk: self.clone(), ended, is_under_way: true })
    }

    /// Ends the session because of what a request did.
    pub(super) fn fail(&self, reason: Reason) {
        let mut inner = self.lock();
        if let Some(machine) = &mut inner.machine {
            machine.fail(reason);
        }
        inner.wake();
    }

    /// A WebSocket with the session's id; given back when it may not try.
    pub(super) fn probe(&self, socket: Box<WebSocket>) -> Result<(), Box<WebSocket>> {
        let mut inner = self.lock();
        if !inner.machine.as_mut().is_some_and(|machine| machine.probe(now())) {
            return Err(socket);
        }
        inner.socket = Some(socket);
        inner.wake();
        Ok(())
    }

    /// For the task: registers it, and takes what requests have brought.
    pub(super) fn take(&self, cx: &mut Context<'_>) -> (Option<Posted>, Option<Box<WebSocket>>) {
        let mut inner = self.lock();
        inner.task = Some(cx.waker().clone());
        if inner.get.as_mut().is_some_and(|get| get.poll_closed(cx).is_ready())
            && let Some(machine) = &mut inner.machine
        {
            machine.fail(Reason::TransportError);
        }
        (inner.posted.take(), inner.socket.take())
    }

    /// For the task: judges a packet of a POST.
    pub(super) fn receive<'a>(&self, packet: Packet<'a>) -> Received<'a> {
        let mut inner = self.lock();
        inner.machine.as_mut().map_or(Received::Nothing, |machine| machine.receive(packet, now))
    }

    /// For the task: the client could not be heard, because its POST was made to wait.
    pub(super) fn excuse_silence(&self) {
        if let Some(machine) = &mut self.lock().machine {
            machine.excuse_silence(now());
        }
    }

    /// For the task.
    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn open_machine(&mut self) -> Result<&mut Machine, Refused> {
        self.machine.as_mut().filter(|machine| machine.end().is_none()).ok_or(Refused::Gone)
    }

    /// Answers the pending GET; tells whether its client still waits.
    pub(super) fn answer(&mut self, payload: Payload) -> bool {
        if let Some(machine) = &mut self.machine {
            machine.get_answered();
        }
        self.get.take().is_some_and(|get| get.send(payload).is_ok())
    }

    /// At the upgrade: answers the pending GET, and gives the machine away with a body that the task has not taken yet.
    pub(super) fn hand_over(&mut self, payload: Payload) -> (Option<Posted>, Option<Machine>) {
        self.answer(payload);
        (self.posted.take(), self.machine.take())
    }

    /// At the end: gives up bodies that are being read or wait to be taken, so that nobody waits for what becomes of them,
    /// and gives a WebSocket back that waits.
    pub(super) fn clear(&mut self) -> Option<Box<WebSocket>> {
        (self.posting, self.posted) = (None, None);
        self.socket.take()
    }

    fn wake(&mut self) {
        if let Some(task) = self.task.take() {
            task.wake();
        }
    }
}

/// A POST whose body is being read.
pub(super) struct Posting {
    desk: Arc<Desk>,
    ended: oneshot::Receiver<()>,
    is_under_way: bool,
}

impl Posting {
    /// Waits for a body; nothing when the session ends before.
    pub(super) async fn read<T>(&mut self, body: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            read = body => Some(read),
            _ = &mut self.ended => None,
        }
    }

    /// Hands the body in, and waits until the session has taken all of it. Tells whether it was all packets of a session
    /// that is still there.
    pub(super) async fn deliver(mut self, body: Body) -> bool {
        self.is_under_way = false;
        let (reply, replied) = oneshot::channel();
        {
            let mut inner = self.desk.lock();
            if inner.open_machine().is_err() {
                return false;
            }
            inner.posted = Some(Posted::new(body, reply));
            inner.wake();
        }
        replied.await.unwrap_or(false)
    }

    /// The request was answered without its body; another may follow.
    pub(super) fn refuse(mut self) {
        self.is_under_way = false;
        if let Some(machine) = &mut self.desk.lock().machine {
            machine.post_ended();
        }
    }
}

impl Drop for Posting {
    fn drop(&mut self) {
        if self.is_under_way {
            self.desk.fail(Reason::TransportError);
        }
    }
}
