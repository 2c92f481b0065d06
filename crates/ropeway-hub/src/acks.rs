//! Acknowledgements, both ways: events of the application that a client answers, and events of a client that the
//! application answers. Each is answered, refused, timed out or forgotten, once.
//!
//! Nothing here has a timer of its own: [`Hub::tick`](crate::Hub::tick) looks at the sockets that wait.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use crate::outbox::wake;
use crate::socket::{Core, State};
use crate::sync::lock;
use crate::tally::Tally;
use crate::{Error, Event, Outbound, OwnedPayload, Payload, Socket};

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
        let deadline = (self.hub().clock)() + timeout;
        let mut state = lock(&self.0.state);
        let State { acks, closed: false, .. } = &mut *state else { return Err(Error::Closed) };
        let watched = acks.is_some();
        let acks = acks.get_or_insert_default();
        acks.insert(number, Pending { deadline, waiting }, self.hub().limits.pending_acks)?;
        if !watched {
            lock(&self.hub().waiting).push(Arc::downgrade(&self.0));
        }
        Ok(number)
    }
}

impl Core {
    /// Ends what has waited too long; whether something still waits.
    pub(crate) fn expire_acks(self: &Arc<Self>, now: Instant) -> bool {
        let mut state = lock(&self.state);
        let Some(acks) = &mut state.acks else { return false };
        let expired = acks.take_expired(now);
        let more = !acks.pending.is_empty();
        if !more {
            state.acks = None;
        }
        drop(state);
        let socket = Socket(Arc::clone(self));
        expired.into_iter().for_each(|waiting| waiting.fail(&socket, &Error::Timeout));
        more
    }
}

/// The answers that one socket waits for. It exists as long as the hub watches the socket: until a tick finds
/// nothing in it.
#[derive(Default)]
pub(crate) struct Acks {
    /// By a number that no other question to this socket has, so that an answer that comes too late meets nobody
    /// else's.
    pending: HashMap<u64, Pending>,
    /// How many of `pending` are waited for by the client.
    clients: usize,
}

struct Pending {
    deadline: Instant,
    waiting: Waiting,
}

/// Who waits for an answer.
pub(crate) enum Waiting {
    /// The client, for the answer to its request with this id.
    Client(Box<str>),
    /// The application, behind an [`Acknowledgement`].
    Application(Arc<Slot>),
    /// The application, for the answers of many.
    Broadcast(Arc<Tally>),
}

impl Acks {
    fn insert(&mut self, number: u64, pending: Pending, limit: usize) -> Result<(), Error> {
        let client = matches!(pending.waiting, Waiting::Client(_));
        let same = if client { self.clients } else { self.pending.len() - self.clients };
        if same >= limit {
            return Err(Error::Unavailable);
        }
        self.clients += usize::from(client);
        self.pending.insert(number, pending);
        Ok(())
    }

    fn take_application(&mut self, number: u64) -> Option<Waiting> {
        match self.pending.get(&number)?.waiting {
            Waiting::Client(_) => None,
            Waiting::Application(_) | Waiting::Broadcast(_) => self.take(number),
        }
    }

    fn take_client(&mut self, number: u64) -> Option<Box<str>> {
        match self.pending.get(&number)?.waiting {
            Waiting::Client(_) => self.take(number)?.client(),
            Waiting::Application(_) | Waiting::Broadcast(_) => None,
        }
    }

    fn take(&mut self, number: u64) -> Option<Waiting> {
        let waiting = self.pending.remove(&number)?.waiting;
        self.clients -= usize::from(matches!(waiting, Waiting::Client(_)));
        Some(waiting)
    }

    fn take_expired(&mut self, now: Instant) -> Vec<Waiting> {
        let late = |(number, pending): (&u64, &Pending)| (pending.deadline <= now).then_some(*number);
        let mut numbers: Vec<u64> = self.pending.iter().filter_map(late).collect();
        numbers.sort_unstable();
        numbers.into_iter().filter_map(|number| self.take(number)).collect()
    }

    /// The socket has ended.
    pub(crate) fn close(self) {
        for Pending { waiting, .. } in self.pending.into_values() {
            match waiting {
                Waiting::Application(slot) => slot.fill(Err(Error::Closed)),
                Waiting::Broadcast(tally) => tally.miss(),
                Waiting::Client(_) => {}
            }
        }
    }
}

impl Waiting {
    fn client(self) -> Option<Box<str>> {
        if let Self::Client(id) = self { Some(id) } else { None }
    }

    fn fail(self, socket: &Socket, error: &Error) {
        match self {
            Self::Client(id) => socket.send(&Outbound::Error { id: Some(&id), error }),
            Self::Application(slot) => slot.fill(Err(error.clone())),
            Self::Broadcast(tally) => tally.miss(),
        }
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

/// The future of a client's answer: its data, [`Error::Timeout`] or [`Error::Closed`]. Cancel-safe; dropping it
/// gives up the answer, and the event stays sent.
#[derive(Debug)]
pub struct Acknowledgement(Arc<Slot>);

impl Future for Acknowledgement {
    type Output = Result<OwnedPayload, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = lock(&self.0.0);
        match state.answer.take() {
            Some(answer) => Poll::Ready(answer),
            None => {
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// Filled once by the socket, emptied once by the [`Acknowledgement`]. A lock of its own that is held for moments
/// and under which nothing else is locked.
#[derive(Debug, Default)]
pub(crate) struct Slot(Mutex<SlotState>);

#[derive(Debug, Default)]
struct SlotState {
    answer: Option<Result<OwnedPayload, Error>>,
    waker: Option<Waker>,
}

impl Slot {
    fn fill(&self, answer: Result<OwnedPayload, Error>) {
        let mut state = lock(&self.0);
        state.answer = Some(answer);
        let waker = state.waker.take();
        drop(state);
        wake(waker);
    }
}
