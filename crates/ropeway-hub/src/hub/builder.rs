//! What a hub is made of.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::time::Instant;

use super::Hub;
use super::delivery::Local;
use super::node::Node;
use crate::common::Common;
use crate::{Application, Broker, Clock, Limits, MemoryBroker, Policy, RecoverySettings, Sink};

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
    pub(super) fn new(policy: Arc<dyn Policy>) -> Self {
        Self {
            policy,
            broker: None,
            application: None,
            limits: Limits::default(),
            clock: Arc::new(Instant::now),
            recovery: None,
            namespaces: vec!["/".into()],
        }
    }

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

    /// Lets sockets come back after their transport broke; see [`Connection::recover`](crate::Connection::recover). Off otherwise.
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
        let common = Common {
            limits: Arc::new(self.limits),
            policy: self.policy,
            application: self.application,
            broker: self.broker.unwrap_or_else(|| Arc::new(MemoryBroker::default())),
            clock: self.clock,
            recovery: self.recovery,
            numbers: AtomicU64::new(0),
            connections: AtomicUsize::new(0),
        };
        let node = Arc::new(Node::new(common, &self.namespaces));
        let sink: Arc<dyn Sink> = Arc::new(Local(Arc::downgrade(&node)));
        node.common.broker.start(sink, Arc::clone(&node.common.clock));
        Hub(node)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("namespaces", &self.namespaces).finish_non_exhaustive()
    }
}
