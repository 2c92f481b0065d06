//! The server: its port, its loop of accepting, and its shutdown.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{interval, sleep, timeout};
use tracing::{debug, info, warn};

use crate::config::Config;
use crate::lifetime::{Phase, Watch};
use crate::state::Shared;

/// Bytes of request line and headers.
const MAX_HEAD: usize = 16 * 1024;

/// A server that is bound to its port and not yet running.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
    shared: Shared,
}

impl Server {
    /// Takes the port; the short form of [`Server::builder`] without anything. Connections wait in the kernel until
    /// [`Server::run`].
    ///
    /// # Errors
    /// The port is in use, or the address is not one of this machine.
    pub async fn bind(config: Config) -> io::Result<Self> {
        Self::builder(config).bind().await
    }

    pub(crate) fn new(listener: TcpListener, router: Router, shared: Shared) -> io::Result<Self> {
        Ok(Self { address: listener.local_addr()?, listener, router, shared })
    }

    /// Where it listens, with the port that it really has.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` ends, then closes every connection: `/readyz` turns 503, nothing more is accepted,
    /// WebSockets are closed with 1001 spread over `server.shutdown_spread`, requests and handlers under way are
    /// finished. Returns when all are gone, or after `server.shutdown_timeout`; what is still open then is dropped.
    ///
    /// Dropping the future stops accepting; connections go on.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Self { listener, router, shared, .. } = self;
        tokio::select! {
            never = accept(&listener, &router, &shared) => match never {},
            never = tick(&shared) => match never {},
            () = shutdown => {}
        }
        drop(listener);
        drain(&shared).await;
    }
}

/// Every connection that is not upgraded holds a permit.
async fn accept(listener: &TcpListener, router: &Router, shared: &Shared) -> Infallible {
    loop {
        let permit = shared.occupancy.enter().await;
        match listener.accept().await {
            Ok((stream, peer)) => {
                debug!(%peer, "accepted");
                tokio::spawn(serve_http(stream, peer, permit, router.clone(), shared.clone()));
            }
            Err(error) => recover(&error).await,
        }
    }
}

/// A connection that broke off while it waited is of no interest. Anything else, such as having no file descriptors
/// left, goes away when other connections end, so there is no point in asking again at once.
async fn recover(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted) {
        warn!(%error, "cannot accept connections at the moment");
        sleep(Duration::from_millis(200)).await;
    }
}

/// Serves requests until the connection ends, is upgraded, or the server ends.
async fn serve_http(
    stream: TcpStream,
    peer: SocketAddr,
    _permit: OwnedSemaphorePermit,
    router: Router,
    shared: Shared,
) {
    // Frames are small and written whole: waiting for more would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%error, "cannot set TCP_NODELAY");
    }
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(shared.config.server.handshake_timeout)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let mut watch = Watch::new(shared);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = watch.reached(Phase::Draining) => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                ended = connection => ended,
                () = watch.reached(Phase::Dropping) => Ok(()),
            }
        }
    };
    if let Err(error) = ended {
        debug!(%error, "a connection ended in HTTP");
    }
}

/// Lets the hub forget what is too old.
async fn tick(shared: &Shared) -> Infallible {
    let mut second = interval(Duration::from_secs(1));
    loop {
        second.tick().await;
        shared.hub.tick();
    }
}

/// The same for a server that somebody else runs, until nobody uses it any more.
pub(crate) fn tick_while_used(shared: &Shared) {
    let shared = Arc::downgrade(shared);
    tokio::spawn(async move {
        let mut second = interval(Duration::from_secs(1));
        loop {
            second.tick().await;
            let Some(shared) = shared.upgrade() else { return };
            shared.hub.tick();
        }
    });
}

async fn drain(shared: &Shared) {
    info!(connections = shared.population.count(), "shutting down");
    shared.drain.advance(Phase::Draining);
    let all_gone = async {
        // Polling sessions end before their requests do.
        shared.population.empty().await;
        // A request that becomes a WebSocket takes its place there before its permit here is free.
        shared.occupancy.empty().await;
        shared.population.empty().await;
        if let Some(app) = &shared.app {
            app.finished().await;
        }
    };
    if timeout(shared.config.server.shutdown_timeout, all_gone).await.is_err() {
        warn!(connections = shared.population.count(), "dropping what is still open");
    }
    shared.drain.advance(Phase::Dropping);
}
