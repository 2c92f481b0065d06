//! The client's side: from a URL to a connection.

mod details;
mod dial;
mod handshake;
mod proxy;
mod refused;
mod route;
mod tls;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{HeaderName, HeaderValue, Response};
use ropeway_proto::Config;
use ropeway_proto::handshake::client::Request;
use ropeway_proto::handshake::head::HeadError;
use thiserror::Error;

use crate::websocket::WebSocket;
use route::Route;

pub use details::{Details, Timings, Tls};
pub use proxy::Proxy;
pub use refused::Refused;
pub use ropeway_proto::handshake::client::{HandshakeError, RequestError, UrlError};
/// The version of rustls that [`Connect::tls`] takes.
pub use rustls;

/// Why there is no connection.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The URL opens no WebSocket.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// A header or subprotocol that cannot be sent: our own program's fault.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The name was not found, or no address of it could be reached.
    #[error("cannot connect to {host}: {source}")]
    Dial {
        /// Host and port.
        host: String,
        /// What the last attempt said.
        source: io::Error,
    },
    /// The proxy did not open a way to the server.
    #[error("the proxy {proxy} refused: {reason}")]
    Proxy {
        /// Host and port of the proxy.
        proxy: String,
        /// What it said.
        reason: String,
    },
    /// TLS failed: the certificate is not trusted, or there is no common version.
    #[error("TLS with {host}: {source}")]
    Tls {
        /// The name that the certificate had to prove.
        host: String,
        /// What rustls said.
        source: io::Error,
    },
    /// The stream failed, or ended before the response was complete.
    #[error("the stream failed during the handshake: {0}")]
    Io(#[from] io::Error),
    /// The response is not HTTP/1.1, or its head is over the limits.
    #[error("the response cannot be read: {0}")]
    Head(#[from] HeadError),
    /// The server answered with another status than 101.
    #[error("{0}")]
    Refused(Box<Refused>),
    /// The server said 101 and broke the rules of the handshake.
    #[error(transparent)]
    Handshake(HandshakeError),
    /// More redirects than [`Connect::redirects`] allows.
    #[error("more than {0} redirects")]
    TooManyRedirects(u8),
    /// All of it took longer than [`Connect::timeout`].
    #[error("no connection within {0:?}")]
    Timeout(Duration),
}

/// Connects with the defaults of [`Connect`].
///
/// # Errors
/// [`ConnectError`].
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let mut socket = ropeway_ws::connect("wss://example.org/chat").await?;
/// socket.send("Hello, world!").await?;
/// while let Some(message) = socket.next().await {
///     println!("{:?}", message?);
/// }
/// # Ok(())
/// # }
/// ```
pub async fn connect(url: &str) -> Result<WebSocket, ConnectError> {
    Ok(Connect::new(url)?.open().await?.0)
}

/// A connection to be opened, with what is to be sent along.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use ropeway_ws::client::{Connect, ConnectError};
///
/// let connect = Connect::new("wss://example.org/chat")?
///     .subprotocol("chat.v2")?
///     .header("authorization".parse()?, "Bearer abc".parse()?)?;
/// match connect.open().await {
///     Ok((socket, response)) => println!("{:?} {:?}", socket.subprotocol(), response.headers()),
///     Err(ConnectError::Refused(refused)) => println!("{}", String::from_utf8_lossy(&refused.body)),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Connect {
    request: Request,
    config: Arc<Config>,
    route: Route,
    tls: Option<Arc<rustls::ClientConfig>>,
    redirects: u8,
    timeout: Duration,
}

impl Connect {
    /// A connection to a `ws://` or `wss://` URL, with default limits, no compression, no redirects and 30 s in all.
    ///
    /// # Errors
    /// A URL that opens no WebSocket.
    pub fn new(url: &str) -> Result<Self, ConnectError> {
        Ok(Self {
            request: Request::new(url.parse()?),
            config: Arc::default(),
            route: Route::default(),
            tls: None,
            redirects: 0,
            timeout: Duration::from_secs(30),
        })
    }

    /// Adds a header.
    ///
    /// # Errors
    /// A header that the handshake itself writes.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Result<Self, ConnectError> {
        self.request = self.request.header(name, value)?;
        Ok(self)
    }

    /// Offers a subprotocol, after those offered before: the first is liked best.
    ///
    /// # Errors
    /// What is no token, and what was offered before.
    pub fn subprotocol(mut self, name: impl Into<String>) -> Result<Self, ConnectError> {
        self.request = self.request.subprotocol(name)?;
        Ok(self)
    }

    /// Limits and deadlines of the connection. permessage-deflate is offered when `config.deflate` is there.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = Arc::new(config);
        self
    }

    /// How TLS is spoken, and whom it trusts: for a private authority, a client certificate, and the like. Without it the
    /// roots are those of the operating system (feature `rustls-platform-verifier`) or of Mozilla (`webpki-roots`).
    #[must_use]
    pub fn tls(mut self, config: Arc<rustls::ClientConfig>) -> Self {
        self.tls = Some(config);
        self
    }

    /// Goes to `address` where `host` and `port` are meant, without asking for the name. Each call adds one.
    #[must_use]
    pub fn resolve(mut self, host: impl Into<String>, port: u16, address: SocketAddr) -> Self {
        self.route.addresses.push((host.into(), port, address));
        self
    }

    /// Comes from this address of ours.
    #[must_use]
    pub fn local_address(mut self, address: IpAddr) -> Self {
        self.route.from = Some(address);
        self
    }

    /// Connects to a Unix socket in place of TCP; the URL says what to ask for there.
    #[must_use]
    pub fn unix_socket(mut self, path: impl Into<PathBuf>) -> Self {
        self.route.socket = Some(path.into());
        self
    }

    /// Connects through a proxy. None is used unless one is given here.
    #[must_use]
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.route.proxy = Some(proxy);
        self
    }

    /// Follows so many redirects. `Authorization` and `Cookie` are not sent on to another origin, and no redirect leads
    /// from `wss` to `ws`.
    #[must_use]
    pub fn redirects(mut self, most: u8) -> Self {
        self.redirects = most;
        self
    }

    /// The time for all of it: name, address, TLS, handshake, redirects.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Opens the connection; gives the server's response, too, with [`Details`] among its extensions.
    ///
    /// Cancel safe: a connection that was being opened is dropped.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub async fn open(self) -> Result<(WebSocket, Response<()>), ConnectError> {
        let timeout = self.timeout;
        tokio::time::timeout(timeout, self.follow()).await.unwrap_or(Err(ConnectError::Timeout(timeout)))
    }

    async fn follow(mut self) -> Result<(WebSocket, Response<()>), ConnectError> {
        if let Some(deflate) = &self.config.deflate {
            self.request = self.request.deflate(deflate.clone());
        }
        for _ in 0..=self.redirects {
            match self.attempt().await {
                Err(ConnectError::Refused(refused)) if self.redirects > 0 && refused.location().is_some() => {
                    self.request = self.request.redirected(refused.location().unwrap_or_default())?;
                }
                result => return result,
            }
        }
        Err(ConnectError::TooManyRedirects(self.redirects))
    }

    async fn attempt(&self) -> Result<(WebSocket, Response<()>), ConnectError> {
        let target = self.request.target();
        let mut details = Details::default();
        let mut stream = self.route.reach(target, &mut details).await?;
        if target.is_secure() {
            let start = Instant::now();
            (stream, details.tls) = tls::wrap(stream, target.host(), self.tls.clone()).await?;
            details.timings.tls = start.elapsed();
        }
        handshake::perform(stream, &self.request, &self.config, details).await
    }
}
