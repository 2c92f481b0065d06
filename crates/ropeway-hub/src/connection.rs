//! A connection: its outbox and its sockets.

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;

use crate::hub::Inner;
use crate::outbox::{Class, Frame, Outbox, wake};
use crate::sync::lock;
use crate::{Encoder, EncoderId, Error, Member, Outbound, Socket};

/// One connection, owned by the task that serves it. Dropping it ends all its sockets: their memberships are
/// removed and those who stay learn that they left.
pub struct Connection {
    link: Arc<Link>,
    /// Ended with the connection. Locked only for moments, by the owner: never contended.
    sockets: Mutex<Vec<Socket>>,
}

/// What [`Connection::poll_drain`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Frames were appended; there may be more.
    Frames,
    /// Nothing more will come: send this close and end.
    Closed(Close),
}

/// How a connection is to be closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// A WebSocket close code (RFC 6455 section 7.4); other carriers translate it.
    pub code: u16,
    /// At most 123 bytes.
    pub reason: Cow<'static, str>,
}

impl Close {
    /// 4002: more waited for this connection than its outbox may hold.
    pub const SLOW_CONSUMER: Self = Self { code: 4002, reason: Cow::Borrowed("slow consumer") };

    /// Nobody sees it: the connection has ended.
    pub(crate) const GONE: Self = Self { code: 1006, reason: Cow::Borrowed("") };
}

impl Connection {
    pub(crate) fn new(hub: Arc<Inner>, encoder: Arc<dyn Encoder>) -> Self {
        hub.connections.fetch_add(1, Ordering::Relaxed);
        let encoder_id = encoder.id();
        let link = Arc::new(Link { hub, encoder, encoder_id, outbox: Outbox::default() });
        Self { link, sockets: Mutex::default() }
    }

    /// Enters a namespace. `session` is the public name of the new socket, unique in the cluster; `user` the name
    /// that authentication proved.
    ///
    /// # Errors
    /// [`Error::NoNamespace`], [`Error::TooManySockets`].
    pub fn open(&self, namespace: &str, session: &str, user: Option<&str>) -> Result<Socket, Error> {
        let namespace = self.link.hub.namespace(namespace)?;
        let mut sockets = lock(&self.sockets);
        sockets.retain(|socket| !socket.is_closed());
        if sockets.len() >= self.link.hub.limits.sockets_per_connection {
            return Err(Error::TooManySockets);
        }
        let me = Member { session: session.into(), user: user.map(Into::into), info: None };
        let socket = Socket::new(Arc::clone(&self.link), Arc::clone(namespace), me);
        sockets.reserve_exact(1);
        sockets.push(socket.clone());
        Ok(socket)
    }

    /// Queues a ready frame of the protocol layer (a welcome, a pong) behind what waits already.
    pub fn push(&self, frame: Bytes) {
        self.link.push(Frame { bytes: frame, class: None });
    }

    /// Moves waiting frames to `into`, in order and about `max_bytes` of them (one at least), or registers the
    /// task to be woken when there are some. Call it until it is pending, and only when the transport takes
    /// more: what is moved no longer counts against the limit of the outbox.
    ///
    /// After [`Connection::close`] what was queued before comes first, then [`Drained::Closed`], again and
    /// again.
    pub fn poll_drain(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut Vec<Bytes>,
        max_bytes: usize,
    ) -> Poll<Drained> {
        self.link.outbox.poll_drain(cx, into, max_bytes)
    }

    /// Ends the connection from our side; the first call counts. What is queued already is still sent, nothing
    /// new is accepted.
    pub fn close(&self, close: Close) {
        self.link.close(close);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.link.outbox.abandon();
        for socket in std::mem::take(&mut *lock(&self.sockets)) {
            socket.close();
        }
        self.link.hub.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("sockets", &*lock(&self.sockets)).finish_non_exhaustive()
    }
}

/// The part of a connection that its sockets and their memberships share.
pub(crate) struct Link {
    pub(crate) hub: Arc<Inner>,
    encoder: Arc<dyn Encoder>,
    /// As the encoder said; here because fan-out asks for each member.
    pub(crate) encoder_id: EncoderId,
    pub(crate) outbox: Outbox,
}

impl Link {
    pub(crate) fn encode(&self, namespace: &str, message: &Outbound<'_>) -> Bytes {
        self.encoder.encode(namespace, message)
    }

    pub(crate) fn frame(&self, namespace: &str, message: &Outbound<'_>, class: Class) -> Frame {
        Frame { bytes: self.encode(namespace, message), class }
    }

    /// Queues and wakes: not to be called under a lock that others wait for.
    pub(crate) fn push(&self, frame: Frame) {
        wake(self.outbox.push(frame, false, &self.hub.limits));
    }

    pub(crate) fn close(&self, close: Close) {
        wake(self.outbox.close(close));
    }
}
