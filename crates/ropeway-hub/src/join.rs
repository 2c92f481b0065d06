//! Becoming a member: the answer, then what was missed, then what happens from now on.
//!
//! The member is put into the room first, with everything that happens there held back for it; then the broker
//! is asked where the room stands. What was held back and is older than the broker's answer is in that answer
//! already. So nothing is lost between the two and nothing comes twice, whether the broker answers at once or from
//! another machine.

use std::sync::Arc;

use crate::frames::class_of;
use crate::outbox::{Frame, wake};
use crate::room::{Candidate, Listed, Room};
use crate::socket::Seat;
use crate::sync::lock;
use crate::{
    Action, CatchUp, Error, Member, Outbound, PastEvent, Position, Reply, RoomRef, Since, Socket, Wakes,
};

/// A request to join a room.
#[derive(Clone, Copy, Debug, Default)]
pub struct Join<'a> {
    /// Which room.
    pub room: &'a str,
    /// Goes into the answer.
    pub id: Option<&'a str>,
    /// What the client has seen already.
    pub since: Option<Since<'a>>,
    /// JSON text that the other members see.
    pub info: Option<&'a str>,
}

impl Socket {
    /// Becomes a member of a room. Queues [`Outbound::Joined`], then the missed events, then live ones, without
    /// gap or repetition. A member that joins again is answered in the same way; the others do not notice, and its
    /// `info` stays as it was.
    ///
    /// What was missed is replayed completely or, when a part of it is gone or it is more than the outbox
    /// has space for, not at all.
    ///
    /// A pending reply must be awaited: until then the socket gets nothing from the room. Dropping it leaves
    /// the room.
    ///
    /// # Errors
    /// [`Error::InvalidRoom`], [`Error::TooLarge`] (info), [`Error::Forbidden`], [`Error::TooManyRooms`],
    /// [`Error::Unavailable`] (the broker cannot tell where the room stands, or a join of the same room is
    /// under way), [`Error::Closed`]. The socket is not a member then; one that was before is told
    /// [`Outbound::Left`] if the broker failed.
    pub fn join(&self, join: &Join<'_>) -> Reply<Result<(), Error>> {
        let (joining, wakes) = match self.begin(join) {
            Ok(entered) => entered,
            Err(error) => return Reply::Ready(Err(error)),
        };
        drop(wakes);
        match self.hub().broker.catch_up(joining.room.to_ref(), join.since) {
            Reply::Ready(caught_up) => Reply::Ready(joining.finish(caught_up)),
            Reply::Pending(later) => Reply::Pending(Box::pin(async move { joining.finish(later.await) })),
        }
    }

    /// Becomes a member because the server wants it: nobody is asked, and everything else is as with
    /// [`Socket::join`].
    ///
    /// # Errors
    /// [`Error::InvalidRoom`], [`Error::TooManyRooms`], [`Error::Unavailable`], [`Error::Closed`].
    pub fn enter(&self, room: &str) -> Reply<Result<(), Error>> {
        self.join(&Join { room, ..Join::default() })
    }

    fn begin(&self, join: &Join<'_>) -> Result<(Joining, Wakes), Error> {
        self.hub().check_room(join.room)?;
        self.hub().check_info(join.info)?;
        let ticket = self.hub().number();
        let mut state = lock(&self.0.state);
        if state.closed {
            return Err(Error::Closed);
        }
        if let Some(Seat { room, .. }) = state.seat(join.room).cloned() {
            let listed = room.hold(self.0.id, ticket)?;
            return Ok((self.joining(join, room, ticket, listed, true), Wakes::default()));
        }
        if state.seats.len() >= self.hub().limits.rooms_per_socket {
            return Err(Error::TooManyRooms);
        }
        let (seat, wakes, listed) = self.sit_down(join, ticket)?;
        let room = Arc::clone(&seat.room);
        if state.seats.is_empty() {
            // Most sockets are in one room.
            state.seats.reserve_exact(1);
        }
        state.seats.push(seat);
        Ok((self.joining(join, room, ticket, listed, false), wakes))
    }

