//! What an application does in a namespace.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use super::extract::Need;
use super::handler::{ErasedHandler, erase};
use super::{Admission, BeforeEvent, Connected, Disconnected, Handler, Kind, Message};

/// The handlers of a namespace, or of all namespaces of a pattern; made by [`App::namespace`](super::App::namespace).
///
/// They are shared by all sockets: a socket costs nothing for each of them. Handlers that are added later are for the
/// sockets that connect later.
#[derive(Clone, Default)]
pub struct Definition(Arc<RwLock<Arc<Handlers>>>);

/// The handlers at one moment.
#[derive(Clone, Default)]
pub(crate) struct Handlers {
    pub(super) middleware: Vec<Arc<dyn ErasedHandler<Admission>>>,
    pub(super) connect: Vec<Arc<dyn ErasedHandler<Connected>>>,
    pub(super) before_event: Vec<Arc<dyn ErasedHandler<BeforeEvent>>>,
    pub(super) any: Vec<Arc<dyn ErasedHandler<Message>>>,
    /// By name. There are few, and none by a client's doing: looking for one costs less than hashing its name would.
    pub(super) events: BTreeMap<Box<str>, EventHandler>,
    pub(super) disconnect: Vec<Arc<dyn ErasedHandler<Disconnected>>>,
    /// Some event has a concurrent handler.
    pub(super) has_concurrent: bool,
}

impl Handlers {
    /// The states that they want.
    pub(super) fn needs(&self) -> impl Iterator<Item = Need> {
        let events = self.events.values().flat_map(|event| event.handler.needs());
        let first =
            needs_of(&self.middleware).chain(needs_of(&self.connect)).chain(needs_of(&self.before_event));
        first.chain(needs_of(&self.any)).chain(events).chain(needs_of(&self.disconnect))
    }

    /// Whether an event concerns nobody but its own handler.
    pub(super) fn is_plain(&self) -> bool {
        self.before_event.is_empty() && self.any.is_empty()
    }

    pub(super) fn is_concurrent(&self, event: &str) -> bool {
        self.has_concurrent && self.events.get(event).is_some_and(|handler| handler.concurrent)
    }
}

/// The handler of one event.
#[derive(Clone)]
pub(super) struct EventHandler {
    pub(super) handler: Arc<dyn ErasedHandler<Message>>,
    /// Does not wait for others, and others do not wait for it.
    pub(super) concurrent: bool,
}

fn needs_of<K: Kind>(handlers: &[Arc<dyn ErasedHandler<K>>]) -> impl Iterator<Item = Need> {
    handlers.iter().flat_map(|handler| handler.needs())
}

impl Definition {
    /// Adds a middleware: it is called when a client asks to enter, after those that were added before, and may refuse
    /// with [`Refusal`](super::Refusal). The socket exists but is in no room and hears nothing yet; it may be given
    /// [data](super::Socket::set_data) and [extensions](super::Socket::extensions).
    ///
    /// Clients of the native protocol pass through the middleware of `/`.
    pub fn middleware<A: 'static>(self, handler: impl Handler<Admission, A>) -> Self {
        self.change(|handlers| handlers.middleware.push(erase(handler)))
    }

    /// Adds what is done when a client has entered, before any of its events is handled. Of several, each is called
    /// when the one before has ended.
    pub fn on_connect<A: 'static>(self, handler: impl Handler<Connected, A>) -> Self {
        self.change(|handlers| handlers.connect.push(erase(handler)))
    }

    /// Sets the handler of an event; there is one for each name. Handlers of one socket run one after the other in the
    /// order of its events; those of different sockets run at the same time.
    ///
    /// A sync handler, and an async one up to the first moment at which it has to wait, runs on the connection's task: it
    /// must not block the thread.
    pub fn on<A: 'static>(self, event: &str, handler: impl Handler<Message, A>) -> Self {
        self.set(event, EventHandler { handler: erase(handler), concurrent: false })
    }

    /// As [`on`](Self::on), but the events that follow do not wait until the handler has ended. At most 64 of one
    /// socket run at a time; further events wait then.
    pub fn on_concurrent<A: 'static>(self, event: &str, handler: impl Handler<Message, A>) -> Self {
        self.set(event, EventHandler { handler: erase(handler), concurrent: true })
    }

    /// Adds a handler of all events, called before the one of the event itself. What it returns is the acknowledgement
    /// only where the event has no handler of its own. [`Event`](super::Event) tells the name.
    pub fn on_any<A: 'static>(self, handler: impl Handler<Message, A>) -> Self {
        self.change(|handlers| handlers.any.push(erase(handler)))
    }

    /// Adds a middleware for events (`socket.use` in Socket.IO): called before all handlers of an event, and when it
    /// refuses, they are not called. A client that asked for an acknowledgement gets the
    /// [refusal](super::Refusal), otherwise it is logged at debug level.
    pub fn event_middleware<A: 'static>(self, handler: impl Handler<BeforeEvent, A>) -> Self {
        self.change(|handlers| handlers.before_event.push(erase(handler)))
    }

    /// Adds what is done when a client has gone, after the handlers of the events that it sent before. The socket is in
    /// no room any more and what is sent to it goes nowhere. [`DisconnectReason`](super::DisconnectReason) tells why.
    pub fn on_disconnect<A: 'static>(self, handler: impl Handler<Disconnected, A>) -> Self {
        self.change(|handlers| handlers.disconnect.push(erase(handler)))
    }

    /// The handlers as they are now.
    pub(super) fn handlers(&self) -> Arc<Handlers> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(self, event: &str, handler: EventHandler) -> Self {
        self.change(|handlers| {
            handlers.has_concurrent |= handler.concurrent;
            handlers.events.insert(event.into(), handler);
        })
    }

    fn change(self, change: impl FnOnce(&mut Handlers)) -> Self {
        change(Arc::make_mut(&mut self.0.write().unwrap_or_else(PoisonError::into_inner)));
        self
    }
}

impl fmt::Debug for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let handlers = self.handlers();
        f.debug_struct("Definition").field("events", &handlers.events.keys()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handlers").field("events", &self.events.keys()).finish_non_exhaustive()
    }
}
