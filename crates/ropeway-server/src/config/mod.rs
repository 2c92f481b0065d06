//! What a server is told to do: one typed structure, filled in layers.
//!
//! `defaults < file < environment < flags`; a later layer wins key by key. The list of keys with their documentation
//! stands in one table (`keys`), and everything is derived from it: the parser of each layer, the names of the
//! environment variables (`server.listen` is `ROPEWAY_SERVER_LISTEN`), suggestions for misspelt keys, and the
//! commented file that [`default_file`] prints.
//!
//! The library reads neither files nor the environment: the program hands their contents in as [`Sources`].
//!
//! ```
//! use ropeway_server::config::{Config, Sources};
//!
//! let sources = Sources::new().file("ropeway.toml", "[heartbeat]\ninterval = \"30s\"\n");
//! let config: Config = sources.load()?;
//! assert_eq!(config.heartbeat.interval.as_secs(), 30);
//! # Ok::<(), ropeway_server::config::ConfigError>(())
//! ```

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use ropeway_ws::server::Origins;

mod auth;
mod backends;
mod error;
mod jwt;
mod keys;
mod limits;
mod load;
mod networks;
mod origins;
mod outbound;
mod print;
mod proxy;
mod rooms;
mod shutdown;
mod socketio;
mod tls;
mod value;

pub use auth::{Auth, RefusalMode, TokenSource};
pub(crate) use backends::MAX_TICKET_TTL;
pub use backends::{
    HttpUrl, KeyTemplate, Pointer, Retries, Sessions, SigningSecret, Store, Tickets, Webhook,
};
pub use error::{ConfigError, Problem, Source};
pub use jwt::{JwksUrl, Jwt, JwtKey, JwtSecret, Text};
pub use limits::{Cap, Limits, Memory, RateAction, SlowConsumer};
pub use load::Sources;
pub use networks::Networks;
pub use origins::Hosts;
pub use outbound::Outbound;
pub use print::default_file;
pub use proxy::{ForwardingHeader, Proxy, ProxyProtocol};
pub use rooms::{Pattern, RoomRule, Who};
pub use shutdown::{Pace, Shutdown, ShutdownCode};
pub use socketio::{CookieAttributes, CookieName, InitialPacket, Namespace, Path, SocketIo, Transport};
pub use tls::{ClientCertificates, Tls, TlsVersion};
pub(crate) use value::duration;
pub use value::{ByteSize, Choice};

/// Everything that can be set. [`Config::default`] opens no room and no optional endpoint and listens on loopback.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Where to listen and what to serve there.
    pub server: Server,
    /// Bounds on what one peer may use.
    pub limits: Limits,
    /// The proxies in front of the server.
    pub proxy: Proxy,
    /// How dead connections are found.
    pub heartbeat: Heartbeat,
    /// permessage-deflate (RFC 7692).
    pub compression: Compression,
    /// Encryption that ends here.
    pub tls: Tls,
    /// How clients say who they are.
    pub auth: Auth,
    /// Which tokens are believed.
    pub jwt: Jwt,
    /// One-time tickets.
    pub tickets: Tickets,
    /// Sessions of the application, named by a cookie.
    pub sessions: Sessions,
    /// The application is asked about everybody who connects.
    pub webhook: Webhook,
    /// Calls to other services.
    pub outbound: Outbound,
    /// How the server ends.
    pub shutdown: Shutdown,
    /// The HTTP API.
    pub api: Api,
    /// Clients of Socket.IO.
    pub socketio: SocketIo,
    /// What clients may do in which rooms. The first rule that matches a room's name decides; a room that no rule
    /// names is closed.
    pub rooms: Vec<RoomRule>,
}

impl Config {
    /// The profile for a laptop, reached under its own names only: rooms named `demo:*` are open to everybody with history and presence, the chat page
    /// and `/echo` are served. It carries no API key: the program makes one up.
    pub fn development() -> Self {
        let mut config = Self::default();
        config.server.echo = true;
        config.server.chat = true;
        config.server.hosts = Hosts::of_this_machine();
        config.rooms.push(RoomRule::demo());
        config
    }

    /// The first rule that matches `room`.
    pub fn rule_for(&self, room: &str) -> Option<&RoomRule> {
        self.rooms.iter().find(|rule| rule.pattern.matches(room))
    }

    /// Bytes that may wait for one connection to read them: where nothing is said, room for four of the largest
    /// messages.
    pub fn outbox(&self) -> ByteSize {
        let largest = self.largest_message().bytes();
        self.limits.outbox.unwrap_or(ByteSize::new(largest.saturating_mul(4)))
    }

    /// Bytes that a connection may bring at once: where nothing is said, four of the largest messages, and what it may
    /// bring in a second.
    pub fn byte_burst(&self) -> ByteSize {
        let second = self.limits.bytes_per_second.at().unwrap_or(ByteSize::new(0));
        let largest = ByteSize::new(self.largest_message().bytes().saturating_mul(4));
        self.limits.byte_burst.unwrap_or(largest.max(second))
    }

    /// The largest message that any client may send.
    fn largest_message(&self) -> ByteSize {
        self.socketio.largest_message().map_or(self.limits.message, |size| size.max(self.limits.message))
    }
}

/// `[server]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// The address of the one port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Browser origins that may connect besides the server's own.
    pub origins: Origins,
    /// The names under which the server is reached; a request for another one is answered with 421, but for health.
    pub hosts: Hosts,
    /// WebSocket connections at one time; one more is answered with 503.
    pub max_connections: usize,
    /// Time from accepting a connection to the end of the head of its first request, with a PROXY header and the handshake
    /// of TLS; and again from each answer to the end of the head of the next request.
    pub handshake_timeout: Duration,
    /// Serve `/echo`, from any origin.
    pub echo: bool,
    /// Serve the chat page at `/`.
    pub chat: bool,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080),
            origins: Origins::Same,
            hosts: Hosts::Any,
            max_connections: 100_000,
            handshake_timeout: Duration::from_secs(10),
            echo: false,
            chat: false,
        }
    }
}

/// `[heartbeat]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// Silence after which a ping is sent.
    pub interval: Duration,
    /// Time for the answer; without one the connection is closed with 4000.
    pub timeout: Duration,
}

impl Default for Heartbeat {
    fn default() -> Self {
        Self { interval: Duration::from_secs(25), timeout: Duration::from_secs(10) }
    }
}

/// `[compression]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compression {
    /// Whether permessage-deflate is agreed to, and whether windows are kept between messages.
    pub mode: CompressionMode,
    /// Messages of fewer bytes are sent as they are.
    pub threshold: ByteSize,
}

impl Default for Compression {
    fn default() -> Self {
        Self { mode: CompressionMode::NoTakeover, threshold: ByteSize::new(256) }
    }
}

/// How permessage-deflate is negotiated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompressionMode {
    /// Not at all.
    Off,
    /// Each message stands alone: an idle connection holds nothing, an event is deflated once for everybody.
    NoTakeover,
    /// Clients may refer back to their earlier messages: smaller, for some KiB of memory a connection.
    Takeover,
}

impl Choice for CompressionMode {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("off", Self::Off), ("no-takeover", Self::NoTakeover), ("takeover", Self::Takeover)];
    const ALLOWED: &'static str = "\"off\", \"no-takeover\" or \"takeover\"";
}

/// `[api]`
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Api {
    /// The key that `Authorization: Bearer` must carry. Without one the API is off.
    pub key: Option<String>,
}

/// The key stays out of logs.
impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").field("key", &self.key.as_ref().map(|_| "(hidden)")).finish()
    }
}
