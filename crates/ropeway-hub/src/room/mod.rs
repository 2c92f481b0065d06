//! A room: who is in it, and how an event reaches them.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Waker;

mod held;

use self::held::Held;
pub(crate) use self::held::Message;
use crate::outbox::{Frame, Frames, Link};
use crate::recovery::Noted;
use crate::sync::lock;
use crate::{Error, Limits, Member, Outbound, RoomRef, RoomSettings, Wakes};

/// The number of a socket, unique in this hub.
pub(crate) type SocketId = u64;

/// Who is in a room, when it has presence.
pub(crate) type Listed = Option<Vec<Arc<Member>>>;

/// A room with members on this node. Made by the first and forgotten after the last.
pub(crate) struct Room {
    pub(crate) namespace: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) settings: Arc<RoomSettings>,
    /// Everything that members see happens under this lock: it is the order of the room.
    state: Mutex<Members>,
}

/// The members of one room.
#[derive(Default)]
pub(crate) struct Members {
    by_socket: HashMap<SocketId, Membership>,
    /// The room was taken out of the map: who comes now must ask the map for a new one.
    gone: bool,
}

struct Membership {
    link: Arc<Link>,
    member: Arc<Member>,
    /// What happens while the answer to a join or a presence request is made.
    held: Option<Box<Held>>,
}

/// A socket in its role of a member, with what is needed to make it one.
pub(crate) struct Candidate<'a> {
    pub(crate) id: SocketId,
    pub(crate) link: &'a Arc<Link>,
    pub(crate) member: &'a Arc<Member>,
    /// Tells this hold from an earlier or later one; without it nothing is held.
    pub(crate) ticket: Option<u64>,
}

impl Room {
    pub(crate) fn new(namespace: Arc<str>, name: &str, settings: Arc<RoomSettings>) -> Self {
        Self { namespace, name: name.into(), settings, state: Mutex::default() }
    }

    pub(crate) fn to_ref(&self) -> RoomRef<'_> {
        RoomRef { namespace: &self.namespace, name: &self.name, settings: &self.settings }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Members> {
        lock(&self.state)
    }

    /// Adds a member; its messages are held, if so wanted, until [`Room::release`]. `None`: this room is gone.
    pub(crate) fn admit(&self, candidate: &Candidate<'_>) -> Option<(Wakes, Listed)> {
        let mut members = self.lock();
        if members.gone {
            return None;
        }
        let joined = Outbound::MemberJoined { room: &self.name, member: candidate.member };
        let wakes = self.announce(&mut members, &joined);
        let membership = Membership {
            link: Arc::clone(candidate.link),
            member: Arc::clone(candidate.member),
            held: candidate.ticket.map(Held::new),
        };
        members.by_socket.insert(candidate.id, membership);
        Some((wakes, self.list(&members, candidate.link)))
    }

    /// Holds back the messages for a member and says who is here, at one moment.
    ///
    /// # Errors
    /// [`Error::NotJoined`]; [`Error::Unavailable`] when they are held back already.
    pub(crate) fn hold(&self, id: SocketId, ticket: u64) -> Result<Listed, Error> {
        let mut members = self.lock();
        let membership = members.by_socket.get_mut(&id).ok_or(Error::NotJoined)?;
        if membership.held.is_some() {
            return Err(Error::Unavailable);
        }
        membership.held = Some(Held::new(ticket));
        let link = Arc::clone(&membership.link);
        Ok(self.list(&members, &link))
    }

    /// Queues `answer` for a member, then what was held back of the messages that happened after `seen` (the
    /// newest offset that the answer knows of), and from now on everything at once. `redo` makes the frame of what
    /// was held back, or drops it.
    ///
    /// # Errors
    /// [`Error::Unavailable`]: more happened meanwhile than can be held (the hold stays), or the membership ended.
    pub(crate) fn release(
        &self,
        id: SocketId,
        ticket: u64,
        answer: Vec<Frame>,
        seen: Option<u64>,
        redo: impl FnMut(Message) -> Option<(Frame, bool)>,
    ) -> Result<Option<Waker>, Error> {
        let mut members = self.lock();
        let membership = members.by_socket.get_mut(&id).ok_or(Error::Unavailable)?;
        let held = membership.held.take_if(|held| held.ticket == ticket && !held.overflow);
        let held = held.ok_or(Error::Unavailable)?;
        let frames = answer.into_iter().map(|frame| (frame, false)).chain(held.after(seen).filter_map(redo));
        Ok(membership.link.outbox.push_all(frames, &membership.link.limits))
    }

    /// Whether this hold has not ended.
    pub(crate) fn is_held(&self, id: SocketId, ticket: u64) -> bool {
        let members = self.lock();
        let held = members.by_socket.get(&id).and_then(|membership| membership.held.as_ref());
        held.is_some_and(|held| held.ticket == ticket)
    }

