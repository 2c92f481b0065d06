//! To one client.

use std::sync::MutexGuard;

use super::core::State;
use crate::outbox::{Class, Frame, class_of, wake};
use crate::recovery::{Memory, Note};
use crate::sync::lock;
use crate::{Event, Outbound, Payload, Socket};

impl Socket {
    /// Sends an event to this client alone.
    pub fn emit(&self, event: &str, data: Payload<'_>) {
        self.emit_event(event, data, false);
    }

    /// Sends an event to this client alone that is dropped when much is waiting for it.
    pub fn emit_volatile(&self, event: &str, data: Payload<'_>) {
        self.emit_event(event, data, true);
    }

    /// Queues a message of the protocol layer behind what waits already.
    pub fn send(&self, message: &Outbound<'_>) {
        self.queue(message, None, false);
    }

    /// Queues a message for this socket alone, unless it has ended.
    pub(crate) fn queue(&self, message: &Outbound<'_>, class: Class, volatile: bool) {
        self.queue_frame(self.0.link.frame(self.namespace(), message, class), volatile);
    }

    /// Queues a frame for this socket alone, unless it has ended.
    pub(crate) fn queue_frame(&self, frame: Frame, volatile: bool) {
        let state = lock(&self.0.state);
        if !state.closed {
            let waker = self.0.link.outbox.push(frame, volatile, &self.0.link.limits);
            drop(state);
            wake(waker);
        }
    }

    fn emit_event(&self, event: &str, data: Payload<'_>, volatile: bool) {
        let mut state = lock(&self.0.state);
        match self.memory().filter(|_| state.track().is_some()) {
            Some(memory) => self.emit_logged(state, memory, event, data, volatile),
            None => {
                drop(state);
                let class = class_of(&self.hub().limits, self.namespace(), None, event);
                self.queue(&Outbound::Event(Event { event, data, ..Event::default() }), class, volatile);
            }
        }
    }

    /// To a client that gets it when it comes back, should it be lost on the way.
    fn emit_logged(
        &self,
        state: MutexGuard<'_, State>,
        mut memory: MutexGuard<'_, Memory>,
        event: &str,
        data: Payload<'_>,
        volatile: bool,
    ) {
        if state.closed {
            return;
        }
        let note = Note { rooms: &[self.id()], event, data, volatile, ..Note::default() };
        let noted = memory.note(&note, self.hub().now());
        let place = noted.map(|noted| memory.offset(noted.seq));
        let message = Outbound::Event(Event { event, data, recovery: place.as_deref(), ..Event::default() });
        let class = class_of(&self.hub().limits, self.namespace(), None, event);
        let frame = self.0.link.frame(self.namespace(), &message, class);
        let waker = self.0.link.outbox.push(frame, volatile, &self.0.link.limits);
        drop(memory);
        drop(state);
        wake(waker);
    }
}
