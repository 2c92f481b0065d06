//! How memberships and sockets end.

use std::sync::{Arc, MutexGuard};

use super::core::{Seat, State};
use crate::outbox::{Frame, wake};
use crate::recovery::Away;
use crate::room::Room;
use crate::sync::lock;
use crate::{Close, DisconnectReason, Error, Outbound, Socket, Wakes};

impl Socket {
    /// Stops being a member. Queues [`Outbound::Left`]; nothing from the room follows it. `id` is the request of
    /// the client, absent when the server wants it.
    ///
    /// # Errors
    /// [`Error::NotJoined`].
    pub fn leave(&self, room: &str, id: Option<&str>) -> Result<(), Error> {
        let mut state = lock(&self.0.state);
        if state.take_early(room) {
            return Ok(());
        }
        let seat = state.take_seat(room).ok_or(Error::NotJoined)?;
        self.end_membership(state, &seat.room, Some(&Outbound::Left { room, id }));
        Ok(())
    }

    /// Ends this socket because the server wants it. Queues [`Outbound::Disconnected`], behind which nothing of
    /// this socket comes; with `whole_connection` the other sockets of the connection are ended as well and then
    /// the connection, with [`Close::DISCONNECTED`], which may overtake what another thread is just ending.
    pub fn disconnect(&self, whole_connection: bool) {
        if !whole_connection {
            return self.disconnect_one();
        }
        self.0.shared.sockets().into_iter().map(Self).for_each(|socket| socket.disconnect_one());
        self.close_connection(Close::DISCONNECTED);
    }

    /// Ends this socket, silently towards the client: its memberships, and the answers that are waited for. Only
    /// the first call counts, and tells the application. After an end that [may be
    /// recovered](DisconnectReason::is_recoverable), a socket that was [made
    /// recoverable](Socket::make_recoverable) may come back.
    pub fn end(&self, reason: DisconnectReason) {
        self.shut(None, reason);
    }

    fn disconnect_one(&self) {
        let frame = self.0.link.frame(self.namespace(), &Outbound::Disconnected, None);
        let wordless = frame.bytes.is_empty();
        self.shut(Some(frame), DisconnectReason::ServerNamespaceDisconnect);
        if wordless {
            self.close_connection(Close::DISCONNECTED);
        }
    }

    fn shut(&self, tell: Option<Frame>, reason: DisconnectReason) {
        let mut state = lock(&self.0.state);
        if std::mem::replace(&mut state.closed, true) {
            return;
        }
        let established = state.established;
        drop(state);
        let application = self.hub().application.as_ref().filter(|_| established);
        if let Some(application) = application {
            application.disconnecting(self, reason);
        }
        self.clear(established, reason);
        if let Some(frame) = tell {
            self.0.link.push(frame);
        }
        // Now that nothing of it is left: whoever is told may remove the namespace.
        self.0.shared.forget(&self.0);
        self.0.namespace.exit();
        if let Some(application) = application {
            application.disconnected(self, reason);
        }
        let extra = lock(&self.0.state).extra.as_mut().and_then(|extra| extra.attachment.take());
        drop(extra);
    }

    /// Ends what a closed socket has.
    fn clear(&self, established: bool, reason: DisconnectReason) {
        if established {
            self.0.namespace.dismiss(&self.0);
        }
        let mut state = lock(&self.0.state);
        let (seats, acks) = (std::mem::take(&mut state.seats), state.acks.take());
        let track = state.extra.as_mut().and_then(|extra| extra.track.take());
        let data = state.extra.as_ref().and_then(|extra| extra.data.clone());
        let grants = state.extra.as_ref().and_then(|extra| extra.grants.clone());
        drop(state);
        for Seat { room, .. } in &seats {
            let _wakes = self.remove_from(room);
        }
        if let Some(track) = track {
            // Not while a join is under way: whether the client has seen its answer is not known.
            let is_settled = seats.iter().all(|seat| track.is_in(&seat.room.name));
            let seats = seats.iter().map(|seat| (Arc::clone(&seat.room.name), Arc::clone(&seat.member)));
            let (at, me) = (self.hub().now(), Arc::clone(&self.0.me));
            let away = Away { at, me, data, grants, seats: seats.collect(), track };
            self.park(away, established && reason.is_recoverable() && is_settled);
        }
        if let Some(acks) = acks {
            acks.close();
        }
    }

    /// Puts away what a socket needs to come back.
    fn park(&self, away: Away, may_return: bool) {
        let Some(mut memory) = self.memory() else { return };
        if may_return { memory.park(away) } else { memory.give_up() }
    }

    /// Ends a membership whose seat was taken away.
    pub(crate) fn end_membership(
        &self,
        mut state: MutexGuard<'_, State>,
        room: &Room,
        tell: Option<&Outbound<'_>>,
    ) {
        let memory = self.memory();
        let wakes = self.remove_from(room);
        state.track_leave(&room.name, memory.as_deref());
        drop(memory);
        // Queued under the lock, so that the answer to a new join of the same room comes after it.
        let frame = tell.map(|message| self.0.link.frame(self.namespace(), message, None));
        let waker = frame.and_then(|frame| self.0.link.outbox.push(frame, false, &self.0.link.limits));
        drop(state);
        drop(wakes);
        wake(waker);
    }

    fn remove_from(&self, room: &Room) -> Wakes {
        let (wakes, empty) = room.remove(self.0.id);
        if empty {
            self.0.namespace.retire(room);
        }
        wakes
    }
}

impl State {
    /// Takes back the wish to be in a room; whether there was one.
    fn take_early(&mut self, room: &str) -> bool {
        let Some(extra) = &mut self.extra else { return false };
        let before = extra.early.len();
        extra.early.retain(|name| **name != *room);
        extra.early.len() < before
    }
}
