//! A namespace: its rooms by name and its sockets by session.

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};

mod addressing;

use crate::outbox::Link;
use crate::recovery::Recovery;
use crate::room::{Candidate, Listed, Room, SocketId};
use crate::sync::lock;
use crate::{Broker, RoomSettings, Wakes};

/// Enough that threads rarely meet at one; a shard without rooms costs 56 bytes, and there may be thousands of
/// namespaces.
const SHARDS: usize = 16;

/// What a namespace has to know of a socket.
pub(crate) trait Resident {
    fn id(&self) -> SocketId;

    /// Its public name.
    fn session(&self) -> &Arc<str>;

    fn link(&self) -> &Arc<Link>;
}

/// A space of room names, with the sockets in it.
pub(crate) struct Namespace<S> {
    pub(crate) name: Arc<str>,
    broker: Arc<dyn Broker>,
    hasher: RandomState,
    /// Locked to find a room, for a moment. A room enters and leaves its shard together with the broker's
    /// subscription, so that those calls come in order.
    shards: Box<[Mutex<Shard>]>,
    /// Rooms in all shards.
    count: AtomicUsize,
    /// Sockets, established or not, that have not ended. Counted up only under the lock of the hub's map of
    /// namespaces, so that a namespace that is taken out of it has none and gets none.
    open: AtomicUsize,
    /// Established sockets. Locked while everybody is served: it is the order of what everybody gets.
    sockets: Mutex<Sockets<S>>,
    /// Sockets that wait, or did since the last tick, for an acknowledgement; each of them once. Innermost: nothing
    /// is locked under it.
    watched: Mutex<Vec<Weak<S>>>,
    /// What sockets that come back need; absent when they cannot.
    pub(crate) recovery: Option<Box<Recovery>>,
    /// To be forgotten as soon as nobody can come back.
    abandoned: AtomicBool,
}

type Shard = HashMap<Arc<str>, Arc<Room>>;

/// Established sockets by their session.
type Sockets<S> = HashSet<Established<S>>;

pub(crate) struct Established<S>(pub(crate) Arc<S>);

impl<S: Resident> Borrow<str> for Established<S> {
    fn borrow(&self) -> &str {
        self.0.session()
    }
}

impl<S: Resident> PartialEq for Established<S> {
    fn eq(&self, other: &Self) -> bool {
        self.0.session() == other.0.session()
    }
}

impl<S: Resident> Eq for Established<S> {}

impl<S: Resident> Hash for Established<S> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Borrow::<str>::borrow(self).hash(state);
    }
}

