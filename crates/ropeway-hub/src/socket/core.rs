//! What a socket and its connection are behind their handles.

use std::any::Any;
use std::sync::{Arc, Mutex};

use crate::acks::Acks;
use crate::common::Common;
use crate::namespace::{Namespace, Resident};
use crate::outbox::Link;
use crate::recovery::{Memory, Track};
use crate::room::{Room, SocketId};
use crate::sync::lock;
use crate::{Encoder, Grants, Member};

/// What a connection and its sockets share.
pub(crate) struct Shared {
    pub(crate) hub: Arc<Common>,
    pub(crate) link: Arc<Link>,
    /// Those that have not ended. They hold on to this in turn: each leaves when it ends, and all do with the
    /// connection.
    pub(crate) sockets: Mutex<Vec<Arc<Core>>>,
}

/// What the handles of a socket share.
pub(crate) struct Core {
    pub(crate) id: SocketId,
    pub(crate) shared: Arc<Shared>,
    /// That of `shared`; here because sending to everybody asks each socket.
    pub(crate) link: Arc<Link>,
    pub(crate) namespace: Arc<Namespace<Core>>,
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
    /// What only some sockets have.
    pub(crate) extra: Option<Box<Extra>>,
    /// It can be addressed.
    pub(crate) established: bool,
    /// Set once; nothing is added to the others afterwards.
    pub(crate) closed: bool,
}

/// Of sockets behind which there is an application, that have grants, or that may come back.
#[derive(Default)]
pub(crate) struct Extra {
    pub(crate) data: Option<Arc<str>>,
    /// Dropped when the socket has ended, because it may hold on to the socket.
    pub(crate) attachment: Option<Arc<dyn Any + Send + Sync>>,
    /// What its credentials allow; absent for those that have none.
    pub(crate) grants: Option<Arc<dyn Grants>>,
    /// Rooms that the server wants it to be in as soon as it is established.
    pub(crate) early: Vec<Arc<str>>,
    /// What it needs to come back another time; until it has ended.
    pub(crate) track: Option<Box<Track>>,
    /// What it has come back to; until it is established.
    pub(crate) returning: Option<Returning>,
    /// It came back with all that it missed.
    pub(crate) recovered: bool,
}

/// A membership as its socket knows it.
#[derive(Clone)]
pub(crate) struct Seat {
    pub(crate) room: Arc<Room>,
    pub(crate) member: Arc<Member>,
}

/// What a socket comes back to.
pub(crate) struct Returning {
    /// The number of the last event that its client does not need.
    pub(crate) from: u64,
    /// Its rooms, and itself as it was in each.
    pub(crate) seats: Vec<(Arc<str>, Arc<Member>)>,
}

impl Shared {
    pub(crate) fn new(hub: Arc<Common>, encoder: Arc<dyn Encoder>) -> Self {
        let link = Arc::new(Link::new(Arc::clone(&hub.limits), encoder));
        Self { hub, link, sockets: Mutex::default() }
    }

    /// The sockets at this moment.
    pub(crate) fn sockets(&self) -> Vec<Arc<Core>> {
        lock(&self.sockets).clone()
    }

    /// A socket has ended.
    pub(crate) fn forget(&self, socket: &Arc<Core>) {
        lock(&self.sockets).retain(|other| !Arc::ptr_eq(other, socket));
    }
}

impl Resident for Core {
    fn id(&self) -> SocketId {
        self.id
    }

    fn session(&self) -> &Arc<str> {
        &self.me.session
    }

    fn link(&self) -> &Arc<Link> {
        &self.link
    }
}

impl Extra {
    pub(crate) fn rooms_to_come(&self) -> impl Iterator<Item = &Arc<str>> {
        let returning = self.returning.iter().flat_map(|returning| &returning.seats);
        self.early.iter().chain(returning.map(|(room, _)| room))
    }
}

impl State {
    pub(crate) fn grants(&self) -> Option<&dyn Grants> {
        self.extra.as_ref()?.grants.as_deref()
    }

    pub(crate) fn track(&mut self) -> Option<&mut Track> {
        self.extra.as_mut()?.track.as_deref_mut()
    }

    /// Notes that the socket gets nothing from a room any more, or nothing for now.
    pub(crate) fn track_leave(&mut self, room: &str, memory: Option<&Memory>) {
        if let (Some(track), Some(memory)) = (self.track(), memory) {
            track.leave(room, memory.newest(), memory.oldest());
        }
    }

    /// Notes that the socket gets what comes next in a room.
    pub(crate) fn track_join(&mut self, room: &Arc<str>, memory: Option<&Memory>) {
        if let (Some(track), Some(memory)) = (self.track(), memory) {
            track.join(room, memory.newest());
        }
    }

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
