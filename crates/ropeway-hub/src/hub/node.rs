//! What there is on this node: its namespaces.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Instant;

use crate::common::Common;
use crate::namespace::Namespace;
use crate::recovery::Recovery;
use crate::socket::Core;
use crate::{Error, Publish, RoomSettings, Target};

/// What all handles of the hub and all connections share. The broker knows it only weakly.
pub(crate) struct Node {
    pub(crate) common: Arc<Common>,
    /// Locked for moments, outside the logs of the namespaces.
    namespaces: RwLock<Namespaces>,
}

type Namespaces = HashMap<Arc<str>, Arc<Namespace<Core>>>;

impl Node {
    pub(crate) fn new(common: Common, namespaces: &[String]) -> Self {
        let node = Self { common: Arc::new(common), namespaces: RwLock::default() };
        for name in namespaces {
            let namespace = node.make(name);
            node.write().insert(Arc::clone(&namespace.name), namespace);
        }
        node
    }

    pub(crate) fn namespace(&self, name: &str) -> Result<Arc<Namespace<Core>>, Error> {
        self.read().get(name).cloned().ok_or(Error::NoNamespace)
    }

    /// All of them at this moment, in no order.
    pub(crate) fn namespaces(&self) -> Vec<Arc<Namespace<Core>>> {
        self.read().values().cloned().collect()
    }

    /// The namespace, with one socket more in it.
    pub(crate) fn occupy(&self, name: &str) -> Result<Arc<Namespace<Core>>, Error> {
        let namespaces = self.read();
        let namespace = namespaces.get(name).ok_or(Error::NoNamespace)?;
        namespace.enter();
        namespace.abandon(false);
        Ok(Arc::clone(namespace))
    }

    /// Makes a namespace, unless there is one of this name.
    pub(crate) fn add(&self, name: &str) -> Result<(), Error> {
        self.common.check_room(name).map_err(|_| Error::NoNamespace)?;
        let mut namespaces = self.write();
        if let Some(namespace) = namespaces.get(name) {
            namespace.abandon(false);
            return Ok(());
        }
        if namespaces.len() >= self.common.limits.namespaces {
            return Err(Error::TooManyNamespaces);
        }
        let namespace = self.make(name);
        namespaces.insert(Arc::clone(&namespace.name), namespace);
        Ok(())
    }

    /// Forgets a namespace that nobody is in, or leaves it to [`Node::tick`] while somebody may come back; whether
    /// there is none now.
    pub(crate) fn remove(&self, name: &str) -> bool {
        let mut namespaces = self.write();
        let Some(namespace) = namespaces.get(name) else { return true };
        if namespace.is_occupied() {
            return false;
        }
        let awaited = namespace.is_awaited();
        namespace.abandon(awaited);
        if !awaited {
            namespaces.remove(name);
        }
        !awaited
    }

    /// Ends what has waited too long, and forgets what nobody can come back to any more.
    pub(crate) fn tick(&self, now: Instant) {
        for namespace in self.namespaces() {
            let mut watched = namespace.take_watched();
            watched.retain(|socket| socket.upgrade().is_some_and(|socket| socket.expire_acks(now)));
            namespace.watch(watched);
            if let Some(recovery) = &namespace.recovery {
                recovery.lock().tick(now);
            }
            if namespace.is_abandoned() {
                self.remove(&namespace.name);
            }
        }
    }

    pub(crate) fn check_target(&self, target: &Target<'_>) -> Result<(), Error> {
        self.namespace(target.namespace)?;
        self.common.check_rooms(target.rooms)?;
        self.common.check_rooms(target.except)
    }

    /// The rules of the room that the server publishes to.
    pub(crate) fn settings(
        &self,
        namespace: &str,
        publish: &Publish<'_>,
    ) -> Result<Arc<RoomSettings>, Error> {
        let namespace = self.namespace(namespace)?;
        self.common.check_room(publish.room)?;
        self.common.check_key(publish.key)?;
        Ok(match namespace.find(publish.room) {
            Some(room) => Arc::clone(&room.settings),
            None => self.common.policy.settings(&namespace.name, publish.room),
        })
    }

    fn make(&self, name: &str) -> Arc<Namespace<Core>> {
        let recovery = self.common.recovery.clone().map(|settings| Box::new(Recovery::new(settings)));
        Arc::new(Namespace::new(name, Arc::clone(&self.common.broker), recovery))
    }

    fn read(&self) -> RwLockReadGuard<'_, Namespaces> {
        self.namespaces.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Namespaces> {
        self.namespaces.write().unwrap_or_else(PoisonError::into_inner)
    }
}
