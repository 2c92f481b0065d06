//! The session of one connection: from messages of the client to commands for the hub.

use std::borrow::Cow;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use ropeway_hub::{
    BoxFuture, Close, Connection, Drained, Error, HistoryQuery, Hub, Join, Outbound, Payload, Publish, Reply,
    Socket,
};

use super::client::{ClientMessage, parse};
use super::encoder::NativeEncoder;
use crate::protocol::json::Object;
use crate::protocol::messages::push_error;
use crate::protocol::request::{Request, Seen, Text};
use crate::protocol::{self, Ending};

/// The native protocol has no namespaces: all its clients are in this one.
const NAMESPACE: &str = "/";

/// Answers a client, without I/O.
pub(crate) struct Session {
    /// Owns the outbox; dropping it ends all memberships.
    connection: Connection,
    socket: Socket,
    encoder: Arc<NativeEncoder>,
    /// Requests that another machine has to answer. Filled by the messages of one read, since the carrier reads
    /// no further before they are done.
    later: Vec<BoxFuture<()>>,
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
        Ok(Self { connection, socket, encoder, later: Vec::new() })
    }

    fn carry_out(&mut self, message: &ClientMessage<'_>) {
        let id = message.id.as_deref();
        match &message.request {
            Request::Join { room, since, info } => self.join(id, room, since.as_ref(), *info),
            Request::Leave { room } => self.answer(id, self.socket.leave(room, id)),
            Request::Publish { room, event, data, key, volatile } => {
                let data = Payload::text(data);
                self.publish(id, &Publish { room, event, data, key: key.as_deref(), volatile: *volatile });
            }
            Request::Emit { event, data } => {
                self.answer(id, self.socket.dispatch(event, Payload::text(data), id));
            }
            Request::Presence { room } => {
                self.answer(id, self.socket.presence(room, id.unwrap_or_default()));
            }
            Request::History { room, limit, since } => {
                self.history(room, id.unwrap_or_default(), *limit, since.as_ref());
            }
            Request::Ping => self.push(|out| Object::message(out, "pong").optional_text("id", id).end()),
            Request::Auth => self.refuse(id, "unsupported", "this server has no authentication"),
        }
    }

    fn join(&mut self, id: Option<&str>, room: &Text<'_>, since: Option<&Seen<'_>>, info: Option<&str>) {
        let join = Join { room, id, since: since.map(Seen::as_since), info };
        let reply = self.socket.join(&join);
        self.when_done(reply, id, |_, _, ()| {});
    }

    fn publish(&mut self, id: Option<&str>, publish: &Publish<'_>) {
        let reply = self.socket.publish(publish);
        self.when_done(reply, id, |socket, id, published| {
            if let Some(id) = id {
                socket.send(&Outbound::Published { id, published: &published });
            }
        });
    }

    fn history(&mut self, room: &str, id: &str, limit: Option<usize>, since: Option<&Seen<'_>>) {
        let query = HistoryQuery { since: since.map(Seen::as_since), limit: limit.unwrap_or(usize::MAX) };
        let reply = self.socket.history(room, query);
        let room = room.to_owned();
        self.when_done(reply, Some(id), move |socket, id, page| {
            let id = id.unwrap_or_default();
            socket.send(&Outbound::History { room: &room, id, page: &page });
        });
    }

    /// Calls `succeed` with the answer, now or later; a failure is told to the client.
    fn when_done<T, F>(&mut self, reply: Reply<Result<T, Error>>, id: Option<&str>, succeed: F)
    where
        T: Send + 'static,
        F: FnOnce(&Socket, Option<&str>, T) + Send + 'static,
    {
        let finish = |socket: &Socket, id: Option<&str>, answer: Result<T, Error>, succeed: F| match answer {
            Ok(value) => succeed(socket, id, value),
            Err(error) => socket.send(&Outbound::Error { id, error: &error }),
        };
        match reply {
            Reply::Ready(answer) => finish(&self.socket, id, answer, succeed),
            Reply::Pending(later) => {
                let (socket, id) = (self.socket.clone(), id.map(str::to_owned));
                self.later
                    .push(Box::pin(async move { finish(&socket, id.as_deref(), later.await, succeed) }));
            }
        }
    }

    /// For requests whose success the hub itself answers.
    fn answer(&self, id: Option<&str>, result: Result<(), Error>) {
        if let Err(error) = result {
            self.socket.send(&Outbound::Error { id, error: &error });
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
        !self.later.is_empty()
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>, into: &mut Vec<Bytes>, max: usize) -> Poll<Drained> {
        self.later.retain_mut(|request| request.as_mut().poll(cx).is_pending());
        if self.later.is_empty() {
            self.later = Vec::new();
        }
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
