//! The session of one connection: from messages of the client to commands for the hub.

use std::borrow::Cow;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use ropeway_hub::{
    BoxFuture, Close, Connection, DisconnectReason, Drained, Error, Hub, OwnedPayload, Payload, Socket,
};
use tracing::debug;

use super::client::{ClientMessage, parse};
use super::encoder::NativeEncoder;
use crate::app::{App, Refusal};
use crate::handshake::Handshake;
use crate::protocol;
use crate::protocol::json::Object;
use crate::protocol::messages::push_error;
use crate::protocol::request::Request;
use crate::protocol::requests::{Requests, answer};

/// The native protocol has no namespaces: all its clients are in this one.
const NAMESPACE: &str = "/";

/// Answers a client, without I/O.
pub(crate) struct Session {
    /// Owns the outbox; dropping it ends all memberships.
    connection: Connection,
    socket: Socket,
    encoder: Arc<NativeEncoder>,
    requests: Requests,
    /// The application that may handle what is emitted.
    app: Option<App>,
    /// Whether the application lets the client in is not known yet. Nothing is read meanwhile.
    admission: Option<BoxFuture<Result<Admitted, Refusal>>>,
}

/// Whether an application handles the events of the client that is let in.
struct Admitted {
    is_handled: bool,
}

/// The application behind the server, and what it may want to know of a client.
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
    /// Registers with the hub and queues the welcome. Behind a door the client is let in by the application's
    /// middleware.
    ///
    /// # Errors
    /// Those of [`Connection::open`].
    pub(crate) fn open(
        hub: &Hub,
        door: Option<Door>,
        encoder: Arc<NativeEncoder>,
        welcome: &Welcome<'_>,
    ) -> Result<Self, Error> {
        let connection = hub.connect(encoder.clone());
        connection.push(encoder.frame(256, |out| push_welcome(out, welcome)));
        let socket = connection.open(NAMESPACE, welcome.session, None, None)?;
        let app = door.as_ref().map(|door| door.app.clone());
        let admission = door.map(|door| door.admit(socket.clone()));
        if admission.is_none() {
            socket.establish()?;
        }
        Ok(Self { connection, socket, encoder, requests: Requests::default(), app, admission })
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
        if let Err(error) = self.socket.establish() {
            debug!(%error, "a socket cannot be established");
            return self.connection.close(Close { code: 1011, reason: Cow::Borrowed("internal error") });
        }
        if !admitted.is_handled {
            self.app = None;
        }
        if let Some(app) = &self.app {
            app.connected(&self.socket);
        }
    }

    /// 4001: there is no point in coming back without something better to show.
    fn turn_away(&self, refusal: &Refusal) {
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

    fn carry_out(&mut self, message: &ClientMessage<'_>) {
        let id = message.id.as_deref();
        match &message.request {
            Request::Emit { event, data } => {
                answer(&self.socket, id, self.socket.dispatch(event, Payload::text(data), id));
                self.wait_for_handlers();
            }
            Request::Ping => self.push(|out| Object::message(out, "pong").optional_text("id", id).end()),
            Request::Auth => self.refuse(id, "unsupported", "this server has no authentication"),
            request => self.requests.carry_out(&self.socket, id, request, &[]),
        }
    }

    /// When too much waits for the handlers, nothing is read until they have caught up.
    fn wait_for_handlers(&mut self) {
        if let Some(wait) = self.app.as_ref().and_then(|app| app.congestion(&self.socket)) {
            self.requests.wait(wait);
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
            Ok(message) => self.carry_out(&message),
            Err(bad) => self.refuse(bad.id.as_deref(), bad.code, &bad.message),
        }
    }

    /// The protocol has none (close 1003).
    fn binary(&mut self, _data: Bytes) {
        self.close(Close { code: 1003, reason: Cow::Borrowed("messages are text") });
    }

    fn is_busy(&self) -> bool {
        self.admission.is_some() || self.requests.are_under_way()
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>, into: &mut Vec<Bytes>, max: usize) -> Poll<Drained> {
        self.poll_admission(cx);
        self.requests.poll(cx);
        self.connection.poll_drain(cx, into, max)
    }

    fn close(&mut self, close: Close) {
        self.connection.close(close);
    }

    fn end(&mut self, reason: DisconnectReason) {
        self.connection.end(reason);
    }
}

impl Door {
    fn admit(self, socket: Socket) -> BoxFuture<Result<Admitted, Refusal>> {
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

fn push_welcome(out: &mut String, welcome: &Welcome<'_>) {
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    Object::message(out, "welcome")
        .text("session", welcome.session)
        .text("node", welcome.node)
        .text("version", env!("CARGO_PKG_VERSION"))
        .number("ping_interval", millis(welcome.ping_interval))
        .number("ping_timeout", millis(welcome.ping_timeout))
        .number("max_message", welcome.max_message as u64)
        .end();
}
