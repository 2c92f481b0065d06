//! Which sessions there are.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ropeway_socketio::engine::{SessionId, Version};

use super::desk::Desk;
use crate::limits::Place;
use crate::occupancy::Extension;
use crate::state::Shared;

/// The sessions of a server by their secret names, for requests that name one.
#[derive(Default)]
pub(crate) struct Registry {
    /// Locked for moments, once a request.
    sessions: Mutex<HashMap<SessionId, Entry>>,
}

/// What requests may reach of a session.
#[derive(Clone)]
pub(super) enum Entry {
    /// Polling, perhaps with a WebSocket beside it.
    Polling(Arc<Desk>),
    /// Nothing more: the WebSocket belongs to the session's task.
    WebSocket(Version),
}

impl Registry {
    pub(super) fn find(&self, id: &SessionId) -> Option<Entry> {
        self.sessions().get(id).cloned()
    }

    /// Adds a session, or replaces what is known of it.
    fn set(&self, id: SessionId, entry: Entry) {
        self.sessions().insert(id, entry);
    }

    /// Forgets a session, and gives memory back after a crowd has gone.
    fn remove(&self, id: &SessionId) {
        let mut sessions = self.sessions();
        sessions.remove(id);
        if sessions.capacity() > 64 && sessions.len() * 4 < sessions.capacity() {
            let len = sessions.len();
            sessions.shrink_to(len * 2);
        }
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<SessionId, Entry>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a session holds as long as it lives: its name and its place among the connections.
pub(super) struct Lease {
    id: SessionId,
    shared: Shared,
    /// For the requests of polling. Given back before the place, so that who waits for the places finds all of it back.
    room: Option<Extension>,
    _place: Place,
}

impl Lease {
    /// Makes a session known.
    pub(super) fn new(id: SessionId, entry: Entry, shared: Shared, place: Place) -> Self {
        let room = matches!(entry, Entry::Polling(_)).then(|| shared.occupancy.extend());
        shared.engine.registry.set(id, entry);
        Self { id, shared, room, _place: place }
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// The session has ended: its name is unknown from now on. Its place is kept until the connection is gone.
    pub(super) fn retire(&self) {
        self.shared.engine.registry.remove(&self.id);
    }

    /// The session is on a WebSocket from now on.
    pub(super) fn upgraded(&mut self, version: Version) {
        self.room = None;
        self.shared.engine.registry.set(self.id, Entry::WebSocket(version));
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.shared.engine.registry.remove(&self.id);
    }
}
