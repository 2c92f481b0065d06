//! The hub itself: what the server holds.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};
use std::time::{Duration, Instant};

use crate::delivery::Local;
use crate::namespace::Namespace;
use crate::recovery::Recovery;
use crate::socket::Core;
use crate::sync::lock;
use crate::{
    Action, Answers, Application, Broadcast, Broker, Clock, Command, Connection, Delivery, Encoder, Error,
    Grants, Limits, Member, MemoryBroker, Payload, Policy, Publication, Published, RecoverySettings,
    RemoteSocket, Reply, RoomRef, RoomSettings, Sink, Socket, Target,
};

/// A handle of the hub, cheap to clone, usable from every thread.
#[derive(Clone)]
pub struct Hub(Arc<Inner>);

/// An event to publish to one room.
#[derive(Clone, Copy, Debug, Default)]
pub struct Publish<'a> {
    /// Which room.
    pub room: &'a str,
    /// The name of the event.
    pub event: &'a str,
    /// Its data.
    pub data: Payload<'a>,
    /// Makes it safe to repeat: a repetition is answered and not delivered again.
    pub key: Option<&'a str>,
    /// Not kept, no offset, dropped for slow consumers.
    pub volatile: bool,
}

/// What there is at the moment, on this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Stats {
    /// Connections.
    pub connections: usize,
    /// Rooms that have members.
    pub rooms: usize,
}

impl Hub {
    /// Begins with the namespace `/`, the memory broker, no application, default limits and the real clock.
    pub fn builder(policy: impl Policy) -> Builder {
        Builder {
            policy: Arc::new(policy),
            broker: None,
            application: None,
            limits: Limits::default(),
            clock: Arc::new(Instant::now),
            recovery: None,
            namespaces: vec!["/".into()],
        }
    }

    /// Registers a connection whose frames are made by `encoder`.
    pub fn connect(&self, encoder: Arc<dyn Encoder>) -> Connection {
        Connection::new(Arc::clone(&self.0), encoder)
    }

    /// Publishes as the server: without asking who may, and whether or not the room has members.
    ///
    /// # Errors
    /// [`Error::NoNamespace`], [`Error::InvalidRoom`], [`Error::TooLarge`] (key), [`Error::Unavailable`] (the
    /// broker did not take it; with a key it is safe to try again).
    pub fn publish(&self, namespace: &str, publish: &Publish<'_>) -> Reply<Result<Published, Error>> {
        match self.0.settings(namespace, publish) {
            Ok(settings) => self.0.broker.publish(&Publication {
                room: RoomRef { namespace, name: publish.room, settings: &settings },
                event: publish.event,
                data: publish.data,
                from: None,
                key: publish.key,
                volatile: publish.volatile,
            }),
            Err(error) => Reply::Ready(Err(error)),
        }
    }

    /// Makes a namespace, unless there is one of this name.
    ///
    /// # Errors
    /// [`Error::TooManyNamespaces`], [`Error::NoNamespace`] (the name is longer than
    /// [`Limits::room_name`] or has control characters).
    pub fn add_namespace(&self, name: &str) -> Result<(), Error> {
        self.0.check_room(name).map_err(|_| Error::NoNamespace)?;
        let mut namespaces = self.0.write_namespaces();
        if let Some(namespace) = namespaces.get(name) {
            namespace.abandoned.store(false, Ordering::Relaxed);
            return Ok(());
        }
        if namespaces.len() >= self.0.limits.namespaces {
            return Err(Error::TooManyNamespaces);
        }
        let namespace = new_namespace(name, &self.0.broker, self.0.recovery.as_ref());
        namespaces.insert(Arc::clone(&namespace.name), namespace);
        Ok(())
    }

    /// Forgets a namespace that nobody is in; whether there is none now. One that somebody may come back to
    /// ([`Connection::recover`]) is forgotten by [`Hub::tick`] when nobody is in it and nobody can.
    pub fn remove_namespace(&self, name: &str) -> bool {
        let mut namespaces = self.0.write_namespaces();
        let Some(namespace) = namespaces.get(name) else { return true };
        if namespace.is_occupied() {
            return false;
        }
        let awaited = namespace.is_awaited();
        namespace.abandoned.store(awaited, Ordering::Relaxed);
        if !awaited {
            namespaces.remove(name);
        }
        !awaited
    }

