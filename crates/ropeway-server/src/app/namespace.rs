//! A namespace as the application speaks to it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::arguments::FromArguments;
use super::broadcast::Answers;
use super::{Acknowledgement, Arguments, Broadcast, Error, Inner, RemoteSocket, Rooms, Socket};
use crate::config::Pattern;

/// A namespace, to send to: a handle, cheap to clone, usable from every thread, for example as the state of an axum
/// handler. One of a pattern (`/tenant-*`) stands for all namespaces of that pattern that there are.
#[derive(Clone)]
pub struct Namespace {
    pub(super) app: Arc<Inner>,
    name: Arc<str>,
}

impl Namespace {
    pub(super) fn new(app: Arc<Inner>, name: &str) -> Self {
        Self { app, name: name.into() }
    }

    /// Its name, which begins with `/`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Addresses the sockets of these rooms.
    pub fn to(&self, rooms: impl Rooms) -> Broadcast {
        self.everybody().to(rooms)
    }

    /// The same as [`to`](Self::to), for where it reads better (`in` in Socket.IO).
    pub fn in_room(&self, rooms: impl Rooms) -> Broadcast {
        self.to(rooms)
    }

    /// Addresses all sockets but those of these rooms.
    pub fn except(&self, rooms: impl Rooms) -> Broadcast {
        self.everybody().except(rooms)
    }

    /// Addresses all sockets of this node.
    pub fn local(&self) -> Broadcast {
        self.everybody().local()
    }

    /// Addresses all sockets, with events that may be dropped.
    pub fn volatile(&self) -> Broadcast {
        self.everybody().volatile()
    }

    /// Addresses all sockets, and waits this long for acknowledgements.
    pub fn timeout(&self, timeout: Duration) -> Broadcast {
        self.everybody().timeout(timeout)
    }

    /// Sends an event to all sockets.
    ///
    /// # Errors
    /// Those of [`Broadcast::emit`].
    pub fn emit(&self, event: &str, arguments: impl Arguments) -> Result<(), Error> {
        self.everybody().emit(event, arguments)
    }

    /// Sends an event to all sockets and collects their answers; see [`Broadcast::emit_with_ack`].
    ///
    /// # Errors
    /// Those of [`Broadcast::emit`].
    pub fn emit_with_ack<T: FromArguments>(
        &self,
        event: &str,
        arguments: impl Arguments,
    ) -> Acknowledgement<Answers<T>> {
        self.everybody().emit_with_ack(event, arguments)
    }

    /// All sockets, of all nodes.
    ///
    /// # Errors
    /// Those of [`Broadcast::fetch_sockets`].
    pub async fn fetch_sockets(&self) -> Result<Vec<RemoteSocket>, Error> {
        self.everybody().fetch_sockets().await
    }

    /// All sockets of this node.
    ///
    /// # Errors
    /// [`Error::NotRunning`].
    pub fn sockets(&self) -> Result<Vec<Socket>, Error> {
        self.everybody().sockets()
    }

    /// The socket of this id, if it is on this node.
    pub fn socket(&self, id: &str) -> Option<Socket> {
        self.to(id).sockets().ok()?.into_iter().find(|socket| socket.id() == id)
    }

    /// Makes all sockets members of rooms.
    ///
    /// # Errors
    /// Those of [`Broadcast::sockets_join`].
    pub fn sockets_join(&self, rooms: impl Rooms) -> Result<(), Error> {
        self.everybody().sockets_join(rooms)
    }

    /// Ends the membership of all sockets in rooms.
    ///
    /// # Errors
    /// Those of [`Broadcast::sockets_leave`].
    pub fn sockets_leave(&self, rooms: impl Rooms) -> Result<(), Error> {
        self.everybody().sockets_leave(rooms)
    }

    /// Disconnects all sockets; see [`Broadcast::disconnect_sockets`].
    ///
    /// # Errors
    /// Those of [`Broadcast::disconnect_sockets`].
    pub fn disconnect_sockets(&self, close: bool) -> Result<(), Error> {
        self.everybody().disconnect_sockets(close)
    }

    /// The namespaces that this one stands for: itself, unless clients have yet to ask for it, or those that there are of
    /// its pattern.
    pub(super) fn names(&self) -> Vec<Arc<str>> {
        match Pattern::new(&self.name).filter(|_| self.name.contains('*')) {
            Some(pattern) => self.app.registry.children(|name| pattern.matches(name)),
            None if self.is_to_come() => Vec::new(),
            None => vec![self.name.clone()],
        }
    }

    /// Nobody has asked for it yet, and the application might agree.
    fn is_to_come(&self) -> bool {
        let exists = || self.app.running.get().is_some_and(|running| running.hub.has_namespace(&self.name));
        self.app.registry.may_make(&self.name) && !exists()
    }

    /// One of [`names`](Self::names).
    pub(super) fn child(&self, name: &str) -> Self {
        Self::new(self.app.clone(), name)
    }

    fn everybody(&self) -> Broadcast {
        Broadcast::new(self.clone())
    }
}

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Namespace").field(&self.name).finish()
    }
}
