//! `[socketio]`: how clients of Socket.IO are served. Names and defaults are those of the reference (npm `socket.io`
//! 4.8), in snake case.

use std::time::Duration;

use super::value::{ByteSize, Choice};
use super::{CompressionMode, Config};

mod check;
mod text;

pub(super) use check::problems;
pub(super) use text::Optional;
pub use text::{CookieAttributes, CookieName, InitialPacket, Namespace, Path};

/// `[socketio]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketIo {
    /// Serve Socket.IO at all.
    pub enabled: bool,
    /// Where it is served, without the slash at the end; see [`SocketIo::endpoint`].
    pub path: Path,
    /// The path of requests ends in a slash: `/socket.io/`.
    pub add_trailing_slash: bool,
    /// Namespaces that clients may connect to without an application's doing.
    pub namespaces: Vec<Namespace>,
    /// The ways of transport that clients may use: one at least, none twice.
    pub transports: Vec<Transport>,
    /// Sessions may go from polling to WebSocket.
    pub allow_upgrades: bool,
    /// Time for such a change, from the probe to the end.
    pub upgrade_timeout: Duration,
    /// Time between two pings of the server.
    pub ping_interval: Duration,
    /// Time for the answer to a ping; without one the session is closed.
    pub ping_timeout: Duration,
    /// Time in which a client has to connect to a namespace; without one its session is closed.
    pub connect_timeout: Duration,
    /// Bytes of one message and of one body of a polling request, at most.
    pub max_http_buffer_size: ByteSize,
    /// Answers to polling requests are compressed for clients that accept it.
    pub http_compression: bool,
    /// Answers of fewer bytes are sent as they are.
    pub http_compression_threshold: ByteSize,
    /// permessage-deflate (RFC 7692) on WebSocket connections of Socket.IO.
    pub per_message_deflate: CompressionMode,
    /// Messages of fewer bytes are sent as they are.
    pub per_message_deflate_threshold: ByteSize,
    /// Clients of Socket.IO 2 (Engine.IO protocol 3) are served as well.
    pub allow_eio3: bool,
    /// The builds of the JavaScript client are served below the path.
    pub serve_client: bool,
    /// The cookie that carries the session id to load balancers; nothing for none.
    pub cookie: Option<CookieName>,
    /// What stands behind the value of that cookie.
    pub cookie_attributes: CookieAttributes,
    /// A message for every session, right after the handshake.
    pub initial_packet: Option<InitialPacket>,
    /// Namespaces that were made for a client are removed with their last socket.
    pub cleanup_empty_child_namespaces: bool,
    /// Connection state recovery: sockets come back with their id, rooms and data, and get what they missed.
    pub recovery: bool,
    /// How long the state of a socket is kept for that.
    pub max_disconnection_duration: Duration,
    /// Middleware is not run for sockets that come back.
    pub skip_middlewares: bool,
}

impl Default for SocketIo {
    fn default() -> Self {
        Self {
            enabled: true,
            path: Path::default(),
            add_trailing_slash: true,
            namespaces: vec![Namespace::default()],
            transports: vec![Transport::Polling, Transport::WebSocket],
            allow_upgrades: true,
            upgrade_timeout: Duration::from_secs(10),
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(45),
            max_http_buffer_size: ByteSize::new(1_000_000),
            http_compression: true,
            http_compression_threshold: ByteSize::new(1024),
            per_message_deflate: CompressionMode::Off,
            per_message_deflate_threshold: ByteSize::new(1024),
            allow_eio3: false,
            serve_client: true,
            cookie: None,
            cookie_attributes: CookieAttributes::default(),
            initial_packet: None,
            cleanup_empty_child_namespaces: false,
            recovery: false,
            max_disconnection_duration: Duration::from_secs(120),
            skip_middlewares: true,
        }
    }
}

impl SocketIo {
    /// The path of requests: `/socket.io/`, or `/socket.io` without the trailing slash.
    pub fn endpoint(&self) -> String {
        let slash = if self.add_trailing_slash { "/" } else { "" };
        format!("{}{slash}", self.path.as_str())
    }

    /// Whether clients may use `transport`.
    pub fn allows(&self, transport: Transport) -> bool {
        self.transports.contains(&transport)
    }

    /// Whether a session that began with polling may go on over WebSocket.
    pub fn upgrades(&self) -> bool {
        self.allow_upgrades && self.allows(Transport::Polling) && self.allows(Transport::WebSocket)
    }

    /// The largest message that a client of Socket.IO can send; nothing where none is served.
    pub(super) fn largest_message(&self) -> Option<ByteSize> {
        self.enabled.then_some(self.max_http_buffer_size)
    }
}

/// A way of transport of Engine.IO.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// HTTP long polling.
    Polling,
    /// WebSocket.
    WebSocket,
}

impl Choice for Transport {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("polling", Self::Polling), ("websocket", Self::WebSocket)];
    const ALLOWED: &'static str = "\"polling\" or \"websocket\"";
}
