//! Acknowledgements, both ways: events of the application that a client answers, and events of a client that the
//! application answers. Each is answered, refused, timed out or forgotten, once.
//!
//! Nothing here has a timer of its own: [`Hub::tick`](crate::Hub::tick) looks at the sockets that wait.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::core::{Core, State};
use crate::acks::{Slot, Waiting};
use crate::sync::lock;
use crate::{Acknowledgement, Error, Event, Outbound, Payload, Socket};

impl Socket {
    /// Hands an event of this client to the application. With an `id` the answer is queued as
    /// [`Outbound::Answer`] or [`Outbound::Error`], once.
    ///
    /// # Errors
    /// [`Error::NoHandler`], [`Error::Unavailable`] (too many wait for an answer), [`Error::Closed`].
    pub fn dispatch(&self, event: &str, data: Payload<'_>, id: Option<&str>) -> Result<(), Error> {
        let application = self.hub().application.as_ref().ok_or(Error::NoHandler)?;
        let timeout = self.hub().limits.answer_timeout;
        let expect = |id: &str| self.expect(self.hub().number(), timeout, Waiting::Client(id.into()));
        let request = id.map(expect).transpose()?.map(Request::Watched);
        application.event(self, event, data, Answer { socket: Arc::downgrade(&self.0), request });
        Ok(())
    }

    /// As [`Socket::dispatch`], for a client that waits without end: nothing is noted, and the answer is sent
    /// whenever it comes.
    ///
    /// # Errors
    /// [`Error::NoHandler`].
    pub fn dispatch_untimed(&self, event: &str, data: Payload<'_>, id: Option<&str>) -> Result<(), Error> {
        let application = self.hub().application.as_ref().ok_or(Error::NoHandler)?;
        let request = id.map(|id| Request::Untimed(id.into()));
        application.event(self, event, data, Answer { socket: Arc::downgrade(&self.0), request });
        Ok(())
    }

    /// Sends an event to this client and waits for its answer. The timeout is looked at by
    /// [`Hub::tick`](crate::Hub::tick).
    ///
    /// # Errors
    /// [`Error::Unavailable`] (too many are awaited), [`Error::Closed`].
    pub fn emit_with_ack(
        &self,
        event: &str,
        data: Payload<'_>,
        timeout: Duration,
    ) -> Result<Acknowledgement, Error> {
        let slot = Arc::new(Slot::default());
        let ack = self.hub().number();
        self.expect(ack, timeout, Waiting::Application(Arc::clone(&slot)))?;
        let event = Event { event, data, ack: Some(ack), ..Event::default() };
        self.queue(&Outbound::Event(event), None, false);
        Ok(Acknowledgement(slot))
    }

    /// The client has answered the event with this [`ack`](Event::ack). Unknown ids, and a second answer, are
    /// ignored.
    pub fn acknowledge(&self, ack: u64, data: Payload<'_>) {
        let waiting = lock(&self.0.state).acks.as_mut().and_then(|acks| acks.take_application(ack));
        match waiting {
            Some(Waiting::Application(slot)) => slot.fill(Ok(data.to_owned())),
            Some(Waiting::Broadcast(tally)) => tally.count(&self.0.me.session, data),
            Some(Waiting::Client(_)) | None => {}
        }
    }

    /// Notes that an answer is awaited, and that the hub has to watch the time.
    pub(crate) fn expect(&self, number: u64, timeout: Duration, waiting: Waiting) -> Result<u64, Error> {
        let deadline = self.hub().now() + timeout;
        let mut state = lock(&self.0.state);
        let State { acks, closed: false, .. } = &mut *state else { return Err(Error::Closed) };
        let watched = acks.is_some();
        let acks = acks.get_or_insert_default();
        acks.insert(number, deadline, waiting, self.hub().limits.pending_acks)?;
        if !watched {
            self.0.namespace.watch([Arc::downgrade(&self.0)]);
        }
        Ok(number)
    }

    fn fail(&self, waiting: Waiting, error: &Error) {
        match waiting {
            Waiting::Client(id) => self.send(&Outbound::Error { id: Some(&id), error }),
            Waiting::Application(slot) => slot.fill(Err(error.clone())),
            Waiting::Broadcast(tally) => tally.miss(),
        }
    }
}

impl Core {
    /// Ends what has waited too long; whether something still waits.
    pub(crate) fn expire_acks(self: &Arc<Self>, now: Instant) -> bool {
        let mut state = lock(&self.state);
        let Some(acks) = &mut state.acks else { return false };
        let expired = acks.take_expired(now);
        let more = !acks.is_empty();
        if !more {
            state.acks = None;
        }
        drop(state);
        let socket = Socket(Arc::clone(self));
        expired.into_iter().for_each(|waiting| socket.fail(waiting, &Error::Timeout));
        more
    }
}

/// The place for the application's answer to an event of a client. It does not keep the socket in memory.
pub struct Answer {
    socket: Weak<Core>,
    /// Absent when the client did not ask, and after the answer.
    request: Option<Request>,
}

/// What is answered.
#[derive(Debug)]
enum Request {
    /// Noted at the socket under this number, for as long as the client waits.
    Watched(u64),
    /// With this id, whenever.
    Untimed(Box<str>),
}

impl Answer {
    /// Whether the client asked for an answer.
    pub fn is_awaited(&self) -> bool {
        self.request.is_some()
    }

    /// Sends the answer. Ignored when nobody waits for it any more.
    pub fn send(mut self, data: Payload<'_>) {
        self.resolve(|socket, id| socket.send(&Outbound::Answer { id, data }));
    }

    /// Answers with an error.
    pub fn refuse(mut self, error: &Error) {
        self.resolve(|socket, id| socket.send(&Outbound::Error { id: Some(id), error }));
    }

    /// Never answers: the client waits as long as it likes.
    pub fn ignore(mut self) {
        self.resolve(|_, _| {});
    }

    fn resolve(&mut self, send: impl FnOnce(&Socket, &str)) {
        let Some(request) = self.request.take() else { return };
        let Some(socket) = self.socket.upgrade().map(Socket) else { return };
        let watched = |number| lock(&socket.0.state).acks.as_mut()?.take_client(number);
        let id = match request {
            Request::Watched(number) => watched(number),
            Request::Untimed(id) => Some(id),
        };
        if let Some(id) = id {
            send(&socket, &id);
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.resolve(|socket, id| socket.send(&Outbound::Error { id: Some(id), error: &Error::Unavailable }));
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("request", &self.request).finish_non_exhaustive()
    }
}