    /// Asks the policy and adds the member to the room.
    fn sit_down(&self, join: &Join<'_>, ticket: u64) -> Result<(Seat, Wakes, Listed), Error> {
        let namespace = &self.0.namespace;
        let settings = match namespace.find(join.room) {
            Some(room) => Arc::clone(&room.settings),
            None => self.hub().policy.settings(&namespace.name, join.room),
        };
        let room = RoomRef { namespace: &namespace.name, name: join.room, settings: &settings };
        self.check(Action::Join, room)?;
        let member = self.with_info(join.info);
        let candidate = Candidate { id: self.0.id, link: self.0.link(), member: &member, ticket };
        let (room, wakes, listed) = namespace.admit(join.room, &settings, &candidate);
        Ok((Seat { room, member }, wakes, listed))
    }

    fn with_info(&self, info: Option<&str>) -> Arc<Member> {
        match info {
            Some(info) => Arc::new(Member { info: Some(info.into()), ..Member::clone(&self.0.me) }),
            None => Arc::clone(&self.0.me),
        }
    }

    fn joining(&self, join: &Join<'_>, room: Arc<Room>, ticket: u64, listed: Listed, again: bool) -> Joining {
        Joining {
            socket: self.clone(),
            room,
            ticket,
            id: join.id.map(Into::into),
            seen: join.since.map_or(0, |since| since.offset),
            listed,
            again,
            done: false,
        }
    }
}

/// A member that waits for the broker's answer. Dropping it before the end leaves the room.
struct Joining {
    socket: Socket,
    room: Arc<Room>,
    ticket: u64,
    id: Option<Box<str>>,
    /// The last offset that the client knows.
    seen: u64,
    listed: Listed,
    /// It was a member before.
    again: bool,
    done: bool,
}

impl Joining {
    fn finish(mut self, caught_up: Result<CatchUp, Error>) -> Result<(), Error> {
        let caught_up = caught_up?;
        let newest = caught_up.position.as_ref().map(|position| position.offset);
        let answer = self.answer(caught_up);
        let waker = self.room.release(self.socket.0.id, self.ticket, answer, newest)?;
        self.done = true;
        wake(waker);
        Ok(())
    }

    /// `joined` and the missed events, or without them when they do not fit.
    fn answer(&self, caught_up: CatchUp) -> Vec<Frame> {
        let link = self.socket.0.link();
        let missed = caught_up.missed.map(|events| {
            let encode = |event: &Arc<PastEvent>| self.replay(event);
            events.iter().map(encode).collect::<Vec<_>>()
        });
        let size = |frames: &Vec<Frame>| frames.iter().map(|frame| frame.bytes.len()).sum();
        let fits = |frames: &Vec<Frame>| link.outbox.has_space(frames.len(), size(frames), &link.limits);
        let missed = missed.filter(fits);
        let mut frames = vec![self.joined(caught_up.position, missed.is_some())];
        frames.extend(missed.unwrap_or_default());
        frames
    }

    fn joined(&self, mut position: Option<Position>, recovered: bool) -> Frame {
        if recovered && let Some(position) = &mut position {
            position.offset = self.seen;
        }
        let joined = Outbound::Joined {
            room: &self.room.name,
            id: self.id.as_deref(),
            position: position.as_ref(),
            recovered,
            members: self.listed.as_deref(),
        };
        self.socket.0.link().frame(&self.room.namespace, &joined, None)
    }

    fn replay(&self, event: &PastEvent) -> Frame {
        let event = event.as_event(&self.room.name);
        let limits = &self.socket.hub().limits;
        let class = class_of(limits, &self.room.namespace, event.room, event.event);
        self.socket.0.link().frame(&self.room.namespace, &Outbound::Event(event), class)
    }

    /// Gives up the seat, if it is still the one that this join holds.
    fn give_up(&self) {
        let mut state = lock(&self.socket.0.state);
        if !self.room.is_held(self.socket.0.id, self.ticket) {
            return;
        }
        state.take_seat(&self.room.name);
        let left = Outbound::Left { room: &self.room.name, id: None };
        self.socket.end_membership(state, &self.room, self.again.then_some(&left));
    }
}

impl Drop for Joining {
    fn drop(&mut self) {
        if !self.done {
            self.give_up();
        }
    }
}