    /// Removes a member and tells the others. The flag: nobody is left.
    pub(crate) fn remove(&self, id: SocketId) -> (Wakes, bool) {
        let mut members = self.lock();
        let Some(membership) = members.by_socket.remove(&id) else {
            return (Wakes::default(), false);
        };
        members.shrink();
        let left = Outbound::MemberLeft { room: &self.name, member: &membership.member };
        let wakes = self.announce(&mut members, &left);
        (wakes, members.by_socket.is_empty())
    }

    /// Marks the room as gone if nobody is in it.
    pub(crate) fn retire(&self) -> bool {
        let mut members = self.lock();
        let first = !members.gone;
        members.gone = members.by_socket.is_empty();
        members.gone && first
    }

    fn list(&self, members: &Members, link: &Link) -> Listed {
        let most = link.limits.members_listed;
        self.settings.presence.then(|| members.list(most))
    }

    fn announce(&self, members: &mut Members, change: &Outbound<'_>) -> Wakes {
        let mut wakes = Wakes::default();
        if self.settings.presence {
            let mut frames = Frames::new(&self.namespace, change, None);
            members.serve(&mut Fanout::to_all(&mut frames), &mut wakes);
        }
        wakes
    }
}

/// How a message goes to the members of a room.
pub(crate) struct Fanout<'a, 'm> {
    pub(crate) frames: &'a mut Frames<'m>,
    /// The place of the message in the history of the room.
    pub(crate) offset: Option<u64>,
    pub(crate) volatile: bool,
    /// Its place in the log of the namespace.
    pub(crate) noted: Option<Noted>,
    /// Sockets to leave out, in order.
    pub(crate) except: Vec<SocketId>,
    /// Sockets that have it already, when several rooms are served.
    pub(crate) served: Option<HashSet<SocketId>>,
}

impl<'a, 'm> Fanout<'a, 'm> {
    pub(crate) fn to_all(frames: &'a mut Frames<'m>) -> Self {
        Self { frames, offset: None, volatile: false, noted: None, except: Vec::new(), served: None }
    }

    /// Asked for each member, and mostly there is nobody to skip.
    #[inline]
    fn skips(&mut self, id: SocketId) -> bool {
        (!self.except.is_empty() || self.served.is_some()) && self.has_no_need_of(id)
    }

    #[inline(never)]
    fn has_no_need_of(&mut self, id: SocketId) -> bool {
        self.except.binary_search(&id).is_ok()
            || self.served.as_mut().is_some_and(|served| !served.insert(id))
    }

    /// Queues the message for a socket that is not addressed as the member of a room.
    pub(crate) fn serve_socket(&mut self, id: SocketId, link: &Link, wakes: &mut Wakes) {
        if !self.skips(id) {
            wakes.0.extend(link.outbox.push(self.frames.for_link(link), self.volatile, &link.limits));
        }
    }
}

impl Members {
    /// Queues a message for each member.
    pub(crate) fn serve(&mut self, fanout: &mut Fanout<'_, '_>, wakes: &mut Wakes) {
        for (id, membership) in &mut self.by_socket {
            if fanout.skips(*id) {
                continue;
            }
            let frame = fanout.frames.for_link(&membership.link);
            wakes.0.extend(membership.queue(frame, fanout));
        }
    }

    /// The numbers of all members.
    pub(crate) fn ids(&self) -> impl Iterator<Item = SocketId> {
        self.by_socket.keys().copied()
    }

    /// The sessions of all members.
    pub(crate) fn sessions(&self) -> Vec<Arc<str>> {
        self.by_socket.values().map(|membership| Arc::clone(&membership.member.session)).collect()
    }

    fn list(&self, most: usize) -> Vec<Arc<Member>> {
        self.by_socket.values().take(most).map(|membership| Arc::clone(&membership.member)).collect()
    }

    /// Gives memory back when three quarters of it are unused.
    fn shrink(&mut self) {
        let len = self.by_socket.len();
        if self.by_socket.capacity() > 16 && self.by_socket.capacity() / 4 > len {
            self.by_socket.shrink_to(len * 2);
        }
    }
}

impl Membership {
    fn queue(&mut self, frame: Frame, fanout: &Fanout<'_, '_>) -> Option<Waker> {
        let limits: &Limits = &self.link.limits;
        let Fanout { offset, volatile, noted, .. } = *fanout;
        match &mut self.held {
            Some(held) => {
                held.push(Message { frame, offset, volatile, noted }, limits.outbox);
                None
            }
            None => self.link.outbox.push(frame, volatile, limits),
        }
    }
}
