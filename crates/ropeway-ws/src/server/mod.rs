//! The server's side of the handshake: on any HTTP server built on hyper 1, as an axum extractor, or without either.

mod accept;
#[cfg(feature = "axum")]
mod extract;
#[cfg(feature = "hyper")]
mod hyper;
mod listener;

use std::sync::Arc;
use std::time::Duration;

use ropeway_proto::Config;
use ropeway_proto::handshake::server::Options;

pub use accept::AcceptError;
pub use listener::{Listener, Pending};
pub use ropeway_proto::handshake::head::Limits;
pub use ropeway_proto::handshake::server::{
    Fault, HostPattern, OriginPattern, Origins, PatternError, Refusal,
};

#[cfg(feature = "hyper")]
pub use self::hyper::{Upgrade, UpgradeError};
#[cfg(feature = "axum")]
pub use extract::WebSocketUpgrade;

/// Turns requests and streams into server-side connections. A clone is another reference to the same settings.
///
/// ```
/// use ropeway_ws::Config;
/// use ropeway_ws::server::{Acceptor, Origins};
///
/// let acceptor = Acceptor::new(Config { max_message: 64 * 1024, ..Config::default() })
///     .subprotocols(["chat.v2", "chat.v1"])
///     .origins(Origins::listed(["https://example.org"])?);
/// # Ok::<(), ropeway_ws::server::PatternError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Acceptor {
    config: Arc<Config>,
    options: Arc<Options>,
    limits: Limits,
    timeout: Duration,
}

impl Acceptor {
    /// An acceptor without subprotocols, for programs and for pages of the server's own origin, with 10 s for a handshake.
    /// permessage-deflate is accepted when `config.deflate` is there.
    pub fn new(config: Config) -> Self {
        let options = Options { deflate: config.deflate.clone(), ..Options::default() };
        Self {
            config: Arc::new(config),
            options: Arc::new(options),
            limits: Limits::default(),
            timeout: Duration::from_secs(10),
        }
    }

    /// The subprotocols spoken here, the best first.
    #[must_use]
    pub fn subprotocols(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Arc::make_mut(&mut self.options).subprotocols = names.into_iter().map(Into::into).collect();
        self
    }

    /// Refuses a request that offers none of the subprotocols, instead of going on without one.
    #[must_use]
    pub fn require_subprotocol(mut self) -> Self {
        Arc::make_mut(&mut self.options).require_subprotocol = true;
        self
    }

    /// The pages of which origins may connect.
    #[must_use]
    pub fn origins(mut self, origins: Origins) -> Self {
        Arc::make_mut(&mut self.options).origins = origins;
        self
    }

    /// The time for a handshake on a bare stream. On hyper the HTTP server keeps it.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How large the head of a request on a bare stream may be. On hyper the HTTP server keeps it.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Limits and deadlines of the connections.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }
}
