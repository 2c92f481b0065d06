//! A socket: the membership of a connection in a namespace.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::acks::Acks;
use crate::connection::Shared;
use crate::frames::class_of;
use crate::hub::Inner;
use crate::link::Link;
use crate::namespace::Namespace;
use crate::outbox::{Class, Frame, wake};
use crate::room::{Room, SocketId};
use crate::sync::lock;
use crate::{
    Action, Close, DisconnectReason, Error, Event, HistoryPage, HistoryQuery, Member, Outbound, Payload,
    Publication, Publish, Published, Reply, RoomRef,
};

/// A handle of one socket, cheap to clone, usable from every thread. After the connection has ended requests are
/// answered with [`Error::Closed`] or [`Error::NotJoined`] and messages go nowhere.
#[derive(Clone)]
pub struct Socket(pub(crate) Arc<Core>);

/// What the handles of a socket share.
pub(crate) struct Core {
    pub(crate) id: SocketId,
    pub(crate) shared: Arc<Shared>,
    pub(crate) namespace: Arc<Namespace>,
    /// Without `info`: that is said for each room.
    pub(crate) me: Arc<Member>,
    /// Locked by the requests of this socket only; fan-out does not touch it.
    pub(crate) state: Mutex<State>,
}

#[derive(Default)]
pub(crate) struct State {
    /// Rooms that the socket is in. There are few, so they are looked at in turn.
    pub(crate) seats: Vec<Seat>,
    /// Answers that are waited for; absent for most sockets at most times.
    pub(crate) acks: Option<Box<Acks>>,
    /// What an application has for this socket; absent without one.
    extra: Option<Box<Extra>>,
    /// It can be addressed.
    established: bool,
    /// Set once; nothing is added to the others afterwards.
    pub(crate) closed: bool,
}

#[derive(Default)]
struct Extra {
    data: Option<Arc<str>>,
    /// Dropped when the socket has ended, because it may hold on to the socket.
    attachment: Option<Arc<dyn Any + Send + Sync>>,
}

/// A membership as its socket knows it.
#[derive(Clone)]
pub(crate) struct Seat {
    pub(crate) room: Arc<Room>,
    pub(crate) member: Arc<Member>,
}

impl Socket {
    pub(crate) fn new(shared: Arc<Shared>, namespace: Arc<Namespace>, me: Member) -> Self {
        let id = shared.hub.number();
        Self(Arc::new(Core { id, shared, namespace, me: Arc::new(me), state: Mutex::default() }))
    }

    /// The public name of this socket, its session. As the name of a room it means this socket alone.
    pub fn id(&self) -> &str {
        &self.0.me.session
    }

    /// Makes this socket one that others can address, by its session and as somebody in the namespace; to be
    /// called when it is admitted. The application is told of its end from now on.
    ///
    /// # Errors
    /// [`Error::Closed`]; [`Error::Unavailable`]: another socket has the same session, or what a recovered one
    /// missed is not complete any more or does not fit into the outbox. Nothing was queued then.
    pub fn establish(&self) -> Result<(), Error> {
        let mut state = lock(&self.0.state);
        if state.closed {
            return Err(Error::Closed);
        }
        if !state.established && !self.0.namespace.establish(&self.0) {
            return Err(Error::Unavailable);
        }
        state.established = true;
        Ok(())
    }

    /// Lets the client come back under `pid`, a secret that nobody can guess, after its transport broke; see
    /// [`Connection::recover`](crate::Connection::recover). To be called before [`Socket::establish`]; does nothing
    /// in a hub without recovery. Whether it does something.
    pub fn make_recoverable(&self, pid: &str) -> bool {
        let _ = (pid, &self.hub().recovery);
        false
    }

    /// Whether this socket came back with all that it missed.
    pub fn is_recovered(&self) -> bool {
        false
    }

    /// Whether this socket is established and has not ended.
    pub fn is_connected(&self) -> bool {
        let state = lock(&self.0.state);
        state.established && !state.closed
    }

