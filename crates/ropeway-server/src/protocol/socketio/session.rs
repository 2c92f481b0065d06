//! The session of one connection: from messages of the client to commands for the hub.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use ropeway_hub::{Close, Connection, DisconnectReason, Drained, Payload, Socket};
use ropeway_socketio::engine::Version;
use ropeway_socketio::{Body, Decoder, Packet, msgpack};
use ropeway_ws::deflate::Params;
use tracing::debug;

use super::access::Access;
use super::encoder::SocketIoEncoder;
use super::events::{self, Incoming};
use super::packet::{Dialect, Outgoing};
use super::shared::Protocol;
use super::spaces::{Inside, Space, Spaces};
use crate::handshake::Handshake;
use crate::protocol;
use crate::protocol::requests::Requests;
use crate::redact;

/// Answers a client, without I/O.
///
/// The first packet says which parser the client has: a text message the standard one, a binary message that of
/// `socket.io-msgpack-parser`. Only then there is a connection of the hub, which has one encoder for good.
pub(crate) struct Session {
    pub(super) protocol: Arc<Protocol>,
    /// For the application; without one nobody asks.
    pub(super) handshake: Option<Arc<Handshake>>,
    parser: Parser,
    /// Of the compressed frames, in bits; 0 without compression.
    window: u8,
    pub(super) version: Version,
    pub(super) link: Option<Link>,
    pub(super) spaces: Spaces,
    pub(super) requests: Requests,
    /// Who the client is; absent where nobody asks.
    pub(super) access: Option<Box<Access>>,
    /// The client has to be in a namespace by then; absent once it was in one.
    pub(super) deadline: Option<Instant>,
}

enum Parser {
    /// Nothing has come yet.
    Unknown,
    Standard(Decoder),
    Msgpack,
    /// The session is over: what still comes is not looked at.
    Closed,
}

/// The connection in the hub. Dropping it ends all sockets.
pub(super) struct Link {
    pub(super) connection: Connection,
    encoder: Arc<SocketIoEncoder>,
}

impl Link {
    pub(super) fn push(&self, namespace: &str, packet: &Outgoing<'_>) {
        self.connection.push(self.encoder.frame(namespace, packet));
    }
}

impl Session {
    /// The session of a client that has just connected. `deflate` are the parameters of its WebSocket; a session that
    /// begins with polling has none, and its frames are not compressed.
    ///
    /// Clients of Engine.IO v3 are in `/` at once, without asking.
    pub(crate) fn new(
        protocol: Arc<Protocol>,
        handshake: Arc<Handshake>,
        version: Version,
        access: Option<Access>,
        deflate: Option<&Params>,
        now: Instant,
    ) -> Self {
        let deadline = now + protocol.connect_timeout;
        let handshake = protocol.app.is_some().then_some(handshake);
        let mut session = Self {
            protocol,
            handshake,
            parser: Parser::Unknown,
            window: deflate.map_or(0, |params| params.server_max_window_bits),
            version,
            link: None,
            spaces: Spaces::default(),
            requests: Requests::default(),
            access: access.map(Box::new),
            deadline: Some(deadline),
        };
        if version == Version::V3 {
            session.begin(Dialect::Legacy);
            session.connect("/", None);
        }
        session
    }

    /// The dialect is known: registers with the hub.
    fn begin(&mut self, dialect: Dialect) {
        let encoder = self.protocol.encoder(dialect, self.window);
        let connection = self.protocol.hub.connect(encoder.clone());
        self.link = Some(Link { connection, encoder });
        self.parser = match dialect {
            Dialect::Standard | Dialect::Legacy => Parser::Standard(Decoder::new(self.protocol.limits)),
            Dialect::Msgpack => Parser::Msgpack,
        };
    }

    fn packet(&mut self, packet: Packet<'_>) {
        let Packet { namespace, body } = packet;
        let split = if self.version == Version::V3 { namespace.split_once('?') } else { None };
        let (namespace, query) = split.map_or((&*namespace, None), |(name, query)| (name, Some(query)));
        match (self.spaces.find(namespace), body) {
            (None, Body::Connect(auth)) => {
                let auth = auth.or_else(|| query.map(query_object).map(Cow::Owned));
                self.connect(namespace, auth.as_deref());
            }
            (Some(Space::In(inside)), body) => {
                let inside = inside.clone();
                self.inside(&inside, namespace, body);
            }
            // Not joined, or not yet: as the reference does it.
            (None | Some(Space::Entering(_)), _) => self.invalid_state(namespace),
        }
    }

    /// A packet for a namespace that the client is in.
    fn inside(&mut self, inside: &Inside, namespace: &str, body: Body<'_>) {
        let is_over = !inside.socket.is_connected();
        match body {
            Body::Connect(auth) if is_over => self.connect(namespace, auth.as_deref()),
            Body::Connect(_) | Body::ConnectError(_) => self.invalid_state(namespace),
            _ if is_over => {}
            Body::Event { id, name, arguments, attachments } => {
                let data = Payload { text: &arguments, attachments: &attachments, list: true };
                self.event(inside, &Incoming { id, name: &name, data });
            }
            Body::Ack { id, arguments, attachments } => {
                let data = Payload { text: &arguments, attachments: &attachments, list: true };
                inside.socket.acknowledge(id, data);
            }
            Body::Disconnect => {
                inside.socket.end(DisconnectReason::ClientNamespaceDisconnect);
                drop(self.spaces.take(namespace));
            }
        }
    }

