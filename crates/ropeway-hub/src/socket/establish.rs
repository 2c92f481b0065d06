//! How a socket begins: as a new one, or as one that comes back.

use std::sync::Arc;

use super::core::{Core, Extra, Returning, Seat, Shared, State};
use crate::namespace::Namespace;
use crate::outbox::{Frame, class_of, wake};
use crate::recovery::{Away, Entry, Memory, Track};
use crate::room::Candidate;
use crate::sync::lock;
use crate::{Error, Grants, Member, Outbound, Reply, Socket, Wakes};

impl Socket {
    /// A socket that was away; not established.
    pub(crate) fn resume(
        shared: Arc<Shared>,
        namespace: Arc<Namespace<Core>>,
        away: Away,
        from: u64,
        grants: Option<Arc<dyn Grants>>,
    ) -> Self {
        let Away { me, data, seats, track, .. } = away;
        let returning = Some(Returning { from, seats });
        let extra = Extra { data, track: Some(track), returning, grants, ..Extra::default() };
        let state = State { extra: Some(Box::new(extra)), ..State::default() };
        Self::with(shared.hub.number(), shared, namespace, me, state)
    }

    /// Lets the client come back under `pid`, a secret that nobody can guess, after its transport broke; see
    /// [`Connection::recover`](crate::Connection::recover). To be called before [`Socket::establish`]. `false`, and
    /// nothing else, in a hub without recovery, and when it came back itself: its client keeps the `pid`.
    pub fn make_recoverable(&self, pid: &str) -> bool {
        let mut state = lock(&self.0.state);
        let new = !state.closed && !state.established && state.track().is_none();
        let Some(mut memory) = self.memory().filter(|_| new) else { return false };
        memory.expect();
        state.extra.get_or_insert_default().track = Some(Box::new(Track::new(pid)));
        true
    }

    /// Whether this socket came back with all that it missed.
    pub fn is_recovered(&self) -> bool {
        lock(&self.0.state).extra.as_ref().is_some_and(|extra| extra.recovered)
    }

    /// Makes this socket one that others can address, by its session and as somebody in the namespace; to be called
    /// when it is admitted. The application is told of its end from now on. Enters the rooms that the server wanted
    /// it to be in meanwhile; one that comes back enters its rooms, of which it is not told, and what it missed is
    /// queued.
    ///
    /// # Errors
    /// [`Error::Closed`]; [`Error::Unavailable`]: another socket has the same session, or a part of what this one
    /// missed is gone meanwhile or does not fit into the outbox. Nothing was queued then, and it stays as it was.
    pub fn establish(&self) -> Result<(), Error> {
        let mut state = lock(&self.0.state);
        if state.closed || state.established {
            return if state.closed { Err(Error::Closed) } else { Ok(()) };
        }
        // Until everything is queued: what happens in the namespace from now on comes behind it.
        let mut memory = self.memory();
        let missed = self.missed(&mut state, memory.as_deref())?;
        if !self.0.namespace.establish(&self.0) {
            return Err(Error::Unavailable);
        }
        state.established = true;
        let wakes = self.come_in(&mut state, memory.as_deref_mut());
        let missed = missed.into_iter().map(|frame| (frame, false));
        let waker = self.0.link.outbox.push_all(missed, &self.0.link.limits);
        drop(memory);
        drop(state);
        drop(wakes);
        wake(waker);
        Ok(())
    }

    /// Frames of what the client missed, when the socket comes back.
    fn missed(&self, state: &mut State, memory: Option<&Memory>) -> Result<Vec<Frame>, Error> {
        let from = state.extra.as_ref().and_then(|extra| Some(extra.returning.as_ref()?.from));
        let (Some(from), Some(memory), Some(track)) = (from, memory, state.track()) else {
            return Ok(Vec::new());
        };
        let events = memory.after(from, self.hub().now()).ok_or(Error::Unavailable)?;
        let whereabouts = track.whereabouts(self.id());
        let missed = events.filter(|entry| whereabouts.receives(entry));
        let frames: Vec<Frame> = missed.map(|entry| self.logged_frame(entry, memory)).collect();
        let size = frames.iter().map(|frame| frame.bytes.len()).sum();
        let fits = self.0.link.outbox.has_space(frames.len(), size, &self.0.link.limits);
        if fits { Ok(frames) } else { Err(Error::Unavailable) }
    }

    pub(crate) fn logged_frame(&self, entry: &Entry, memory: &Memory) -> Frame {
        let place = memory.offset(entry.seq);
        let event = entry.as_event(self.id(), &place);
        let class = class_of(&self.0.link.limits, self.namespace(), event.room, event.event);
        self.0.link.frame(self.namespace(), &Outbound::Event(event), class)
    }

    /// Enters the rooms that have waited for it.
    fn come_in(&self, state: &mut State, mut memory: Option<&mut Memory>) -> Vec<Wakes> {
        let Some(extra) = &mut state.extra else {
            return Vec::new();
        };
        let early = std::mem::take(&mut extra.early);
        let returning = extra.returning.take();
        extra.recovered = returning.is_some();
        if let (None, Some(memory), Some(track)) = (&returning, &memory, &mut extra.track) {
            track.begin(memory.newest());
        }
        let mut wakes = Vec::new();
        for (room, member) in returning.into_iter().flat_map(|returning| returning.seats) {
            wakes.push(self.sit_again(state, &room, member));
        }
        for room in early {
            wakes.extend(self.sit_early(state, memory.as_deref_mut(), &room));
        }
        wakes
    }

    /// A seat that it had before; its notes say so still.
    fn sit_again(&self, state: &mut State, room: &str, member: Arc<Member>) -> Wakes {
        let settings = self.settings_of(room);
        let candidate = Candidate { id: self.0.id, link: &self.0.link, member: &member, ticket: None };
        let (room, wakes, _) = self.0.namespace.admit(room, &settings, &candidate);
        state.seats.push(Seat { room, member });
        wakes
    }

    /// A seat without asking the broker where the room stands, for which there is no time here.
    fn sit_early(&self, state: &mut State, memory: Option<&mut Memory>, room: &str) -> Option<Wakes> {
        if state.seat(room).is_some() {
            return None;
        }
        let (settings, member) = (self.settings_of(room), Arc::clone(&self.0.me));
        let ticket = self.hub().number();
        let candidate =
            Candidate { id: self.0.id, link: &self.0.link, member: &member, ticket: Some(ticket) };
        let (room, mut wakes, listed) = self.0.namespace.admit(room, &settings, &candidate);
        let joined = Outbound::Joined {
            room: &room.name,
            id: None,
            position: None,
            recovered: false,
            members: listed.as_deref(),
        };
        let frame = self.0.link.frame(self.namespace(), &joined, None);
        let released = self.release_locked(state, memory, &room, ticket, vec![frame], None);
        state.seats.push(Seat { room, member });
        wakes.0.extend(released.ok().flatten());
        Some(wakes)
    }

    /// What [`Socket::enter`] does before the socket is established.
    pub(crate) fn enter_early(&self, state: &mut State, room: &str) -> Reply<Result<(), Error>> {
        let extra = state.extra.get_or_insert_default();
        if extra.rooms_to_come().any(|name| **name == *room) {
            return Reply::Ready(Ok(()));
        }
        if extra.rooms_to_come().count() >= self.hub().limits.rooms_per_socket {
            return Reply::Ready(Err(Error::TooManyRooms));
        }
        extra.early.push(room.into());
        Reply::Ready(Ok(()))
    }
}