impl<S: Resident> Namespace<S> {
    pub(crate) fn new(name: &str, broker: Arc<dyn Broker>, recovery: Option<Box<Recovery>>) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self {
            name: name.into(),
            broker,
            hasher: RandomState::new(),
            shards,
            count: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            sockets: Mutex::new(HashSet::new()),
            watched: Mutex::default(),
            recovery,
            abandoned: AtomicBool::new(false),
        }
    }

    /// A socket is opened; only under the lock of the hub's map.
    pub(crate) fn enter(&self) {
        self.open.fetch_add(1, Ordering::AcqRel);
    }

    /// A socket has ended.
    pub(crate) fn exit(&self) {
        self.open.fetch_sub(1, Ordering::AcqRel);
    }

    /// Whether a socket, established or not, has not ended.
    pub(crate) fn is_occupied(&self) -> bool {
        self.open.load(Ordering::Acquire) > 0
    }

    /// Makes a socket one that can be addressed; `false` when another has the same session.
    pub(crate) fn establish(&self, socket: &Arc<S>) -> bool {
        lock(&self.sockets).insert(Established(Arc::clone(socket)))
    }

    /// Whether somebody may come back here.
    pub(crate) fn is_awaited(&self) -> bool {
        self.recovery.as_ref().is_some_and(|recovery| recovery.lock().has_sessions())
    }

    /// Says whether it is to be forgotten as soon as nobody can come back.
    pub(crate) fn abandon(&self, is_abandoned: bool) {
        self.abandoned.store(is_abandoned, Ordering::Relaxed);
    }

    pub(crate) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Relaxed)
    }

    /// Has the time watched for sockets that are not watched yet.
    pub(crate) fn watch(&self, sockets: impl IntoIterator<Item = Weak<S>>) {
        lock(&self.watched).extend(sockets);
    }

    /// Those whose time is watched, who are not any more.
    pub(crate) fn take_watched(&self) -> Vec<Weak<S>> {
        std::mem::take(&mut *lock(&self.watched))
    }

    /// Takes an established socket out.
    pub(crate) fn dismiss(&self, socket: &S) {
        let mut sockets = lock(&self.sockets);
        sockets.remove(&**socket.session());
        if sockets.capacity() > 16 && sockets.capacity() / 4 > sockets.len() {
            let len = sockets.len();
            sockets.shrink_to(len * 2);
        }
    }

    /// The established socket with this session.
    pub(crate) fn socket(&self, session: &str) -> Option<Arc<S>> {
        lock(&self.sockets).get(session).map(|socket| Arc::clone(&socket.0))
    }

    /// All established sockets, for as long as it is held.
    pub(crate) fn sockets(&self) -> MutexGuard<'_, Sockets<S>> {
        lock(&self.sockets)
    }

    pub(crate) fn rooms(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// The room, if somebody is in it.
    pub(crate) fn find(&self, name: &str) -> Option<Arc<Room>> {
        lock(self.shard(name)).get(name).cloned()
    }

    /// Makes a socket a member, and the room if there is none yet.
    pub(crate) fn admit(
        &self,
        name: &str,
        settings: &Arc<RoomSettings>,
        candidate: &Candidate<'_>,
    ) -> (Arc<Room>, Wakes, Listed) {
        loop {
            let room = self.find_or_make(name, settings);
            // A room that is gone has left the map already: the next one found is another.
            if let Some((wakes, listed)) = room.admit(candidate) {
                return (room, wakes, listed);
            }
        }
    }

    /// Forgets a room that the last member has left, unless somebody came meanwhile.
    pub(crate) fn retire(&self, room: &Room) {
        let mut shard = lock(self.shard(&room.name));
        if !room.retire() {
            return;
        }
        shard.remove(&room.name);
        if shard.capacity() > 16 && shard.capacity() / 4 > shard.len() {
            let len = shard.len();
            shard.shrink_to(len * 2);
        }
        self.count.fetch_sub(1, Ordering::Relaxed);
        self.broker.unsubscribe(room.to_ref());
    }

    fn find_or_make(&self, name: &str, settings: &Arc<RoomSettings>) -> Arc<Room> {
        let mut shard = lock(self.shard(name));
        if let Some(room) = shard.get(name) {
            return Arc::clone(room);
        }
        let room = Arc::new(Room::new(Arc::clone(&self.name), name, Arc::clone(settings)));
        shard.insert(Arc::clone(&room.name), Arc::clone(&room));
        self.count.fetch_add(1, Ordering::Relaxed);
        self.broker.subscribe(room.to_ref());
        room
    }

    fn shard(&self, name: &str) -> &Mutex<Shard> {
        &self.shards[self.hasher.hash_one(name) as usize % SHARDS]
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::{Access, Encoder, EncoderId, Hub, Join, Outbound};

    struct Silent;

    impl Encoder for Silent {
        fn id(&self) -> EncoderId {
            EncoderId(0)
        }

        fn encode(&self, _namespace: &str, _message: &Outbound<'_>) -> Bytes {
            Bytes::new()
        }
    }

    #[test]
    fn a_room_is_not_forgotten_when_somebody_came_after_the_last_left() {
        let open =
            |_: &str, _: &str| Arc::new(RoomSettings { join: Access::Anyone, ..RoomSettings::default() });
        let hub = Hub::builder(open).build();
        let connection = hub.connect(Arc::new(Silent));
        let socket = connection.open("/", "anna", None, None).unwrap();
        let join = Join { room: "a", ..Join::default() };
        let namespace = &socket.0.namespace;

        let _ = socket.join(&join);
        let first = namespace.find("a").unwrap();
        namespace.retire(&first);
        assert!(namespace.find("a").is_some(), "somebody is in it");

        socket.leave("a", None).unwrap();
        assert!(namespace.find("a").is_none());
        let _ = socket.join(&join);
        namespace.retire(&first);
        assert!(namespace.find("a").is_some(), "this is another one");
        assert_eq!(namespace.rooms(), 1);
    }
}
