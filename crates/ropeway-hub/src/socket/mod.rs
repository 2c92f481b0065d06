//! A socket: the membership of a connection in a namespace.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

mod acks;
mod core;
mod departure;
mod emit;
mod establish;
mod join;

pub use self::acks::Answer;
pub(crate) use self::core::{Core, Shared};
use self::core::{Extra, Seat, State};
pub use self::join::Join;
use crate::common::Common;
use crate::namespace::Namespace;
use crate::outbox::wake;
use crate::recovery::Memory;
use crate::room::SocketId;
use crate::sync::lock;
use crate::{
    Action, Close, Error, Grants, HistoryPage, HistoryQuery, Member, Outbound, Publication, Publish,
    Published, Reply, RoomRef,
};

/// A handle of one socket, cheap to clone, usable from every thread. After the connection has ended requests are
/// answered with [`Error::Closed`] or [`Error::NotJoined`] and messages go nowhere.
#[derive(Clone)]
pub struct Socket(pub(crate) Arc<Core>);

impl Socket {
    pub(crate) fn new(
        shared: Arc<Shared>,
        namespace: Arc<Namespace<Core>>,
        me: Member,
        grants: Option<Arc<dyn Grants>>,
    ) -> Self {
        let id = shared.hub.number();
        let extra = grants.map(|grants| Box::new(Extra { grants: Some(grants), ..Extra::default() }));
        Self::with(id, shared, namespace, Arc::new(me), State { extra, ..State::default() })
    }

    pub(crate) fn with(
        id: SocketId,
        shared: Arc<Shared>,
        namespace: Arc<Namespace<Core>>,
        me: Arc<Member>,
        state: State,
    ) -> Self {
        let link = Arc::clone(&shared.link);
        Self(Arc::new(Core { id, shared, link, namespace, me, state: Mutex::new(state) }))
    }

    /// The public name of this socket, its session. As the name of a room it means this socket alone.
    pub fn id(&self) -> &str {
        &self.0.me.session
    }

    /// Whether this socket is established and has not ended.
    pub fn is_connected(&self) -> bool {
        let state = lock(&self.0.state);
        state.established && !state.closed
    }

    /// The rooms that it is in, in no order, without the one that has its own name; before it is established,
    /// those that it will be in.
    pub fn rooms(&self) -> Vec<Arc<str>> {
        let state = lock(&self.0.state);
        let mut rooms: Vec<_> = state.seats.iter().map(|seat| Arc::clone(&seat.room.name)).collect();
        if let Some(extra) = &state.extra {
            rooms.extend(extra.rooms_to_come().cloned());
        }
        rooms
    }

    /// What the application has said of this socket: JSON text that [`Hub::fetch_sockets`](crate::Hub::fetch_sockets)
    /// tells on all nodes and that recovery brings back.
    pub fn data(&self) -> Option<Arc<str>> {
        lock(&self.0.state).extra.as_ref()?.data.clone()
    }

    /// Replaces the data.
    pub fn set_data(&self, data: &str) {
        let mut state = lock(&self.0.state);
        state.extra.get_or_insert_default().data = Some(data.into());
    }

    /// What its credentials allow. The server that gave them knows what they are, by [`Any`].
    pub fn grants(&self) -> Option<Arc<dyn Grants>> {
        lock(&self.0.state).extra.as_ref()?.grants.clone()
    }

    /// Replaces what its credentials allow. Memberships that they allowed until now and do not any more end with
    /// [`Outbound::Left`]; those that the server wanted are its own affair. The connection is drained again, since it may
    /// go by what they say.
    pub fn set_grants(&self, grants: Option<Arc<dyn Grants>>) {
        let mut state = lock(&self.0.state);
        if grants.is_none() && state.extra.is_none() {
            return;
        }
        let before = std::mem::replace(&mut state.extra.get_or_insert_default().grants, grants.clone());
        let lost = |seat: &&Seat| {
            self.hub().loses(&self.0.me, before.as_deref(), grants.as_deref(), seat.room.to_ref())
        };
        let lost: Vec<_> = state.seats.iter().filter(lost).map(|seat| Arc::clone(&seat.room.name)).collect();
        drop(state);
        for room in lost {
            // It may have left meanwhile.
            let _ = self.leave(&room, None);
        }
        wake(self.0.link.outbox.nudge());
    }

    /// Gives the application a place for what it has for this socket on this node, once; `false` when there is
    /// something already or the socket has ended. It is dropped after [`Application::disconnected`].
    ///
    /// [`Application::disconnected`]: crate::Application::disconnected
    pub fn attach(&self, attachment: Arc<dyn Any + Send + Sync>) -> bool {
        let mut state = lock(&self.0.state);
        if state.closed {
            return false;
        }
        let extra = state.extra.get_or_insert_default();
        let first = extra.attachment.is_none();
        extra.attachment.get_or_insert(attachment);
        first
    }

