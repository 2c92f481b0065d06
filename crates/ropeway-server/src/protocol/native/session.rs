//! The session of one connection: from messages of the client to commands for the hub.

use std::borrow::Cow;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use ropeway_hub::{
    BoxFuture, Close, Connection, DisconnectReason, Drained, Error, Grants, Hub, OwnedPayload, Payload,
    Socket,
};
use tracing::debug;

use super::access::{Access, Due, Start};
use super::client::{ClientMessage, parse};
use super::encoder::NativeEncoder;
use crate::app::{self, App};
use crate::auth::{self, Identity, Secret};
use crate::carrier::now;
use crate::handshake::Handshake;
use crate::protocol;
use crate::protocol::json::Object;
use crate::protocol::messages::push_error;
use crate::protocol::request::Request;
use crate::protocol::requests::{Requests, answer};

/// The native protocol has no namespaces: all its clients are in this one.
const NAMESPACE: &str = "/";

/// A fault of ours.
const INTERNAL: Close = Close { code: 1011, reason: Cow::Borrowed("internal error") };

/// Answers a client, without I/O.
pub(crate) struct Session {
    /// Owns the outbox; dropping it ends all memberships.
    connection: Connection,
    /// Absent until it is known who the client is, and when it was refused.
    socket: Option<Socket>,
    encoder: Arc<NativeEncoder>,
    requests: Requests,
    /// The application that may handle what is emitted.
    app: Option<App>,
    /// Whether the application lets the client in is not known yet. Nothing is read meanwhile.
    admission: Option<BoxFuture<Result<Admitted, app::Refusal>>>,
    /// Who the client is; absent where nobody asks.
    access: Option<Box<Access>>,
}

/// Whether an application handles the events of the client that is let in.
struct Admitted {
    is_handled: bool,
}

/// The application behind the server, and what it may want to know of a client.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) app: App,
    pub(crate) handshake: Arc<Handshake>,
}

/// What the first message tells the client.
#[derive(Clone, Debug)]
pub(crate) struct Welcome<'a> {
    pub(crate) session: &'a str,
    pub(crate) node: &'a str,
    pub(crate) ping_interval: Duration,
    pub(crate) ping_timeout: Duration,
    /// Bytes.
    pub(crate) max_message: usize,
}

impl Session {
    /// Registers with the hub and queues the welcome, unless the client has still to say who it is. Behind a door the
    /// client is let in by the application's middleware.
    ///
    /// # Errors
    /// Those of [`Connection::open`].
    pub(crate) fn open(
        hub: &Hub,
        door: Option<Door>,
        encoder: Arc<NativeEncoder>,
        welcome: &Welcome<'_>,
        access: Option<Access>,
    ) -> Result<Self, Error> {
        let mut session = Self::without_socket(hub, encoder, access);
        let welcome_frame = session.encoder.frame(256, |out| push_welcome(out, welcome));
        let start = Start { session: welcome.session.into(), welcome: welcome_frame, door };
        if let Some(access) = &mut session.access {
            // Whoever is nobody yet may begin anew as somebody.
            access.start = access.is_nobody().then(|| start.clone());
        }
        if !session.access.as_ref().is_some_and(|access| access.is_unknown()) {
            session.begin(start)?;
        }
        Ok(session)
    }

    /// One that says nothing but why the client is refused, and closes.
    pub(crate) fn refused(hub: &Hub, encoder: Arc<NativeEncoder>, refusal: &auth::Refusal) -> Self {
        let mut session = Self::without_socket(hub, encoder, None);
        session.refuse_for_good(None, refusal);
        session
    }

    fn without_socket(hub: &Hub, encoder: Arc<NativeEncoder>, access: Option<Access>) -> Self {
        Self {
            connection: hub.connect(encoder.clone()),
            socket: None,
            encoder,
            requests: Requests::default(),
            app: None,
            admission: None,
            access: access.map(Box::new),
        }
    }

    /// It is known who the client is, as far as that matters.
    fn begin(&mut self, start: Start) -> Result<(), Error> {
        self.connection.push(start.welcome);
        self.open_socket(&start.session, start.door)
    }

    fn open_socket(&mut self, session: &str, door: Option<Door>) -> Result<(), Error> {
        let identity = self.access.as_ref().and_then(|access| access.identity().cloned());
        let user = identity.as_ref().and_then(|identity| identity.name());
        let grants = identity.clone().map(|identity| identity as Arc<dyn Grants>);
        let socket = self.connection.open(NAMESPACE, session, user, grants)?;
        self.socket = Some(socket.clone());
        self.app = door.as_ref().map(|door| door.app.clone());
        self.admission = door.map(|door| door.admit(socket.clone()));
        if self.admission.is_none() {
            socket.establish()?;
            self.enter_rooms(&socket);
        }
        Ok(())
    }

    /// The rooms that the credentials name for that.
    fn enter_rooms(&mut self, socket: &Socket) {
        if let Some(identity) = self.access.as_ref().and_then(|access| access.identity()) {
            self.requests.follow(socket, None, identity);
        }
    }