    /// Whether there is a namespace of this name.
    pub fn has_namespace(&self, name: &str) -> bool {
        self.0.read_namespaces().contains_key(name)
    }

    /// The names of all namespaces, in no order.
    pub fn namespaces(&self) -> Vec<Arc<str>> {
        self.0.read_namespaces().keys().cloned().collect()
    }

    /// Sends an event to the sockets of a target, to each of them once. Not kept in any history.
    ///
    /// # Errors
    /// [`Error::NoNamespace`], [`Error::InvalidRoom`], [`Error::Unavailable`].
    pub fn broadcast(&self, broadcast: &Broadcast<'_>) -> Reply<Result<(), Error>> {
        match self.0.check_target(&broadcast.target) {
            Ok(()) if broadcast.local => {
                let delivery = Delivery { broadcast: *broadcast, published: false, offset: None };
                drop(self.0.deliver(&delivery));
                Reply::Ready(Ok(()))
            }
            Ok(()) => self.0.broker.broadcast(broadcast),
            Err(error) => Reply::Ready(Err(error)),
        }
    }

    /// Sends an event to the sockets of a target and collects their answers until the timeout, which
    /// [`Hub::tick`] looks at. Dropping the reply gives up the answers.
    ///
    /// # Errors
    /// As [`Hub::broadcast`]. That somebody does not answer is no error: [`Answers::missing`].
    pub fn broadcast_with_ack(
        &self,
        broadcast: &Broadcast<'_>,
        timeout: Duration,
    ) -> Reply<Result<Answers, Error>> {
        match self.0.check_target(&broadcast.target) {
            Ok(()) if broadcast.local => self.0.ask(broadcast, timeout).map(Ok),
            Ok(()) => self.0.broker.ask(broadcast, timeout),
            Err(error) => Reply::Ready(Err(error)),
        }
    }

    /// The sockets of a target on this node, each of them once.
    pub fn sockets(&self, target: &Target<'_>) -> Vec<Socket> {
        self.0.sockets(target)
    }

    /// The sockets of a target on all nodes, each of them once.
    ///
    /// # Errors
    /// As [`Hub::broadcast`].
    pub fn fetch_sockets(&self, target: &Target<'_>) -> Reply<Result<Vec<RemoteSocket>, Error>> {
        match self.0.check_target(target) {
            Ok(()) => self.0.broker.fetch(target),
            Err(error) => Reply::Ready(Err(error)),
        }
    }

    /// Makes the sockets of a target members of rooms, on all nodes; [`Socket::enter`]. A socket that cannot (it
    /// ends, or is in too many rooms) is passed over.
    ///
    /// A pending reply must be awaited.
    ///
    /// # Errors
    /// As [`Hub::broadcast`].
    pub fn enter(&self, target: &Target<'_>, rooms: &[&str]) -> Reply<Result<(), Error>> {
        self.command(target, &Command::Enter(rooms))
    }

    /// Ends memberships of the sockets of a target, on all nodes; [`Socket::leave`].
    ///
    /// # Errors
    /// As [`Hub::broadcast`].
    pub fn leave(&self, target: &Target<'_>, rooms: &[&str]) -> Reply<Result<(), Error>> {
        self.command(target, &Command::Leave(rooms))
    }

    /// Ends the sockets of a target, on all nodes; [`Socket::disconnect`].
    ///
    /// # Errors
    /// As [`Hub::broadcast`].
    pub fn disconnect(&self, target: &Target<'_>, whole_connection: bool) -> Reply<Result<(), Error>> {
        self.command(target, &Command::Disconnect { whole_connection })
    }

    fn command(&self, target: &Target<'_>, command: &Command<'_>) -> Reply<Result<(), Error>> {
        let checked = self.0.check_target(target).and_then(|()| match command {
            Command::Enter(rooms) => self.0.check_rooms(rooms),
            Command::Leave(_) | Command::Disconnect { .. } => Ok(()),
        });
        match checked {
            Ok(()) => self.0.broker.command(target, command),
            Err(error) => Reply::Ready(Err(error)),
        }
    }

