//! The hub itself: what the server holds.

use std::sync::Arc;

use crate::{
    Application, Broadcast, Broker, Clock, Connection, Encoder, Error, Limits, Payload, Policy, Published,
    Reply,
};

/// A handle of the hub, cheap to clone, usable from every thread.
#[derive(Clone, Debug)]
pub struct Hub(());

/// What a [`Hub`] is made of.
pub struct Builder {
    policy: Arc<dyn Policy>,
}

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
        Builder { policy: Arc::new(policy) }
    }

    /// Registers a connection whose frames are made by `encoder`.
    pub fn connect(&self, encoder: Arc<dyn Encoder>) -> Connection {
        let _ = encoder;
        unreachable!()
    }

    /// Publishes as the server: without asking the policy, and whether or not the room has members.
    ///
    /// # Errors
    /// [`Error::NoNamespace`], [`Error::InvalidRoom`], [`Error::TooLarge`] (key), [`Error::Unavailable`] (the
    /// broker did not take it; with a key it is safe to try again).
    pub fn publish(&self, namespace: &str, publish: &Publish<'_>) -> Reply<Result<Published, Error>> {
        let _ = (namespace, publish);
        Reply::Ready(Err(Error::Unavailable))
    }

    /// Sends an event to all members of several rooms, to each of them once. Not kept in any history.
    ///
    /// # Errors
    /// [`Error::NoNamespace`], [`Error::InvalidRoom`], [`Error::Unavailable`].
    pub fn broadcast(&self, broadcast: &Broadcast<'_>) -> Reply<Result<(), Error>> {
        let _ = broadcast;
        Reply::Ready(Err(Error::Unavailable))
    }

    /// Forgets what is too old: history, keys, acknowledgements that nobody sent. Call it about once a second.
    /// A timeout of an acknowledgement fires at the first call after it has passed. Takes time in proportion to the
    /// rooms with history and to the connections that wait for an acknowledgement.
    pub fn tick(&self) {}

    /// Counts.
    pub fn stats(&self) -> Stats {
        Stats::default()
    }
}

impl Builder {
    /// Adds a namespace.
    #[must_use]
    pub fn namespace(self, name: &str) -> Self {
        let _ = name;
        self
    }

    /// Sets the limits.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        let _ = limits;
        self
    }

    /// Sets the broker that joins this hub with others.
    #[must_use]
    pub fn broker(self, broker: Arc<dyn Broker>) -> Self {
        let _ = broker;
        self
    }

    /// Sets the receiver of emitted events.
    #[must_use]
    pub fn application(self, application: impl Application) -> Self {
        let _ = application;
        self
    }

    /// Sets where the time is read.
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        let _ = clock;
        self
    }

    /// The hub.
    pub fn build(self) -> Hub {
        let _ = self.policy;
        Hub(())
    }
}
