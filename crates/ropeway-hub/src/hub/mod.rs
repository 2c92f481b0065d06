//! The hub itself: what the server holds.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

mod builder;
mod connection;
mod delivery;
mod node;

pub use self::builder::Builder;
pub use self::connection::Connection;
use self::node::Node;
use crate::{
    Answers, Broadcast, Command, Delivery, Encoder, Error, Limits, Policy, Publication, Publish, Published,
    RemoteSocket, Reply, RoomRef, Socket, Target,
};

/// A handle of the hub, cheap to clone, usable from every thread.
#[derive(Clone)]
pub struct Hub(Arc<Node>);

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
        Builder::new(Arc::new(policy))
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
            Ok(settings) => self.0.common.broker.publish(&Publication {
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
        self.0.add(name)
    }

    /// Forgets a namespace that nobody is in; whether there is none now. One that somebody may come back to
    /// ([`Connection::recover`]) is forgotten by [`Hub::tick`] when nobody is in it and nobody can.
    pub fn remove_namespace(&self, name: &str) -> bool {
        self.0.remove(name)
    }

    /// Whether there is a namespace of this name.
    pub fn has_namespace(&self, name: &str) -> bool {
        self.0.namespace(name).is_ok()
    }

    /// The names of all namespaces, in no order.
    pub fn namespaces(&self) -> Vec<Arc<str>> {
        self.0.namespaces().iter().map(|namespace| Arc::clone(&namespace.name)).collect()
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
            Ok(()) => self.0.common.broker.broadcast(broadcast),
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
            Ok(()) => self.0.common.broker.ask(broadcast, timeout),
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
            Ok(()) => self.0.common.broker.fetch(target),
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
            Command::Enter(rooms) => self.0.common.check_rooms(rooms),
            Command::Leave(_) | Command::Disconnect { .. } => Ok(()),
        });
        match checked {
            Ok(()) => self.0.common.broker.command(target, command),
            Err(error) => Reply::Ready(Err(error)),
        }
    }

    /// Forgets what is too old: history, keys, acknowledgements that nobody sent. Call it about once a second.
    /// A timeout of an acknowledgement fires at the first call after it has passed. Takes time in proportion to the
    /// rooms with history and to the connections that wait for an acknowledgement.
    pub fn tick(&self) {
        let now = self.0.common.now();
        self.0.common.broker.tick(now);
        self.0.tick(now);
    }

    /// What it is bounded by.
    pub fn limits(&self) -> &Limits {
        &self.0.common.limits
    }

    /// Counts.
    pub fn stats(&self) -> Stats {
        Stats {
            connections: self.0.common.connections.load(Ordering::Relaxed),
            rooms: self.0.namespaces().iter().map(|namespace| namespace.rooms()).sum(),
        }
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hub").field(&self.stats()).finish()
    }
}
