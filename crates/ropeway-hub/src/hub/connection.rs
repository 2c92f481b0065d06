//! A connection: its outbox and its sockets.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use bytes::Bytes;

use super::node::Node;
use crate::outbox::Frame;
use crate::recovery::Away;
use crate::socket::Shared;
use crate::sync::lock;
use crate::{Action, Close, DisconnectReason, Drained, Encoder, Error, Grants, Member, RoomRef, Socket};

/// One connection, owned by the task that serves it. Dropping it ends all its sockets, as [`Connection::end`] with
/// [`DisconnectReason::TransportClose`].
pub struct Connection {
    node: Arc<Node>,
    shared: Arc<Shared>,
}

impl Connection {
    pub(super) fn new(node: Arc<Node>, encoder: Arc<dyn Encoder>) -> Self {
        node.common.connections.fetch_add(1, Ordering::Relaxed);
        let shared = Arc::new(Shared::new(Arc::clone(&node.common), encoder));
        Self { node, shared }
    }

    /// Makes a socket in a namespace. `session` is its public name, unique in the cluster; `user` the name that
    /// authentication proved; `grants` what its credentials allow ([`Socket::set_grants`] replaces them). Nobody can
    /// address it before [`Socket::establish`].
    ///
    /// # Errors
    /// [`Error::NoNamespace`], [`Error::TooManySockets`].
    pub fn open(
        &self,
        namespace: &str,
        session: &str,
        user: Option<&str>,
        grants: Option<Arc<dyn Grants>>,
    ) -> Result<Socket, Error> {
        let me = Member { session: session.into(), user: user.map(Into::into), info: None };
        let mut sockets = lock(&self.shared.sockets);
        if sockets.len() >= self.node.common.limits.sockets_per_connection {
            return Err(Error::TooManySockets);
        }
        let namespace = self.node.occupy(namespace)?;
        let socket = Socket::new(Arc::clone(&self.shared), namespace, me, grants);
        sockets.reserve_exact(1);
        sockets.push(Arc::clone(&socket.0));
        Ok(socket)
    }

    /// Brings back a socket that was away, with its session, user and data: `pid` is what
    /// [`Socket::make_recoverable`] was told, `offset` the last [`Event::recovery`](crate::Event::recovery) that the
    /// client has seen. As after [`Connection::open`], nobody can address it before [`Socket::establish`], which
    /// enters its rooms and queues what was missed. It has the `grants` of now.
    ///
    /// `None`: there is no such session, it is that of another `user` than comes now, it was away for too long, a part
    /// of what it missed is gone, or it was in a room that `grants` do not allow any more, or do not name any more where
    /// that alone may have brought it there.
    pub fn recover(
        &self,
        namespace: &str,
        pid: &str,
        offset: Option<&str>,
        user: Option<&str>,
        grants: Option<Arc<dyn Grants>>,
    ) -> Option<Socket> {
        let mut sockets = lock(&self.shared.sockets);
        if sockets.len() >= self.node.common.limits.sockets_per_connection {
            return None;
        }
        let namespace = self.node.occupy(namespace).ok()?;
        let now = self.node.common.now();
        let recovery = namespace.recovery.as_ref();
        let may = |away: &Away| self.may_return(&namespace.name, away, user, grants.as_deref());
        let Some((away, from)) = recovery.and_then(|recovery| recovery.lock().resume(pid, offset, now, may))
        else {
            namespace.exit();
            return None;
        };
        let socket = Socket::resume(Arc::clone(&self.shared), namespace, away, from, grants);
        sockets.push(Arc::clone(&socket.0));
        Some(socket)
    }

    /// Whether a session belongs to who comes now, with all of its rooms.
    fn may_return(
        &self,
        namespace: &str,
        away: &Away,
        user: Option<&str>,
        grants: Option<&dyn Grants>,
    ) -> bool {
        let hub = &self.node.common;
        let keeps = |room: &str| {
            let settings = hub.policy.settings(namespace, room);
            let room = RoomRef { namespace, name: room, settings: &settings };
            let (me, before) = (&away.me, away.grants.as_deref());
            // Where the policy lets nobody in, it may have been the grants by which the server brought it there.
            let was_named = names(before, room) && !names(grants, room);
            let is_lost = was_named && !hub.allows(Action::Join, me, grants, room);
            !is_lost && !hub.loses(me, before, grants, room)
        };
        away.me.user.as_deref() == user && away.seats.iter().all(|(room, _)| keeps(room))
    }

    /// Queues a ready frame of the protocol layer (a welcome, a pong) behind what waits already.
    pub fn push(&self, frame: Bytes) {
        self.shared.link.push(Frame { bytes: frame, class: None });
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
        self.shared.link.outbox.poll_drain(cx, into, max_bytes)
    }

    /// Ends the connection from our side; the first call counts. What is queued already is still sent, nothing
    /// new is accepted.
    pub fn close(&self, close: Close) {
        self.shared.link.close(close);
    }

    /// The transport has ended: ends all sockets. Their memberships are removed and those who stay learn that they
    /// left. Nothing is sent any more; drop the connection afterwards.
    pub fn end(&self, reason: DisconnectReason) {
        self.shared.link.outbox.abandon();
        self.shared.sockets().into_iter().map(Socket).for_each(|socket| socket.end(reason));
    }
}

/// Whether the grants say themselves that a room may be joined.
fn names(grants: Option<&dyn Grants>, room: RoomRef<'_>) -> bool {
    grants.and_then(|grants| grants.allows(Action::Join, room.namespace, room.name)) == Some(true)
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.end(DisconnectReason::TransportClose);
        self.node.common.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sockets: Vec<_> = self.shared.sockets().into_iter().map(Socket).collect();
        f.debug_struct("Connection").field("sockets", &sockets).finish_non_exhaustive()
    }
}