    /// Forgets what is too old: history, keys, acknowledgements that nobody sent. Call it about once a second.
    /// A timeout of an acknowledgement fires at the first call after it has passed. Takes time in proportion to the
    /// rooms with history and to the connections that wait for an acknowledgement.
    pub fn tick(&self) {
        let now = (self.0.clock)();
        self.0.broker.tick(now);
        let mut waiting = std::mem::take(&mut *lock(&self.0.waiting));
        waiting.retain(|socket| socket.upgrade().is_some_and(|socket| socket.expire_acks(now)));
        lock(&self.0.waiting).append(&mut waiting);
        self.tick_recovery(now);
    }

    fn tick_recovery(&self, now: Instant) {
        if self.0.recovery.is_none() {
            return;
        }
        let namespaces: Vec<_> = self.0.read_namespaces().values().cloned().collect();
        for namespace in namespaces {
            if let Some(recovery) = &namespace.recovery {
                recovery.lock().tick(now);
            }
            if namespace.abandoned.load(Ordering::Relaxed) {
                self.remove_namespace(&namespace.name);
            }
        }
    }

    /// What it is bounded by.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Counts.
    pub fn stats(&self) -> Stats {
        Stats {
            connections: self.0.connections.load(Ordering::Relaxed),
            rooms: self.0.read_namespaces().values().map(|namespace| namespace.rooms()).sum(),
        }
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hub").field(&self.stats()).finish()
    }
}

/// What a [`Hub`] is made of.
pub struct Builder {
    policy: Arc<dyn Policy>,
    broker: Option<Arc<dyn Broker>>,
    application: Option<Arc<dyn Application>>,
    limits: Limits,
    clock: Clock,
    recovery: Option<RecoverySettings>,
    namespaces: Vec<String>,
}

impl Builder {
    /// Adds a namespace.
    #[must_use]
    pub fn namespace(mut self, name: &str) -> Self {
        self.namespaces.push(name.into());
        self
    }

    /// Sets the limits.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Sets the broker that joins this hub with others.
    #[must_use]
    pub fn broker(self, broker: Arc<dyn Broker>) -> Self {
        Self { broker: Some(broker), ..self }
    }

    /// Sets the receiver of emitted events.
    #[must_use]
    pub fn application(self, application: impl Application) -> Self {
        Self { application: Some(Arc::new(application)), ..self }
    }

    /// Lets sockets come back after their transport broke; see [`Connection::recover`]. Off otherwise.
    #[must_use]
    pub fn recovery(self, recovery: RecoverySettings) -> Self {
        Self { recovery: Some(recovery), ..self }
    }

    /// Sets where the time is read.
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// The hub.
    pub fn build(self) -> Hub {
        let broker = self.broker.unwrap_or_else(|| Arc::new(MemoryBroker::default()));
        let namespaces = self.namespaces.iter().map(|name| {
            let namespace = new_namespace(name, &broker, self.recovery.as_ref());
            (Arc::clone(&namespace.name), namespace)
        });
        let inner = Arc::new(Inner {
            namespaces: RwLock::new(namespaces.collect()),
            limits: Arc::new(self.limits),
            policy: self.policy,
            application: self.application,
            clock: self.clock,
            recovery: self.recovery,
            broker,
            numbers: AtomicU64::new(0),
            connections: AtomicUsize::new(0),
            waiting: Mutex::default(),
        });
        let sink: Arc<dyn Sink> = Arc::new(Local(Arc::downgrade(&inner)));
        inner.broker.start(sink, Arc::clone(&inner.clock));
        Hub(inner)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("namespaces", &self.namespaces).finish_non_exhaustive()
    }
}

