//! Whom a target means here, and how they are served.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Namespace, Resident};
use crate::room::{Fanout, Room, SocketId};
use crate::{Delivery, Target, Wakes};

impl<S: Resident> Namespace<S> {
    /// The numbers of the sockets that have or are in one of these names, in order.
    pub(crate) fn ids(&self, names: &[&str]) -> Vec<SocketId> {
        let mut ids = Vec::new();
        for name in names {
            ids.extend(self.socket(name).map(|socket| socket.id()));
            if let Some(room) = self.find(name) {
                ids.extend(room.lock().ids());
            }
        }
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// The room whose members alone are addressed.
    pub(crate) fn only_room<'a>(&self, delivery: &Delivery<'a>) -> Option<&'a str> {
        match *delivery.broadcast.target.rooms {
            [room] if delivery.published || !self.sockets().contains(room) => Some(room),
            _ => None,
        }
    }

    /// Serves the members of the one room, or else everybody who has or is in one of these names; without names
    /// everybody.
    pub(crate) fn serve(
        &self,
        only_room: Option<&str>,
        names: &[&str],
        fanout: &mut Fanout<'_, '_>,
    ) -> Wakes {
        let mut wakes = Wakes::default();
        if let Some(room) = only_room {
            if let Some(room) = self.find(room) {
                room.lock().serve(fanout, &mut wakes);
            }
        } else if names.is_empty() {
            for socket in self.sockets().iter() {
                fanout.serve_socket(socket.0.id(), socket.0.link(), &mut wakes);
            }
        } else {
            self.serve_named(names, fanout, &mut wakes);
        }
        wakes
    }

    fn serve_named(&self, names: &[&str], fanout: &mut Fanout<'_, '_>, wakes: &mut Wakes) {
        let rooms = self.rooms_named(names);
        if names.len() > 1 || !rooms.is_empty() {
            fanout.served = Some(HashSet::new());
        }
        // All rooms at once, so that the order of two broadcasts is the same in all of them.
        let mut locked: Vec<_> = rooms.iter().map(|room| room.lock()).collect();
        locked.iter_mut().for_each(|members| members.serve(fanout, wakes));
        let sockets = self.sockets();
        for socket in names.iter().filter_map(|name| sockets.get(*name)) {
            fanout.serve_socket(socket.0.id(), socket.0.link(), wakes);
        }
    }

    /// In the order of their names, which is that of their locks.
    fn rooms_named(&self, names: &[&str]) -> Vec<Arc<Room>> {
        let mut rooms: Vec<_> = names.iter().filter_map(|name| self.find(name)).collect();
        rooms.sort_by(|a, b| a.name.cmp(&b.name));
        rooms.dedup_by(|a, b| a.name == b.name);
        rooms
    }

    /// The established sockets of a target, each of them once.
    pub(crate) fn select(&self, target: &Target<'_>) -> Vec<Arc<S>> {
        let except = self.ids(target.except);
        let wanted = |id: &SocketId| except.binary_search(id).is_err();
        if target.rooms.is_empty() {
            let sockets = self.sockets();
            let sockets = sockets.iter().map(|socket| Arc::clone(&socket.0));
            return sockets.filter(|socket| wanted(&socket.id())).collect();
        }
        let mut found: Vec<_> = target.rooms.iter().filter_map(|name| self.socket(name)).collect();
        for room in target.rooms.iter().filter_map(|name| self.find(name)) {
            let sessions = room.lock().sessions();
            found.extend(sessions.iter().filter_map(|session| self.socket(session)));
        }
        found.retain(|socket| wanted(&socket.id()));
        found.sort_unstable_by_key(|socket| socket.id());
        found.dedup_by_key(|socket| socket.id());
        found
    }
}
