//! A connection: its outbox and its sockets.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;

use crate::hub::Inner;
use crate::link::Link;
use crate::outbox::Frame;
use crate::recovery::Away;
use crate::sync::lock;
use crate::{Close, DisconnectReason, Drained, Encoder, Error, Grants, Member, RoomRef, Socket};

/// One connection, owned by the task that serves it. Dropping it ends all its sockets, as [`Connection::end`] with
/// [`DisconnectReason::TransportClose`].
pub struct Connection(Arc<Shared>);

/// What a connection and its sockets share.
pub(crate) struct Shared {
    pub(crate) hub: Arc<Inner>,
    pub(crate) link: Arc<Link>,
    /// Those that have not ended. They hold on to this in turn: each leaves when it ends, and all do with the
    /// connection.
    sockets: Mutex<Vec<Socket>>,
}

impl Connection {
    pub(crate) fn new(hub: Arc<Inner>, encoder: Arc<dyn Encoder>) -> Self {
        hub.connections.fetch_add(1, Ordering::Relaxed);
        let link = Arc::new(Link::new(Arc::clone(&hub.limits), encoder));
        Self(Arc::new(Shared { hub, link, sockets: Mutex::default() }))
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
        let mut sockets = lock(&self.0.sockets);
        if sockets.len() >= self.0.hub.limits.sockets_per_connection {
            return Err(Error::TooManySockets);
        }
        let namespace = self.0.hub.occupy(namespace)?;
        let socket = Socket::new(Arc::clone(&self.0), namespace, me, grants);
        sockets.reserve_exact(1);
        sockets.push(socket.clone());
        Ok(socket)
    }

    /// Brings back a socket that was away, with its session, user and data: `pid` is what
    /// [`Socket::make_recoverable`] was told, `offset` the last [`Event::recovery`](crate::Event::recovery) that the
    /// client has seen. As after [`Connection::open`], nobody can address it before [`Socket::establish`], which
    /// enters its rooms and queues what was missed. It has the `grants` of now.
    ///
    /// `None`: there is no such session, it is that of another `user` than comes now, it was away for too long, a part
    /// of what it missed is gone, or it was in a room that `grants` do not allow any more.
    pub fn recover(
        &self,
        namespace: &str,
        pid: &str,
        offset: Option<&str>,
        user: Option<&str>,
        grants: Option<Arc<dyn Grants>>,
    ) -> Option<Socket> {
        let mut sockets = lock(&self.0.sockets);
        if sockets.len() >= self.0.hub.limits.sockets_per_connection {
            return None;
        }
        let namespace = self.0.hub.occupy(namespace).ok()?;
        let now = (self.0.hub.clock)();
        let recovery = namespace.recovery.as_ref();
        let may = |away: &Away| self.may_return(&namespace.name, away, user, grants.as_deref());
        let Some((away, from)) = recovery.and_then(|recovery| recovery.lock().resume(pid, offset, now, may))
        else {
            namespace.exit();
            return None;
        };
        let socket = Socket::resume(Arc::clone(&self.0), namespace, away, from, grants);
        sockets.push(socket.clone());
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
        let hub = &self.0.hub;
        let keeps = |room: &str| {
            let settings = hub.policy.settings(namespace, room);
            let room = RoomRef { namespace, name: room, settings: &settings };
            !hub.loses(&away.me, away.grants.as_deref(), grants, room)
        };
        away.me.user.as_deref() == user && away.seats.iter().all(|(room, _)| keeps(room))
    }

    /// Queues a ready frame of the protocol layer (a welcome, a pong) behind what waits already.
    pub fn push(&self, frame: Bytes) {
        self.0.link.push(Frame { bytes: frame, class: None });
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
        self.0.link.outbox.poll_drain(cx, into, max_bytes)
    }

    /// Ends the connection from our side; the first call counts. What is queued already is still sent, nothing
    /// new is accepted.
    pub fn close(&self, close: Close) {
        self.0.link.close(close);
    }

    /// The transport has ended: ends all sockets. Their memberships are removed and those who stay learn that they
    /// left. Nothing is sent any more; drop the connection afterwards.
    pub fn end(&self, reason: DisconnectReason) {
        self.0.link.outbox.abandon();
        self.0.sockets().iter().for_each(|socket| socket.end(reason));
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.end(DisconnectReason::TransportClose);
        self.0.hub.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Shared {
    /// The sockets at this moment.
    pub(crate) fn sockets(&self) -> Vec<Socket> {
        lock(&self.sockets).clone()
    }

    /// A socket has ended.
    pub(crate) fn forget(&self, socket: &Socket) {
        lock(&self.sockets).retain(|other| !Arc::ptr_eq(&other.0, &socket.0));
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("sockets", &*lock(&self.0.sockets)).finish_non_exhaustive()
    }
}
