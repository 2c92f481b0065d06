//! The two endpoints: what is negotiated there, and the task that a connection becomes.

use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use ropeway_ws::deflate::Params;
use ropeway_ws::server::{Acceptor, Origins, Upgrade};
use ropeway_ws::{CloseCode, Config, Heartbeat, WebSocket, deflate};
use tracing::{debug, warn};

use super::attend::Attended;
use super::echo::Echo;
use super::websocket::Carrier;
use crate::auth::Refusal;
use crate::config::{self, CompressionMode};
use crate::limits::{Pace, Place};
use crate::protocol::Framing;
use crate::protocol::native::{Access, Door, NativeEncoder, SUBPROTOCOL, Session, Welcome};
use crate::random::session_name;
use crate::state::Shared;

/// Where a request wants to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// The native protocol.
    Native,
    /// Messages come back.
    Echo,
}

/// What the connections of a server share.
pub(crate) struct Endpoints {
    native: Acceptor,
    echo: Acceptor,
    /// One for each window that may be agreed on (8 to 15 bits), and the first for connections without compression.
    encoders: [OnceLock<Arc<NativeEncoder>>; 9],
}

impl Endpoints {
    pub(crate) fn new(config: &config::Config) -> Self {
        Self { native: native(config), echo: echo(config), encoders: Default::default() }
    }

    fn acceptor(&self, endpoint: Endpoint) -> &Acceptor {
        match endpoint {
            Endpoint::Native => &self.native,
            Endpoint::Echo => &self.echo,
        }
    }

    fn encoder(&self, deflate: Option<&Params>) -> Arc<NativeEncoder> {
        let slot = deflate.map_or(0, |params| usize::from(params.server_max_window_bits.clamp(8, 15)) - 7);
        let framing = || Framing::new(self.native.config().clone(), deflate.cloned());
        self.encoders[slot].get_or_init(|| Arc::new(NativeEncoder::new(framing()))).clone()
    }
}

fn native(config: &config::Config) -> Acceptor {
    let mut socket = socket_config(config);
    if let Some(deflate) = &mut socket.deflate {
        // Events are compressed once for everybody, so they never refer to earlier ones.
        deflate.send_takeover = false;
    }
    Acceptor::new(socket).subprotocols([SUBPROTOCOL]).origins(config.server.origins.clone())
}

/// Nothing is behind it that a page could misuse, so every page may connect.
fn echo(config: &config::Config) -> Acceptor {
    Acceptor::new(socket_config(config)).origins(Origins::Any)
}

fn socket_config(config: &config::Config) -> Config {
    let max_message = config.limits.message.bytes();
    Config {
        max_message,
        max_frame: max_message,
        max_fragments: u32::try_from(config.limits.fragments).unwrap_or(u32::MAX),
        heartbeat: Some(Heartbeat {
            interval: config.heartbeat.interval,
            timeout: config.heartbeat.timeout,
            code: CloseCode::new(4000).unwrap_or(CloseCode::POLICY),
        }),
        deflate: deflate_config(&config.compression),
        ..Config::default()
    }
}

fn deflate_config(compression: &config::Compression) -> Option<deflate::Config> {
    let mut deflate = match compression.mode {
        CompressionMode::Off => return None,
        CompressionMode::NoTakeover => deflate::Config::without_takeover(),
        CompressionMode::Takeover => deflate::Config::default(),
    };
    deflate.threshold = compression.threshold.bytes();
    Some(deflate)
}

/// A handshake that the rules of WebSockets have accepted, before it is answered.
pub(crate) struct Upgrading {
    endpoint: Endpoint,
    response: http::Response<()>,
    upgrade: Upgrade,
}

impl Upgrading {
    /// Looks at the request: is it one for a WebSocket, from a page that may connect?
    ///
    /// # Errors
    /// What to answer instead.
    pub(crate) fn new(
        shared: &Shared,
        endpoint: Endpoint,
        request: &mut Request,
    ) -> Result<Self, ropeway_ws::server::Refusal> {
        let (response, upgrade) = shared.endpoints.acceptor(endpoint).upgrade(request)?;
        Ok(Self { endpoint, response, upgrade })
    }

    /// Answers the handshake. The connection takes `place` along, and begins when the answer has been sent.
    pub(crate) fn complete(self, shared: Shared, visitor: Visitor, place: Place) -> Response {
        let Self { endpoint, response, upgrade } = self;
        tokio::spawn(async move {
            match upgrade.await {
                Ok(socket) => start(socket, endpoint, visitor, place, shared),
                Err(error) => debug!(%error, "a connection broke off in the handshake"),
            }
        });
        response.map(|()| Body::empty())
    }
}

/// Who comes in by a handshake.
pub(crate) enum Visitor {
    /// Whoever comes, where nobody asks.
    Anybody { door: Option<Door> },
    /// Who was asked.
    Admitted { door: Option<Door>, access: Box<Access> },
    /// Is let in to hear that it may not.
    Refused(Refusal),
}

/// Spawns the task of a connection, which so holds nothing of the handshake.
fn start(socket: WebSocket, endpoint: Endpoint, visitor: Visitor, place: Place, shared: Shared) {
    match endpoint {
        Endpoint::Native => match session(&socket, visitor, &shared) {
            Ok(session) => drop(tokio::spawn(Attended::new(
                Carrier::new(socket, session, place, Pace::new(shared.rates.clone())),
                shared,
            ))),
            Err(error) => warn!(%error, "the hub refuses a connection"),
        },
        Endpoint::Echo => drop(tokio::spawn(Attended::new(Echo::new(socket, place), shared))),
    }
}

fn session(socket: &WebSocket, visitor: Visitor, shared: &Shared) -> Result<Session, ropeway_hub::Error> {
    let encoder = shared.endpoints.encoder(socket.connection().deflate_params());
    let (door, access) = match visitor {
        Visitor::Anybody { door } => (door, None),
        Visitor::Admitted { door, access } => (door, Some(*access)),
        Visitor::Refused(refusal) => return Ok(Session::refused(&shared.hub, encoder, &refusal)),
    };
    let name = session_name();
    let welcome = Welcome {
        session: &name,
        node: &shared.node,
        ping_interval: shared.config.heartbeat.interval,
        ping_timeout: shared.config.heartbeat.timeout,
        max_message: shared.config.limits.message.bytes(),
    };
    Session::open(&shared.hub, door, encoder, &welcome, access)
}
