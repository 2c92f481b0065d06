//! What one TCP connection goes through, from its arrival to its last request.

use std::net::SocketAddr;
use std::pin::pin;

use axum::Router;
use axum::extract::ConnectInfo;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tracing::debug;

use crate::lifetime::{Phase, Watch};
use crate::state::Shared;

/// Bytes of request line and headers.
const MAX_HEAD: usize = 16 * 1024;

/// A connection as it was accepted.
pub(super) struct Connection {
    pub(super) stream: TcpStream,
    pub(super) peer: SocketAddr,
    /// Held until the connection is upgraded or ends.
    pub(super) permit: OwnedSemaphorePermit,
    pub(super) router: Router,
    pub(super) shared: Shared,
}

impl Connection {
    /// Serves it until it ends, is upgraded, or the server ends.
    pub(super) async fn serve(self) {
        let Self { stream, peer, permit: _permit, router, shared } = self;
        // Frames are small and written whole: waiting for more would only delay them.
        if let Err(error) = stream.set_nodelay(true) {
            debug!(%error, "cannot set TCP_NODELAY");
        }
        serve_http(stream, peer, router, shared).await;
    }
}

/// Serves requests on any stream. A plain connection comes as the very `TcpStream`: a WebSocket takes it out of hyper and
/// holds it without a box around it.
async fn serve_http<S>(stream: S, peer: SocketAddr, router: Router, shared: Shared)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
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