    /// A token came as a message.
    fn authenticate(&mut self, id: Option<&str>, token: Secret) {
        match &mut self.access {
            Some(access) if !access.takes_messages() => {
                self.refuse(id, "unsupported", "this server takes no tokens as messages");
            }
            Some(access) => access.verify(id, token),
            None => self.refuse(id, "unsupported", "this server has no authentication"),
        }
    }

    fn poll_access(&mut self, cx: &mut Context<'_>) {
        let in_rooms = self.socket.as_ref().is_some_and(|socket| !socket.rooms().is_empty());
        let Some(access) = &mut self.access else { return };
        let Some((id, verified)) = access.poll(cx) else { return };
        let accepted = verified.and_then(|identity| accept(access, identity, in_rooms));
        let is_last = access.is_last(&accepted);
        match accepted {
            Ok((identity, Some(before))) => self.renew(id.as_deref(), &before, identity),
            Ok((identity, None)) => self.become_known(id.as_deref(), identity),
            Err(refusal) if is_last => self.refuse_for_good(id.as_deref(), &refusal),
            Err(refusal) => self.refuse_for_now(id.as_deref(), &refusal),
        }
    }

    /// The first credentials of this client, or the first that name a user. A socket that it had as nobody ends, and it
    /// begins anew under its name.
    fn become_known(&mut self, id: Option<&str>, identity: Arc<Identity>) {
        let Some(access) = &mut self.access else { return };
        let Some(start) = access.start.clone() else { return };
        access.set(identity.clone(), now());
        self.push_auth_ok(id, &identity);
        let begun = match self.socket.take() {
            Some(nobody) => {
                nobody.end(DisconnectReason::ClientNamespaceDisconnect);
                self.open_socket(&start.session, start.door)
            }
            None => self.begin(start),
        };
        if let Err(error) = begun {
            debug!(%error, "a socket cannot be opened");
            self.connection.close(INTERNAL);
        }
    }

    /// New credentials of the same user.
    fn renew(&mut self, id: Option<&str>, before: &Identity, identity: Arc<Identity>) {
        if let Some(access) = &mut self.access {
            access.set(identity.clone(), now());
        }
        self.push_auth_ok(id, &identity);
        let Some(socket) = self.socket.clone() else { return };
        socket.set_grants(Some(identity.clone()));
        self.requests.follow(&socket, Some(before), &identity);
    }

    fn poll_admission(&mut self, cx: &mut Context<'_>) {
        let Some(Poll::Ready(answer)) = self.admission.as_mut().map(|later| later.as_mut().poll(cx)) else {
            return;
        };
        self.admission = None;
        match answer {
            Ok(admitted) => self.enter(&admitted),
            Err(refusal) => self.turn_away(&refusal),
        }
    }

    fn enter(&mut self, admitted: &Admitted) {
        let Some(socket) = self.socket.clone() else { return };
        if let Err(error) = socket.establish() {
            debug!(%error, "a socket cannot be established");
            return self.connection.close(INTERNAL);
        }
        self.enter_rooms(&socket);
        if !admitted.is_handled {
            self.app = None;
        }
        if let Some(app) = &self.app {
            app.connected(&socket);
        }
    }

    /// 4001: there is no point in coming back without something better to show.
    fn turn_away(&self, refusal: &app::Refusal) {
        self.push(|out| {
            let object = Object::message(out, "error").text("code", refusal.code);
            let object = object.text("message", &refusal.message).flag("retry", false);
            match &refusal.data {
                Some(data) => object.json("data", data),
                None => object,
            }
            .end();
        });
        self.connection.close(Close { code: 4001, reason: Cow::Borrowed("unauthorized") });
    }

    fn carry_out(&mut self, message: ClientMessage<'_>) {
        if self.access.as_ref().is_some_and(|access| access.is_over) {
            return;
        }
        let id = message.id.as_deref();
        match (message.request, &self.socket) {
            (Request::Auth { token }, _) => self.authenticate(id, token),
            (_, None) => self.refuse_unknown(id),
            (Request::Emit { event, data }, Some(socket)) => {
                answer(socket, id, socket.dispatch(&event, Payload::text(data), id));
                self.wait_for_handlers();
            }
            (Request::Ping, _) => self.push(|out| Object::message(out, "pong").optional_text("id", id).end()),
            (request, Some(socket)) => self.requests.carry_out(socket, id, &request, &[]),
        }
    }

    /// When too much waits for the handlers, nothing is read until they have caught up.
    fn wait_for_handlers(&mut self) {
        let Some(socket) = &self.socket else { return };
        if let Some(wait) = self.app.as_ref().and_then(|app| app.congestion(socket)) {
            self.requests.wait(wait);
        }
    }

    /// Something else than a token came first. What comes behind it is not looked at.
    fn refuse_unknown(&mut self, id: Option<&str>) {
        self.refuse_for_good(
            id,
            &auth::Refusal::unauthorized("the first message must be `auth` with a token"),
        );
    }

