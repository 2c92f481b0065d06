//! A socket: the membership of a connection in a namespace.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::acks::Acks;
use crate::connection::Link;
use crate::frames::class_of;
use crate::hub::Inner;
use crate::namespace::Namespace;
use crate::outbox::{Class, wake};
use crate::room::{Room, SocketId};
use crate::sync::lock;
use crate::{
    Action, Close, Error, Event, HistoryPage, HistoryQuery, Member, Outbound, Payload, Publication, Publish,
    Published, Reply, RoomRef,
};

/// A handle of one socket, cheap to clone, usable from every thread. After the connection has ended requests are
/// answered with [`Error::Closed`] or [`Error::NotJoined`] and messages go nowhere.
#[derive(Clone)]
pub struct Socket(pub(crate) Arc<Core>);

/// What the handles of a socket share.
pub(crate) struct Core {
    pub(crate) id: SocketId,
    pub(crate) link: Arc<Link>,
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
    /// Set once; nothing is added to the others afterwards.
    pub(crate) closed: bool,
}

/// A membership as its socket knows it.
#[derive(Clone)]
pub(crate) struct Seat {
    pub(crate) room: Arc<Room>,
    pub(crate) member: Arc<Member>,
}

impl Socket {
    pub(crate) fn new(link: Arc<Link>, namespace: Arc<Namespace>, me: Member) -> Self {
        let id = link.hub.number();
        Self(Arc::new(Core { id, link, namespace, me: Arc::new(me), state: Mutex::default() }))
    }

    /// The public name of this socket and the user behind it.
    pub fn member(&self) -> &Member {
        &self.0.me
    }

    /// The name of its namespace.
    pub fn namespace(&self) -> &str {
        &self.0.namespace.name
    }

    /// Stops being a member. Queues [`Outbound::Left`]; nothing from the room follows it.
    ///
    /// # Errors
    /// [`Error::NotJoined`].
    pub fn leave(&self, room: &str, id: Option<&str>) -> Result<(), Error> {
        let mut state = lock(&self.0.state);
        let seat = state.take_seat(room).ok_or(Error::NotJoined)?;
        self.end(state, &seat.room, Some(&Outbound::Left { room, id }));
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
        let frame = self.0.link.frame(self.namespace(), &answer, None);
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
        let class = class_of(&self.hub().limits, self.namespace(), None, event);
        let event = Event { room: None, event, data, from: None, offset: None, ack: None };
        self.queue(&Outbound::Event(event), class);
    }

    /// Queues a message of the protocol layer behind what waits already.
    pub fn send(&self, message: &Outbound<'_>) {
        self.queue(message, None);
    }

    /// Leaves the namespace: ends all memberships of this socket, silently towards the client.
    pub fn close(&self) {
        let mut state = lock(&self.0.state);
        state.closed = true;
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
    }

    /// Ends the whole connection, as [`Connection::close`](crate::Connection::close).
    pub fn close_connection(&self, close: Close) {
        self.0.link.close(close);
    }

    pub(crate) fn is_closed(&self) -> bool {
        lock(&self.0.state).closed
    }

    pub(crate) fn hub(&self) -> &Inner {
        &self.0.link.hub
    }

    pub(crate) fn queue(&self, message: &Outbound<'_>, class: Class) {
        self.0.link.push(self.0.link.frame(self.namespace(), message, class));
    }

    /// Ends a membership whose seat was taken away.
    pub(crate) fn end(&self, state: MutexGuard<'_, State>, room: &Room, tell: Option<&Outbound<'_>>) {
        let (wakes, empty) = room.remove(self.0.id);
        if empty {
            self.0.namespace.retire(room);
        }
        // Queued under the lock, so that the answer to a new join of the same room comes after it.
        let frame = tell.map(|message| self.0.link.frame(self.namespace(), message, None));
        let waker = frame.and_then(|frame| self.0.link.outbox.push(frame, false, &self.hub().limits));
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