    fn event(&mut self, inside: &Inside, event: &Incoming<'_>) {
        if inside.is_handled {
            events::dispatch(event, &inside.socket);
            self.wait_for_handlers(&inside.socket);
        } else if let (Some(_), "auth") = (&self.access, event.name) {
            self.renew(&inside.socket, event);
        } else if let Err(error) = events::carry_out(event, &inside.socket, &mut self.requests) {
            let packet = match event.id {
                Some(id) => Outgoing::Ack { id, arguments: &error, attachments: &[] },
                None => Outgoing::Event { id: None, name: "error", arguments: &[&error], attachments: &[] },
            };
            self.push(inside.socket.namespace(), &packet);
        }
    }

    /// When too much waits for the handlers of a socket, nothing is read until they have caught up.
    fn wait_for_handlers(&mut self, socket: &Socket) {
        if let Some(wait) = self.protocol.app.as_ref().and_then(|app| app.congestion(socket)) {
            self.requests.wait(wait);
        }
    }

    pub(super) fn push(&self, namespace: &str, packet: &Outgoing<'_>) {
        if let Some(link) = &self.link {
            link.push(namespace, packet);
        }
    }

    /// The packet is none, or none that may come now: the whole connection ends (Socket.IO protocol, Connection).
    fn invalid_state(&mut self, namespace: &str) {
        debug!(namespace = %redact::url(namespace), "a packet that cannot come now ends a connection");
        self.fail(DisconnectReason::ForcedServerClose, "invalid state");
    }

    fn bad_packet(&mut self, error: &ropeway_socketio::Error) {
        debug!(%error, "a packet that cannot be read ends a connection");
        self.fail(DisconnectReason::ParseError, "invalid packet");
    }

    /// What was queued is still sent; the application hears of the end at once.
    pub(super) fn fail(&mut self, reason: DisconnectReason, text: &'static str) {
        self.close_with(Close { code: 1008, reason: Cow::Borrowed(text) });
        self.spaces.sockets().for_each(|socket| socket.end(reason));
        self.finish();
    }

    fn close_with(&mut self, close: Close) {
        if self.link.is_none() {
            self.begin(Dialect::Standard);
        }
        if let Some(link) = &self.link {
            link.connection.close(close);
        }
    }

    fn finish(&mut self) {
        self.parser = Parser::Closed;
        self.spaces = Spaces::default();
        self.access = None;
        self.deadline = None;
    }
}

impl protocol::Session for Session {
    fn text(&mut self, text: &str) {
        if let Parser::Unknown = self.parser {
            self.begin(Dialect::Standard);
        }
        let packet = match &mut self.parser {
            Parser::Standard(decoder) => decoder.text(text),
            Parser::Msgpack => Err(ropeway_socketio::Error::Msgpack),
            Parser::Unknown | Parser::Closed => return,
        };
        match packet {
            Ok(Some(packet)) => self.packet(packet),
            Ok(None) => {}
            Err(error) => self.bad_packet(&error),
        }
    }

    fn binary(&mut self, data: Bytes) {
        if let Parser::Unknown = self.parser {
            self.begin(Dialect::Msgpack);
        }
        let packet = match &mut self.parser {
            Parser::Standard(decoder) => decoder.binary(data),
            Parser::Msgpack => msgpack::decode(&data, &self.protocol.limits).map(Some),
            Parser::Unknown | Parser::Closed => return,
        };
        match packet {
            Ok(Some(packet)) => self.packet(packet),
            Ok(None) => {}
            Err(error) => self.bad_packet(&error),
        }
    }

    fn is_busy(&self) -> bool {
        self.requests.are_under_way() || self.access.as_ref().is_some_and(|access| access.is_verifying())
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>, into: &mut Vec<Bytes>, max: usize) -> Poll<Drained> {
        self.requests.poll(cx);
        self.poll_renewal(cx);
        self.follow_terms();
        self.poll_entering(cx);
        match &mut self.link {
            Some(link) => link.connection.poll_drain(cx, into, max),
            // Only what the client says can change that.
            None => Poll::Pending,
        }
    }

    fn close(&mut self, close: Close) {
        self.close_with(close);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let term = self.access.as_ref().and_then(|access| access.terms.deadline());
        self.deadline.into_iter().chain(term).min()
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.expire(now);
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            debug!("a client that is in no namespace is closed");
            self.fail(DisconnectReason::ForcedServerClose, "no namespace joined in time");
        }
    }

    fn end(&mut self, reason: DisconnectReason) {
        if let Some(link) = &self.link {
            link.connection.end(reason);
        }
        self.finish();
    }
}

/// What clients of Engine.IO v3 have instead of `auth`.
fn query_object(query: &str) -> String {
    let pairs = form_urlencoded::parse(query.as_bytes()).collect::<HashMap<_, _>>();
    serde_json::to_string(&pairs).unwrap_or_default()
}