    fn refuse_for_good(&mut self, id: Option<&str>, refusal: &auth::Refusal) {
        self.refuse_for_now(id, refusal);
        self.connection.close(refusal.close());
        self.listen_no_more();
    }

    fn refuse_for_now(&self, id: Option<&str>, refusal: &auth::Refusal) {
        self.push(|out| push_error(out, id, refusal.code(), refusal.message(), refusal.retry()));
    }

    fn push_auth_ok(&self, id: Option<&str>, identity: &Identity) {
        let left = identity.time_left(SystemTime::now());
        self.push(|out| {
            let object = Object::message(out, "auth_ok").optional_text("id", id);
            let object = object.optional_text("user", identity.name());
            match left {
                Some(left) => object.number("expires_in", millis(left)),
                None => object,
            }
            .end();
        });
    }

    fn warn(&self, left: Duration) {
        self.push(|out| Object::message(out, "expiring").number("expires_in", millis(left)).end());
    }

    fn give_up(&mut self, reason: &'static str) {
        self.connection.close(Close { code: 4001, reason: Cow::Borrowed(reason) });
        self.listen_no_more();
    }

    fn listen_no_more(&mut self) {
        if let Some(access) = &mut self.access {
            access.is_over = true;
        }
    }

    fn refuse(&self, id: Option<&str>, code: &str, message: &str) {
        self.push(|out| push_error(out, id, code, message, false));
    }

    fn push(&self, write: impl FnOnce(&mut String)) {
        self.connection.push(self.encoder.frame(128, write));
    }
}

impl protocol::Session for Session {
    /// Whatever it holds, the answer is queued.
    fn text(&mut self, text: &str) {
        match parse(text) {
            Ok(message) => self.carry_out(message),
            Err(bad) if self.socket.is_none() => self.refuse_unknown(bad.id.as_deref()),
            Err(bad) => self.refuse(bad.id.as_deref(), bad.code, &bad.message),
        }
    }

    /// The protocol has none (close 1003).
    fn binary(&mut self, _data: Bytes) {
        self.close(Close { code: 1003, reason: Cow::Borrowed("messages are text") });
    }

    fn is_busy(&self) -> bool {
        let is_verifying = self.access.as_ref().is_some_and(|access| access.is_verifying());
        is_verifying || self.admission.is_some() || self.requests.are_under_way()
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>, into: &mut Vec<Bytes>, max: usize) -> Poll<Drained> {
        self.poll_access(cx);
        self.poll_admission(cx);
        self.requests.poll(cx);
        self.connection.poll_drain(cx, into, max)
    }

    fn close(&mut self, close: Close) {
        self.connection.close(close);
    }

    /// Whoever has not yet said who it is reads it in the reason of the close alone.
    fn tell_reconnect(&mut self, after: Duration) {
        if self.socket.is_some() {
            self.push(|out| Object::message(out, "reconnect").number("after", millis(after)).end());
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.access.as_ref()?.deadline()
    }

    fn handle_timeout(&mut self, now: Instant) {
        match self.access.as_mut().and_then(|access| access.take_due(now)) {
            Some(Due::TimeOut(_)) => self.give_up("authentication timed out"),
            Some(Due::Warning(_, end)) => self.warn(end.saturating_duration_since(now)),
            Some(Due::End(_)) => self.give_up("token expired"),
            None => {}
        }
    }

    fn end(&mut self, reason: DisconnectReason) {
        self.connection.end(reason);
    }
}

impl Door {
    fn admit(self, socket: Socket) -> BoxFuture<Result<Admitted, app::Refusal>> {
        let Self { app, handshake } = self;
        Box::pin(async move {
            // The protocol has no place for it.
            let auth = OwnedPayload::default();
            let Some(handlers) = app.find(NAMESPACE, &handshake, &auth).await else {
                return Ok(Admitted { is_handled: false });
            };
            app.admit(&handlers, &socket, &handshake, auth, false).await?;
            Ok(Admitted { is_handled: true })
        })
    }
}

/// The identity of a token, where the client may be that one, and the one that it renews.
fn accept(
    access: &mut Access,
    identity: Arc<Identity>,
    in_rooms: bool,
) -> Result<(Arc<Identity>, Option<Arc<Identity>>), auth::Refusal> {
    identity.may_enter(NAMESPACE)?;
    let before = access.renewed(&identity)?;
    if before.is_none() && in_rooms {
        return Err(auth::Refusal::forbidden("leave all rooms before you say who you are"));
    }
    access.count(&identity)?;
    Ok((identity, before))
}

fn push_welcome(out: &mut String, welcome: &Welcome<'_>) {
    Object::message(out, "welcome")
        .text("session", welcome.session)
        .text("node", welcome.node)
        .text("version", env!("CARGO_PKG_VERSION"))
        .number("ping_interval", millis(welcome.ping_interval))
        .number("ping_timeout", millis(welcome.ping_timeout))
        .number("max_message", welcome.max_message as u64)
        .end();
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