/// What all handles, connections and sockets share. The broker knows it only weakly.
pub(crate) struct Inner {
    pub(crate) limits: Arc<Limits>,
    pub(crate) policy: Arc<dyn Policy>,
    pub(crate) application: Option<Arc<dyn Application>>,
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) clock: Clock,
    pub(crate) recovery: Option<RecoverySettings>,
    /// Locked for moments, outside the logs of the namespaces.
    namespaces: RwLock<Namespaces>,
    /// The next number for a socket, a hold or an acknowledgement.
    numbers: AtomicU64,
    /// Connections that are open.
    pub(crate) connections: AtomicUsize,
    /// Sockets that wait, or did since the last tick, for an acknowledgement; each of them once. Innermost: nothing
    /// is locked under it.
    pub(crate) waiting: Mutex<Vec<Weak<Core>>>,
}

type Namespaces = HashMap<Arc<str>, Arc<Namespace>>;

impl Inner {
    pub(crate) fn namespace(&self, name: &str) -> Result<Arc<Namespace>, Error> {
        self.read_namespaces().get(name).cloned().ok_or(Error::NoNamespace)
    }

    /// The namespace, with one socket more in it.
    pub(crate) fn occupy(&self, name: &str) -> Result<Arc<Namespace>, Error> {
        let namespaces = self.read_namespaces();
        let namespace = namespaces.get(name).ok_or(Error::NoNamespace)?;
        namespace.enter();
        namespace.abandoned.store(false, Ordering::Relaxed);
        Ok(Arc::clone(namespace))
    }

    fn read_namespaces(&self) -> RwLockReadGuard<'_, Namespaces> {
        self.namespaces.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_namespaces(&self) -> RwLockWriteGuard<'_, Namespaces> {
        self.namespaces.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_target(&self, target: &Target<'_>) -> Result<(), Error> {
        self.namespace(target.namespace)?;
        self.check_rooms(target.rooms)?;
        self.check_rooms(target.except)
    }

    fn check_rooms(&self, names: &[&str]) -> Result<(), Error> {
        names.iter().try_for_each(|name| self.check_room(name))
    }

    /// A number that was not given before.
    pub(crate) fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether a member may do this, with these grants.
    pub(crate) fn allows(
        &self,
        action: Action,
        member: &Member,
        grants: Option<&dyn Grants>,
        room: RoomRef<'_>,
    ) -> bool {
        let granted = grants.and_then(|grants| grants.allows(action, room.namespace, room.name));
        self.policy.allows(action, member, granted, room)
    }

    /// Whether a member might join a room with the grants of before, and may not with those of now.
    pub(crate) fn loses(
        &self,
        member: &Member,
        before: Option<&dyn Grants>,
        now: Option<&dyn Grants>,
        room: RoomRef<'_>,
    ) -> bool {
        self.allows(Action::Join, member, before, room) && !self.allows(Action::Join, member, now, room)
    }

    pub(crate) fn check_room(&self, name: &str) -> Result<(), Error> {
        let fits = (1..=self.limits.room_name).contains(&name.len());
        if fits && !name.chars().any(char::is_control) { Ok(()) } else { Err(Error::InvalidRoom) }
    }

    pub(crate) fn check_key(&self, key: Option<&str>) -> Result<(), Error> {
        check_len("key", key, self.limits.key)
    }

    pub(crate) fn check_info(&self, info: Option<&str>) -> Result<(), Error> {
        check_len("info", info, self.limits.info)
    }

    /// The rules of the room that the server publishes to.
    fn settings(&self, namespace: &str, publish: &Publish<'_>) -> Result<Arc<RoomSettings>, Error> {
        let namespace = self.namespace(namespace)?;
        self.check_room(publish.room)?;
        self.check_key(publish.key)?;
        Ok(match namespace.find(publish.room) {
            Some(room) => Arc::clone(&room.settings),
            None => self.policy.settings(&namespace.name, publish.room),
        })
    }
}

fn new_namespace(
    name: &str,
    broker: &Arc<dyn Broker>,
    recovery: Option<&RecoverySettings>,
) -> Arc<Namespace> {
    let recovery = recovery.map(|settings| Box::new(Recovery::new(settings.clone())));
    Arc::new(Namespace::new(name, Arc::clone(broker), recovery))
}

fn check_len(what: &'static str, text: Option<&str>, limit: usize) -> Result<(), Error> {
    if text.is_some_and(|text| text.len() > limit) { Err(Error::TooLarge { what, limit }) } else { Ok(()) }
}