    /// What was attached.
    pub fn attachment(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        lock(&self.0.state).extra.as_ref()?.attachment.clone()
    }

    /// The public name of this socket and the user behind it.
    pub fn member(&self) -> &Arc<Member> {
        &self.0.me
    }

    /// The name of its namespace.
    pub fn namespace(&self) -> &str {
        &self.0.namespace.name
    }

    /// Publishes to a room as its member. The event is queued for all members, this socket included, before the
    /// answer is there. The answer is not queued: send [`Outbound::Published`] when the client wants it.
    ///
    /// # Errors
    /// [`Error::NotJoined`], [`Error::Forbidden`], [`Error::TooLarge`] (key), [`Error::Unavailable`] (the broker
    /// did not take it; with a key it is safe to try again).
    pub fn publish(&self, publish: &Publish<'_>) -> Reply<Result<Published, Error>> {
        match self.may_publish(publish) {
            Ok(seat) => self.hub().broker.publish(&Publication {
                room: seat.room.to_ref(),
                event: publish.event,
                data: publish.data,
                from: Some(&seat.member),
                key: publish.key,
                volatile: publish.volatile,
            }),
            Err(error) => Reply::Ready(Err(error)),
        }
    }

    /// Queues [`Outbound::Members`].
    ///
    /// # Errors
    /// [`Error::NotJoined`], [`Error::NoPresence`], [`Error::Unavailable`] while a join is under way.
    pub fn presence(&self, room: &str, id: &str) -> Result<(), Error> {
        let mut state = lock(&self.0.state);
        let room = state.seat(room).map(|seat| Arc::clone(&seat.room)).ok_or(Error::NotJoined)?;
        if !room.settings.presence {
            return Err(Error::NoPresence);
        }
        let ticket = self.hub().number();
        let members = self.hold(&mut state, &room, ticket)?.unwrap_or_default();
        let answer = Outbound::Members { room: &room.name, id, members: &members };
        let frame = self.0.link.frame(self.namespace(), &answer, None);
        let released = self.release(&mut state, &room, ticket, vec![frame], None);
        drop(state);
        if released.is_err() && room.is_held(self.0.id, ticket) {
            // In this moment more happened in the room than an outbox can take.
            self.close_connection(Close::SLOW_CONSUMER);
        }
        wake(released?);
        Ok(())
    }

    /// Past events of a room that the socket is in; at most [`Limits::history_page`](crate::Limits::history_page)
    /// of them. Not queued: send [`Outbound::History`].
    ///
    /// # Errors
    /// [`Error::NotJoined`], [`Error::NoHistory`], [`Error::Unavailable`].
    pub fn history(&self, room: &str, query: HistoryQuery<'_>) -> Reply<Result<HistoryPage, Error>> {
        let seat = match self.seat(room) {
            Ok(seat) if seat.room.settings.history.is_none() => return Reply::Ready(Err(Error::NoHistory)),
            Ok(seat) => seat,
            Err(error) => return Reply::Ready(Err(error)),
        };
        let limits = &self.hub().limits;
        let (newest, most) = (query.since.is_none(), limits.outbox / 2);
        let query = HistoryQuery { limit: query.limit.min(limits.history_page), ..query };
        let reply = self.hub().broker.history(seat.room.to_ref(), query);
        reply.map(move |page| page.map(|page| page.cut(most, newest)))
    }

    /// Ends the whole connection, as [`Connection::close`](crate::Connection::close).
    pub fn close_connection(&self, close: Close) {
        self.0.link.close(close);
    }

    pub(crate) fn hub(&self) -> &Common {
        &self.0.shared.hub
    }

    /// The log of the namespace, locked: under the state of this socket.
    pub(crate) fn memory(&self) -> Option<MutexGuard<'_, Memory>> {
        self.0.namespace.recovery.as_ref().map(|recovery| recovery.lock())
    }

    fn seat(&self, room: &str) -> Result<Seat, Error> {
        lock(&self.0.state).seat(room).cloned().ok_or(Error::NotJoined)
    }

    fn may_publish(&self, publish: &Publish<'_>) -> Result<Seat, Error> {
        let state = lock(&self.0.state);
        let seat = state.seat(publish.room).cloned().ok_or(Error::NotJoined)?;
        self.hub().check_key(publish.key)?;
        self.check(Action::Publish, seat.room.to_ref(), state.grants())?;
        Ok(seat)
    }

    pub(crate) fn check(
        &self,
        action: Action,
        room: RoomRef<'_>,
        grants: Option<&dyn Grants>,
    ) -> Result<(), Error> {
        let allowed = self.hub().allows(action, &self.0.me, grants, room);
        if allowed { Ok(()) } else { Err(Error::Forbidden) }
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("namespace", &self.namespace()).field("me", &self.0.me).finish()
    }
}
