//! The session of one connection: from messages of the client to commands for the hub.

use std::borrow::Cow;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use ropeway_hub::{Close, Connection, Drained, Error, Hub, Payload, Socket};

use super::client::{ClientMessage, parse};
use super::encoder::NativeEncoder;
use crate::protocol::json::Object;
use crate::protocol::messages::push_error;
use crate::protocol::request::Request;
use crate::protocol::requests::{Requests, answer};
use crate::protocol::{self, Ending};

/// The native protocol has no namespaces: all its clients are in this one.
const NAMESPACE: &str = "/";

/// Answers a client, without I/O.
pub(crate) struct Session {
    /// Owns the outbox; dropping it ends all memberships.
    connection: Connection,
    socket: Socket,
    encoder: Arc<NativeEncoder>,
    requests: Requests,
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
    /// Registers with the hub and queues the welcome.
    ///
    /// # Errors
    /// Those of [`Connection::open`].
    pub(crate) fn open(hub: &Hub, encoder: Arc<NativeEncoder>, welcome: &Welcome<'_>) -> Result<Self, Error> {
        let connection = hub.connect(encoder.clone());
        connection.push(encoder.frame(256, |out| push_welcome(out, welcome)));
        let socket = connection.open(NAMESPACE, welcome.session, None)?;
        socket.establish()?;
        Ok(Self { connection, socket, encoder, requests: Requests::default() })
    }

    fn carry_out(&mut self, message: &ClientMessage<'_>) {
        let id = message.id.as_deref();
        match &message.request {
            Request::Emit { event, data } => {
                answer(&self.socket, id, self.socket.dispatch(event, Payload::text(data), id));
            }
            Request::Ping => self.push(|out| Object::message(out, "pong").optional_text("id", id).end()),
            Request::Auth => self.refuse(id, "unsupported", "this server has no authentication"),
            request => self.requests.carry_out(&self.socket, id, request, &[]),
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
        self.requests.are_under_way()
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>, into: &mut Vec<Bytes>, max: usize) -> Poll<Drained> {
        self.requests.poll(cx);
        self.connection.poll_drain(cx, into, max)
    }

    fn close(&mut self, close: Close) {
        self.connection.close(close);
    }

    /// Memberships end with the connection, and nobody asks why.
    fn end(&mut self, _reason: Ending) {}
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
