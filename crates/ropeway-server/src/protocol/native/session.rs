//! The session of one connection: from messages of the client to commands for the hub.

use std::borrow::Cow;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use ropeway_hub::{Close, Connection, DisconnectReason, Drained, Error, Grants, Hub, Payload, Socket};

use super::access::{Access, Due, Start};
use super::client::{ClientMessage, parse};
use super::door::{Door, NAMESPACE, Passage};
use super::encoder::NativeEncoder;
use super::notices::{Welcome, push_expiring, push_pong, push_reconnect, push_welcome};
use crate::auth;
use crate::protocol;
use crate::protocol::messages::push_error;
use crate::protocol::request::Request;
use crate::protocol::requests::{Requests, answer};

/// Answers a client, without I/O.
pub(crate) struct Session {
    /// Owns the outbox; dropping it ends all memberships.
    pub(super) connection: Connection,
    /// Absent until it is known who the client is, and when it was refused.
    pub(super) socket: Option<Socket>,
    pub(super) encoder: Arc<NativeEncoder>,
    pub(super) requests: Requests,
    /// Where there is an application that may let the client in and handle what it emits.
    pub(super) passage: Option<Box<Passage>>,
    /// Who the client is; absent where nobody asks.
    pub(super) access: Option<Box<Access>>,
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
            passage: None,
            access: access.map(Box::new),
        }
    }

    /// It is known who the client is, as far as that matters.
    pub(super) fn begin(&mut self, start: Start) -> Result<(), Error> {
        self.connection.push(start.welcome);
        self.open_socket(&start.session, start.door)
    }

    pub(super) fn open_socket(&mut self, session: &str, door: Option<Door>) -> Result<(), Error> {
        let identity = self.access.as_ref().and_then(|access| access.identity().cloned());
        let user = identity.as_ref().and_then(|identity| identity.name());
        let grants = identity.clone().map(|identity| identity as Arc<dyn Grants>);
        let socket = self.connection.open(NAMESPACE, session, user, grants)?;
        self.socket = Some(socket.clone());
        self.passage = door.map(|door| Box::new(door.pass(socket.clone())));
        if self.passage.is_none() {
            socket.establish()?;
            self.enter_rooms(&socket);
        }
        Ok(())
    }

    /// The rooms that the credentials name for that.
    pub(super) fn enter_rooms(&mut self, socket: &Socket) {
        if let Some(identity) = self.access.as_ref().and_then(|access| access.identity()) {
            self.requests.follow(socket, None, identity);
        }
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
            (Request::Ping, _) => self.push(|out| push_pong(out, id)),
            (request, Some(socket)) => self.requests.carry_out(socket, id, &request, &[]),
        }
    }

    /// When too much waits for the handlers, nothing is read until they have caught up.
    fn wait_for_handlers(&mut self) {
        let Some(socket) = &self.socket else { return };
        if let Some(wait) = self.passage.as_ref().and_then(|passage| passage.app.congestion(socket)) {
            self.requests.wait(wait);
        }
    }

    pub(super) fn refuse(&self, id: Option<&str>, code: &str, message: &str) {
        self.push(|out| push_error(out, id, code, message, false));
    }

    pub(super) fn push(&self, write: impl FnOnce(&mut String)) {
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
        let is_waiting = self.passage.as_ref().is_some_and(|passage| passage.admission.is_some());
        is_verifying || is_waiting || self.requests.are_under_way()
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
            self.push(|out| push_reconnect(out, after));
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.access.as_ref()?.deadline()
    }

    fn handle_timeout(&mut self, now: Instant) {
        match self.access.as_mut().and_then(|access| access.take_due(now)) {
            Some(Due::TimeOut(_)) => self.give_up("authentication timed out"),
            Some(Due::Warning(_, end)) => {
                self.push(|out| push_expiring(out, end.saturating_duration_since(now)));
            }
            Some(Due::End(_)) => self.give_up("token expired"),
            None => {}
        }
    }

    fn end(&mut self, reason: DisconnectReason) {
        self.connection.end(reason);
    }
}
