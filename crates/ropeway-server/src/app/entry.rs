//! What protocol sessions and the hub call.
//!
//! A session that wants to enter a namespace asks [`App::find`] for its handlers, opens a socket in the hub, has it
//! [admitted](App::admit), establishes it, queues its protocol's answer, and calls [`App::connected`]. From then on the
//! hub passes on events and the end. After each event the session asks [`App::congestion`].

use std::sync::Arc;
use std::task::Poll;

use ropeway_hub::{
    Answer, Application, BoxFuture, DisconnectReason, Hub, OwnedPayload, Payload, Reply, Socket as HubSocket,
};

use super::calls::{parts_of, resolve};
use super::handler::poll_once;
use super::occasion::Occasion;
use super::runner::{attend, guarded};
use super::seat::Seat;
use super::{App, Handlers, Refusal, Running, Socket, search};
use crate::Handshake;
use crate::auth::Auth;
use crate::config::SocketIo;

impl App {
    /// Whether a server runs it, or did.
    pub(crate) fn has_started(&self) -> bool {
        self.0.running.get().is_some()
    }

    /// The name of a type of state that a handler wants and nobody has given.
    pub(crate) fn missing_state(&self) -> Option<&'static str> {
        let missing = self.0.registry.needs().into_iter().find(|(state, _)| !self.0.states.has(*state));
        missing.map(|(_, name)| name)
    }

    /// Ends when no handler waits any more. Cancel-safe.
    pub(crate) async fn finished(&self) {
        self.0.tasks.empty().await;
    }

    /// Begins to serve a hub.
    pub(crate) fn start(&self, hub: Hub, auth: Arc<Auth>, config: &SocketIo) {
        let running = Running { hub, auth, cleanup: config.cleanup_empty_child_namespaces };
        if self.0.running.set(running).is_err() {
            tracing::warn!("an application was given to two servers; it speaks to the first one only");
        }
        for namespace in self.0.registry.fixed_names() {
            self.0.add_to_hub(&namespace);
        }
    }

    /// Whether a namespace of this name, or of a pattern that fits it, is defined.
    pub(crate) fn has_namespace(&self, name: &str) -> bool {
        self.0.registry.has(name)
    }

    /// The handlers of a namespace: of its name, of a pattern or of a function. The namespace exists in the hub then.
    /// Nothing when the application does not know it. Should the hub not find it a moment later (its last socket left
    /// meanwhile), ask again.
    pub(crate) fn find(
        &self,
        namespace: &str,
        handshake: &Arc<Handshake>,
        auth: &OwnedPayload,
    ) -> Reply<Option<Arc<Handlers>>> {
        search::find(&self.0, namespace, handshake, auth)
    }

    /// Makes the socket one of the application, and runs the middleware: the socket is open in the hub and not
    /// established. With `passes` no middleware is asked: the socket is a recovered one that was admitted before.
    pub(crate) fn admit(
        &self,
        handlers: &Arc<Handlers>,
        socket: &HubSocket,
        handshake: &Arc<Handshake>,
        auth: OwnedPayload,
        passes: bool,
    ) -> Reply<Result<(), Refusal>> {
        let seat = Seat::new(self.0.clone(), handlers.clone(), handshake.clone(), auth);
        let seat = Arc::new(seat);
        if !socket.attach(seat.clone()) {
            return Reply::Ready(Err(Refusal::coded("unavailable", "the connection has ended")));
        }
        if passes || handlers.middleware.is_empty() {
            return Reply::Ready(Ok(()));
        }
        let socket = Socket { hub: socket.clone(), seat };
        let mut future: BoxFuture<Result<(), Refusal>> = Box::pin(ask_middleware(socket));
        match poll_once(&mut future) {
            Poll::Ready(admitted) => Reply::Ready(admitted),
            Poll::Pending => Reply::Pending(future),
        }
    }

    /// The admitted socket is established, and the answer is queued.
    pub(crate) fn connected(&self, socket: &HubSocket) {
        if let Some(socket) = Socket::of(socket) {
            attend(&socket, Occasion::Connected);
        }
    }

    /// Whether so much waits for this socket's handlers that its connection shall not be read: then until when. To be
    /// asked after each event that was dispatched. It ends as well when a handler waits for an acknowledgement, which
    /// only comes when the connection is read.
    pub(crate) fn congestion(&self, socket: &HubSocket) -> Option<BoxFuture<()>> {
        let seat = seat_of(socket)?;
        seat.is_congested().then(|| Box::pin(seat.relieved()) as BoxFuture<()>)
    }
}

async fn ask_middleware(socket: Socket) -> Result<(), Refusal> {
    let mut applicant = Applicant { seat: &socket.seat, is_admitted: false };
    let admitted = guarded(&socket, Box::pin(ask_each(socket.clone()))).await;
    admitted.unwrap_or_else(|| Err(Refusal::coded("internal", "the server cannot answer")))?;
    applicant.is_admitted = true;
    Ok(())
}

async fn ask_each(socket: Socket) -> Result<(), Refusal> {
    for middleware in &socket.seat.handlers.middleware {
        let called = middleware.call(&mut parts_of(&socket));
        resolve(called).await?;
    }
    Ok(())
}

/// Who is not admitted has no `on_disconnect`, after which what middleware has noted would be dropped.
struct Applicant<'a> {
    seat: &'a Seat,
    is_admitted: bool,
}

impl Drop for Applicant<'_> {
    fn drop(&mut self) {
        if !self.is_admitted {
            self.seat.forget_extensions();
        }
    }
}

/// What the hub calls. It knows nothing itself: each socket has its [`Seat`] with it.
pub(crate) struct Dispatcher;

impl Application for Dispatcher {
    fn event(&self, socket: &HubSocket, event: &str, data: Payload<'_>, answer: Answer) {
        match Socket::of(socket) {
            Some(socket) => {
                let answer = Some(answer).filter(Answer::is_awaited);
                attend(&socket, Occasion::Event { name: event, data, answer });
            }
            None => answer.refuse(&ropeway_hub::Error::NoHandler),
        }
    }

    fn disconnecting(&self, socket: &HubSocket, _reason: DisconnectReason) {
        if let Some(seat) = seat_of(socket) {
            seat.note_rooms(socket);
        }
    }

    fn disconnected(&self, socket: &HubSocket, reason: DisconnectReason) {
        if let Some(socket) = Socket::of(socket) {
            attend(&socket, Occasion::Disconnected(reason));
            search::left(&socket.seat.app, socket.hub.namespace());
        }
    }

    fn handshake(&self, socket: &HubSocket) -> Option<Box<str>> {
        let socket = Socket::of(socket)?;
        super::remote::handshake_json(&socket.seat)
    }
}

impl Socket {
    /// The application's view of a socket that it has admitted.
    pub(super) fn of(hub: &HubSocket) -> Option<Self> {
        seat_of(hub).map(|seat| Self { hub: hub.clone(), seat })
    }
}

fn seat_of(socket: &HubSocket) -> Option<Arc<Seat>> {
    socket.attachment()?.downcast().ok()
}
