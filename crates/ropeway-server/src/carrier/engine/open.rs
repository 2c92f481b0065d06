//! New sessions.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http::HeaderValue;
use http::header::SET_COOKIE;
use ropeway_socketio::engine::payload::Writer;
use ropeway_socketio::engine::session::{Session as Machine, Settings};
use ropeway_socketio::engine::{self, Message, Packet, SessionId, Transport, Version};
use ropeway_ws::server::{Acceptor, Origins};
use ropeway_ws::{Config, WebSocket, deflate};
use tracing::debug;

use super::answer::{self, Payload};
use super::desk::Desk;
use super::polling::Polling;
use super::refusal::{Code, Refusal};
use super::registry::{Entry, Lease, Registry};
use super::websocket::EngineSocket;
use crate::carrier::attend::Attended;
use crate::clock::now;
use crate::config::{self, CompressionMode};
use crate::handshake::Handshake;
use crate::limits::Place;
use crate::protocol::socketio::{Access, Session};
use crate::state::Shared;

/// What the sessions of a server share.
pub(crate) struct Engine {
    pub(super) registry: Registry,
    origins: Origins,
    acceptor: Acceptor,
    settings: Arc<Settings>,
}

impl Engine {
    pub(crate) fn new(config: &config::Config) -> Self {
        let origins = config.server.origins.clone();
        let socketio = &config.socketio;
        Self {
            registry: Registry::default(),
            acceptor: Acceptor::new(socket_config(config)).origins(origins.clone()),
            origins,
            settings: Arc::new(Settings {
                ping_interval: socketio.ping_interval,
                ping_timeout: socketio.ping_timeout,
                upgrade_timeout: socketio.upgrade_timeout,
                ..Settings::default()
            }),
        }
    }

    /// The pages that may connect, and read what is served to them.
    pub(crate) fn origins(&self) -> &Origins {
        &self.origins
    }

    fn machine(&self, version: Version, transport: Transport) -> Machine {
        Machine::new(self.settings.clone(), version, transport, now())
    }
}

/// Without pings of WebSocket: Engine.IO has its own.
fn socket_config(config: &config::Config) -> Config {
    let max_message = config.socketio.max_http_buffer_size.bytes();
    Config {
        max_message,
        max_frame: max_message,
        max_fragments: u32::try_from(config.limits.fragments).unwrap_or(u32::MAX),
        heartbeat: None,
        deflate: deflate_config(&config.socketio),
        ..Config::default()
    }
}

fn deflate_config(socketio: &config::SocketIo) -> Option<deflate::Config> {
    let mut deflate = match socketio.per_message_deflate {
        CompressionMode::Off => return None,
        CompressionMode::NoTakeover => deflate::Config::without_takeover(),
        CompressionMode::Takeover => deflate::Config::default(),
    };
    deflate.threshold = socketio.per_message_deflate_threshold.bytes();
    // Events are compressed once for everybody, so they never refer to earlier ones.
    deflate.send_takeover = false;
    Some(deflate)
}

/// Who comes in.
pub(super) struct Visitor {
    pub(super) version: Version,
    pub(super) handshake: Arc<Handshake>,
    /// Nothing where nobody asks.
    pub(super) access: Option<Access>,
    pub(super) place: Place,
}

/// A session that begins with polling; the answer is its first payload.
pub(super) fn polling(shared: &Shared, visitor: Visitor, request: &Request) -> Response {
    let Visitor { version, handshake, access, place } = visitor;
    let id = SessionId::new(rand::random());
    let wants_base64 = handshake.query("b64").is_some();
    let desk = Arc::new(Desk::new(shared.engine.machine(version, Transport::Polling), wants_base64));
    let session = Session::new(shared.socketio.clone(), handshake, version, access, None, now());
    let lease = Lease::new(id, Entry::Polling(desk.clone()), shared.clone(), place);
    tokio::spawn(Attended::new(Polling::new(desk, session, lease), shared.clone()));

    let mut payload = Writer::new(version);
    first_packets(shared, &id, Transport::Polling).iter().for_each(|packet| payload.push(packet));
    let payload = Payload::Text(payload.finish());
    let mut response = answer::payload(payload, &shared.config.socketio, request.headers());
    response.headers_mut().extend(cookie(&shared.config.socketio, &id).map(|cookie| (SET_COOKIE, cookie)));
    response
}

/// For load balancers that keep a session at one server.
fn cookie(config: &config::SocketIo, id: &SessionId) -> Option<HeaderValue> {
    let name = config.cookie.as_ref()?.as_str();
    let attributes = config.cookie_attributes.as_str();
    let separator = if attributes.is_empty() { "" } else { "; " };
    HeaderValue::from_str(&format!("{name}={}{separator}{attributes}", id.as_str())).ok()
}

/// A session that begins on a WebSocket.
pub(super) fn websocket(shared: &Shared, visitor: Visitor, request: Request) -> Result<Response, Refusal> {
    let Visitor { version, handshake, access, place } = visitor;
    let server = shared.clone();
    accept(shared, request, move |socket| {
        let deflate = socket.connection().deflate_params();
        let session = Session::new(server.socketio.clone(), handshake, version, access, deflate, now());
        begin(socket, version, session, place, server);
    })
}

fn begin(socket: WebSocket, version: Version, session: Session, place: Place, shared: Shared) {
    let id = SessionId::new(rand::random());
    let lease = Lease::new(id, Entry::WebSocket(version), shared.clone(), place);
    let machine = shared.engine.machine(version, Transport::WebSocket);
    let packets = first_packets(&shared, &id, Transport::WebSocket);
    let first = packets.iter().map(|packet| frame(packet, version));
    tokio::spawn(Attended::new(EngineSocket::new(socket, session, machine, lease, first), shared));
}

/// Answers the handshake of a WebSocket, and calls `begin` with it once the answer has been sent.
pub(super) fn accept(
    shared: &Shared,
    mut request: Request,
    begin: impl FnOnce(WebSocket) + Send + 'static,
) -> Result<Response, Refusal> {
    match shared.engine.acceptor.upgrade(&mut request) {
        Ok((response, upgrade)) => {
            tokio::spawn(async move {
                match upgrade.await {
                    Ok(socket) => begin(socket),
                    Err(error) => debug!(%error, "a connection broke off in the handshake"),
                }
            });
            Ok(response.map(|()| Body::empty()))
        }
        Err(refusal) => {
            debug!(%refusal, "a handshake is refused");
            Err(Code::BadRequest.into())
        }
    }
}

/// The open packet, and what the configuration says next.
fn first_packets(shared: &Shared, id: &SessionId, transport: Transport) -> Vec<Packet<'static>> {
    let config = &shared.config.socketio;
    let upgrades = if transport == Transport::Polling && config.upgrades() {
        vec![Transport::WebSocket]
    } else {
        vec![]
    };
    let open = engine::Handshake {
        sid: id.as_str().to_owned(),
        upgrades,
        ping_interval: config.ping_interval,
        ping_timeout: config.ping_timeout,
        max_payload: Some(config.max_http_buffer_size.bytes() as u64),
    };
    let mut packets = vec![Packet::Open(open.encode().into())];
    if let Some(initial) = &config.initial_packet {
        packets.push(Packet::Message(Message::Text(initial.as_str().to_owned().into())));
    }
    packets
}

fn frame(packet: &Packet<'_>, version: Version) -> Bytes {
    let mut text = String::new();
    packet.encode(version, &mut text);
    ropeway_ws::Prepared::new(text).frame(None)
}