    /// The rooms that it is in, in no order, without the one that has its own name.
    pub fn rooms(&self) -> Vec<Arc<str>> {
        lock(&self.0.state).seats.iter().map(|seat| Arc::clone(&seat.room.name)).collect()
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
    pub fn member(&self) -> &Member {
        &self.0.me
    }

    /// The name of its namespace.
    pub fn namespace(&self) -> &str {
        &self.0.namespace.name
    }

    /// Stops being a member. Queues [`Outbound::Left`]; nothing from the room follows it. `id` is the request of
    /// the client, absent when the server wants it.
    ///
    /// # Errors
    /// [`Error::NotJoined`].
    pub fn leave(&self, room: &str, id: Option<&str>) -> Result<(), Error> {
        let mut state = lock(&self.0.state);
        let seat = state.take_seat(room).ok_or(Error::NotJoined)?;
        self.end_membership(state, &seat.room, Some(&Outbound::Left { room, id }));
        Ok(())
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
        let seat = self.seat(room)?;
        if !seat.room.settings.presence {
            return Err(Error::NoPresence);
        }
        let ticket = self.hub().number();
        let members = seat.room.hold(self.0.id, ticket)?.unwrap_or_default();
        let answer = Outbound::Members { room, id, members: &members };
        let frame = self.0.link().frame(self.namespace(), &answer, None);
        let released = seat.room.release(self.0.id, ticket, vec![frame], None);
        if released.is_err() && seat.room.is_held(self.0.id, ticket) {
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

    /// Sends an event to this client alone.
    pub fn emit(&self, event: &str, data: Payload<'_>) {
        self.emit_now(event, data, false);
    }

    /// Sends an event to this client alone that is dropped when much is waiting for it.
    pub fn emit_volatile(&self, event: &str, data: Payload<'_>) {
        self.emit_now(event, data, true);
    }

    fn emit_now(&self, event: &str, data: Payload<'_>, volatile: bool) {
        let class = class_of(&self.hub().limits, self.namespace(), None, event);
        let message = Outbound::Event(Event { event, data, ..Event::default() });
        self.queue(&message, class, volatile);
    }

    /// Queues a message of the protocol layer behind what waits already.
    pub fn send(&self, message: &Outbound<'_>) {
        self.queue(message, None, false);
    }

    /// Ends this socket because the server wants it. Queues [`Outbound::Disconnected`], behind which nothing of
    /// this socket comes; with `whole_connection` the other sockets of the connection are ended as well and then
    /// the connection, with [`Close::DISCONNECTED`].
    pub fn disconnect(&self, whole_connection: bool) {
        if !whole_connection {
            return self.disconnect_one(DisconnectReason::ServerNamespaceDisconnect);
        }
        for socket in self.0.shared.sockets() {
            socket.disconnect_one(DisconnectReason::ServerNamespaceDisconnect);
        }
        self.close_connection(Close::DISCONNECTED);
    }

    fn disconnect_one(&self, reason: DisconnectReason) {
        let frame = self.0.link().frame(self.namespace(), &Outbound::Disconnected, None);
        let wordless = frame.bytes.is_empty();
        self.shut(Some(frame), reason);
        if wordless {
            self.close_connection(Close::DISCONNECTED);
        }
    }

    /// Ends this socket, silently towards the client: its memberships, and the answers that are waited for. Only
    /// the first call counts, and tells the application.
    pub fn end(&self, reason: DisconnectReason) {
        self.shut(None, reason);
    }

    fn shut(&self, tell: Option<Frame>, reason: DisconnectReason) {
        let mut state = lock(&self.0.state);
        if std::mem::replace(&mut state.closed, true) {
            return;
        }
        let established = state.established;
        // Under the lock, as all that goes to this socket alone: nothing of it comes after this.
        let waker = tell.and_then(|frame| self.0.link().outbox.push(frame, false, &self.hub().limits));
        drop(state);
        wake(waker);
        let application = self.hub().application.as_ref().filter(|_| established);
        if established {
            self.0.namespace.dismiss(&self.0);
        }
        if let Some(application) = application {
            application.disconnecting(self, reason);
        }
        self.clear();
        if let Some(application) = application {
            application.disconnected(self, reason);
        }
        let attachment = lock(&self.0.state).extra.as_mut().and_then(|extra| extra.attachment.take());
        drop(attachment);
    }

    /// Ends what a closed socket has.
    fn clear(&self) {
        let mut state = lock(&self.0.state);
        let (seats, acks) = (std::mem::take(&mut state.seats), state.acks.take());
        drop(state);
        for Seat { room, .. } in seats {
            let (_wakes, empty) = room.remove(self.0.id);
            if empty {
                self.0.namespace.retire(&room);
            }
        }
        if let Some(acks) = acks {
            acks.close();
        }
        self.0.shared.forget(self);
        self.0.namespace.exit();
    }

    /// Ends the whole connection, as [`Connection::close`](crate::Connection::close).
    pub fn close_connection(&self, close: Close) {
        self.0.link().close(close);
    }

    pub(crate) fn hub(&self) -> &Inner {
        &self.0.shared.hub
    }

    /// Queues a message for this socket alone, unless it has ended.
    pub(crate) fn queue(&self, message: &Outbound<'_>, class: Class, volatile: bool) {
        let frame = self.0.link().frame(self.namespace(), message, class);
        let state = lock(&self.0.state);
        if !state.closed {
            let waker = self.0.link().outbox.push(frame, volatile, &self.hub().limits);
            drop(state);
            wake(waker);
        }
    }

    /// Ends a membership whose seat was taken away.
    pub(crate) fn end_membership(
        &self,
        state: MutexGuard<'_, State>,
        room: &Room,
        tell: Option<&Outbound<'_>>,
    ) {
        let (wakes, empty) = room.remove(self.0.id);
        if empty {
            self.0.namespace.retire(room);
        }
        // Queued under the lock, so that the answer to a new join of the same room comes after it.
        let frame = tell.map(|message| self.0.link().frame(self.namespace(), message, None));
        let waker = frame.and_then(|frame| self.0.link().outbox.push(frame, false, &self.hub().limits));
        drop(state);
        drop(wakes);
        wake(waker);
    }

    fn seat(&self, room: &str) -> Result<Seat, Error> {
        lock(&self.0.state).seat(room).cloned().ok_or(Error::NotJoined)
    }

    fn may_publish(&self, publish: &Publish<'_>) -> Result<Seat, Error> {
        let seat = self.seat(publish.room)?;
        self.hub().check_key(publish.key)?;
        self.check(Action::Publish, seat.room.to_ref())?;
        Ok(seat)
    }

    pub(crate) fn check(&self, action: Action, room: RoomRef<'_>) -> Result<(), Error> {
        let allowed = self.hub().policy.allows(action, &self.0.me, room);
        if allowed { Ok(()) } else { Err(Error::Forbidden) }
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("namespace", &self.namespace()).field("me", &self.0.me).finish()
    }
}

impl Core {
    pub(crate) fn link(&self) -> &Arc<Link> {
        &self.shared.link
    }
}

impl State {
    pub(crate) fn seat(&self, room: &str) -> Option<&Seat> {
        self.seats.iter().find(|seat| *seat.room.name == *room)
    }

    pub(crate) fn take_seat(&mut self, room: &str) -> Option<Seat> {
        let at = self.seats.iter().position(|seat| *seat.room.name == *room)?;
        let seat = self.seats.swap_remove(at);
        if self.seats.capacity() > 4 && self.seats.capacity() / 4 > self.seats.len() {
            self.seats.shrink_to(self.seats.len() * 2);
        }
        Some(seat)
    }
}

impl HistoryPage {
    /// Keeps the newest (or the oldest) events that have at most `most` bytes of data.
    fn cut(mut self, most: usize, newest: bool) -> Self {
        let mut left = most;
        let mut fits = |event: &crate::PastEvent| {
            let size = event.event.len() + event.data.as_payload().size();
            left.checked_sub(size).inspect(|rest| left = *rest).is_some()
        };
        let events = &mut self.events;
        let count = if newest {
            events.iter().rev().take_while(|event| fits(event)).count()
        } else {
            events.iter().take_while(|event| fits(event)).count()
        };
        self.complete &= count == events.len();
        if newest {
            events.drain(..events.len() - count);
        } else {
            events.truncate(count);
        }
        self
    }
}
