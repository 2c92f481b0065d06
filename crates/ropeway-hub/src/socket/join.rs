//! Becoming a member: the answer, then what was missed, then what happens from now on.
//!
//! The member is put into the room first, with everything that happens there held back for it; then the broker
//! is asked where the room stands. What was held back and is older than the broker's answer is in that answer
//! already. So nothing is lost between the two and nothing comes twice, whether the broker answers at once or from
//! another machine.

use std::sync::Arc;
use std::task::Waker;

use super::core::{Seat, State};
use crate::outbox::{Frame, class_of, wake};
use crate::recovery::{Memory, Noted};
use crate::room::{Candidate, Listed, Message, Room};
use crate::sync::lock;
use crate::{
    Action, CatchUp, Error, Member, Outbound, PastEvent, Position, Reply, RoomRef, RoomSettings, Since,
    Socket, Wakes,
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
        self.join_as(join, true)
    }

    /// Becomes a member because the server wants it: nobody is asked, and everything else is as with
    /// [`Socket::join`]. Before the socket is established this is noted, and done when it is, without a position in
    /// the answer.
    ///
    /// # Errors
    /// [`Error::InvalidRoom`], [`Error::TooManyRooms`], [`Error::Unavailable`], [`Error::Closed`].
    pub fn enter(&self, room: &str) -> Reply<Result<(), Error>> {
        if let Err(error) = self.hub().check_room(room) {
            return Reply::Ready(Err(error));
        }
        let mut state = lock(&self.0.state);
        if !state.established && !state.closed {
            return self.enter_early(&mut state, room);
        }
        drop(state);
        self.join_as(&Join { room, ..Join::default() }, false)
    }

    fn join_as(&self, join: &Join<'_>, ask: bool) -> Reply<Result<(), Error>> {
        let (joining, wakes) = match self.begin(join, ask) {
            Ok(entered) => entered,
            Err(error) => return Reply::Ready(Err(error)),
        };
        drop(wakes);
        match self.hub().broker.catch_up(joining.room.to_ref(), join.since) {
            Reply::Ready(caught_up) => Reply::Ready(joining.finish(caught_up)),
            Reply::Pending(later) => Reply::Pending(Box::pin(async move { joining.finish(later.await) })),
        }
    }

    fn begin(&self, join: &Join<'_>, ask: bool) -> Result<(Joining, Wakes), Error> {
        self.hub().check_room(join.room)?;
        self.hub().check_info(join.info)?;
        let ticket = self.hub().number();
        let mut state = lock(&self.0.state);
        if state.closed {
            return Err(Error::Closed);
        }
        if let Some(Seat { room, .. }) = state.seat(join.room).cloned() {
            let listed = self.hold(&mut state, &room, ticket)?;
            return Ok((self.joining(join, room, ticket, listed, true), Wakes::default()));
        }
        if state.seats.len() >= self.hub().limits.rooms_per_socket {
            return Err(Error::TooManyRooms);
        }
        let (seat, wakes, listed) = self.sit_down(&state, join, ask, ticket)?;
        let room = Arc::clone(&seat.room);
        if state.seats.is_empty() {
            // Most sockets are in one room.
            state.seats.reserve_exact(1);
        }
        state.seats.push(seat);
        Ok((self.joining(join, room, ticket, listed, false), wakes))
    }

    /// Asks the policy, if so wanted, and adds the member to the room.
    fn sit_down(
        &self,
        state: &State,
        join: &Join<'_>,
        ask: bool,
        ticket: u64,
    ) -> Result<(Seat, Wakes, Listed), Error> {
        let namespace = &self.0.namespace;
        let settings = self.settings_of(join.room);
        if ask {
            let room = RoomRef { namespace: &namespace.name, name: join.room, settings: &settings };
            self.check(Action::Join, room, state.grants())?;
        }
        let member = self.with_info(join.info);
        let candidate =
            Candidate { id: self.0.id, link: &self.0.link, member: &member, ticket: Some(ticket) };
        let (room, wakes, listed) = namespace.admit(join.room, &settings, &candidate);
        Ok((Seat { room, member }, wakes, listed))
    }

    pub(crate) fn settings_of(&self, room: &str) -> Arc<RoomSettings> {
        match self.0.namespace.find(room) {
            Some(room) => Arc::clone(&room.settings),
            None => self.hub().policy.settings(self.namespace(), room),
        }
    }

    /// Begins to hold back what happens in a room that the socket is in.
    pub(crate) fn hold(&self, state: &mut State, room: &Room, ticket: u64) -> Result<Listed, Error> {
        let memory = self.memory();
        let listed = room.hold(self.0.id, ticket)?;
        state.track_leave(&room.name, memory.as_deref());
        Ok(listed)
    }

    /// Ends a hold: queues `answer` and what was held back and is newer than `seen`.
    pub(crate) fn release(
        &self,
        state: &mut State,
        room: &Room,
        ticket: u64,
        answer: Vec<Frame>,
        seen: Option<u64>,
    ) -> Result<Option<Waker>, Error> {
        let mut memory = self.memory();
        self.release_locked(state, memory.as_deref_mut(), room, ticket, answer, seen)
    }

    /// As [`Socket::release`]. What was held back of a socket that may come back is logged once more, for it alone:
    /// other events with higher numbers were queued meanwhile, and its client counts on growing ones.
    pub(crate) fn release_locked(
        &self,
        state: &mut State,
        mut memory: Option<&mut Memory>,
        room: &Room,
        ticket: u64,
        answer: Vec<Frame>,
        seen: Option<u64>,
    ) -> Result<Option<Waker>, Error> {
        let tracked = state.track().is_some();
        let redo = |message: Message| match (&mut memory, message.noted) {
            (Some(memory), Some(noted)) if tracked => self.log_again(memory, noted, message.frame),
            _ => Some((message.frame, message.volatile)),
        };
        let waker = room.release(self.0.id, ticket, answer, seen, redo)?;
        state.track_join(&room.name, memory.as_deref());
        Ok(waker)
    }

    fn log_again(&self, memory: &mut Memory, noted: Noted, frame: Frame) -> Option<(Frame, bool)> {
        if !noted.logged {
            return None; // volatile
        }
        let again = memory.repeat(noted.seq, self.id(), self.hub().now());
        Some((again.map_or(frame, |entry| self.logged_frame(&entry, memory)), false))
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
        let mut state = lock(&self.socket.0.state);
        let waker = self.socket.release(&mut state, &self.room, self.ticket, answer, newest)?;
        drop(state);
        self.done = true;
        wake(waker);
        Ok(())
    }

    /// `joined` and the missed events, or without them when they do not fit.
    fn answer(&self, caught_up: CatchUp) -> Vec<Frame> {
        let link = &self.socket.0.link;
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
        self.socket.0.link.frame(&self.room.namespace, &joined, None)
    }

    fn replay(&self, event: &PastEvent) -> Frame {
        let event = event.as_event(&self.room.name);
        let limits = &self.socket.hub().limits;
        let class = class_of(limits, &self.room.namespace, event.room, event.event);
        self.socket.0.link.frame(&self.room.namespace, &Outbound::Event(event), class)
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
