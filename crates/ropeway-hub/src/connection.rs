//! A connection: its outbox and its sockets.

use std::borrow::Cow;
use std::task::{Context, Poll};

use bytes::Bytes;

use crate::{Error, Socket};

/// One connection, owned by the task that serves it. Dropping it ends all its sockets: their memberships are
/// removed and those who stay learn that they left.
#[derive(Debug)]
pub struct Connection(());

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
}

impl Connection {
    /// Enters a namespace. `session` is the public name of the new socket, unique in the cluster; `user` the name
    /// that authentication proved.
    ///
    /// # Errors
    /// [`Error::NoNamespace`], [`Error::TooManySockets`].
    pub fn open(&self, namespace: &str, session: &str, user: Option<&str>) -> Result<Socket, Error> {
        let _ = (namespace, session, user);
        Err(Error::NoNamespace)
    }

    /// Queues a ready frame of the protocol layer (a welcome, a pong) behind what waits already.
    pub fn push(&self, frame: Bytes) {
        let _ = frame;
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
        let _ = (cx, into, max_bytes);
        Poll::Pending
    }

    /// Ends the connection from our side; the first call counts. What is queued already is still sent, nothing
    /// new is accepted.
    pub fn close(&self, close: Close) {
        let _ = close;
    }
}
