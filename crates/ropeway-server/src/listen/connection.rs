//! What one TCP connection goes through, from its arrival to its last request.

use std::net::SocketAddr;
use std::pin::pin;

use axum::Router;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use tracing::{debug, warn};

use crate::config::ProxyProtocol;
use crate::lifetime::{Phase, Watch};
use crate::limits::{Full, Visit};
use crate::peer::{ClientAddress, proxy_protocol};
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
        let Self { mut stream, peer, permit: _permit, router, shared } = self;
        // Frames are small and written whole: waiting for more would only delay them.
        if let Err(error) = stream.set_nodelay(true) {
            debug!(%error, "cannot set TCP_NODELAY");
        }
        let Some((client, _visit)) = identify(&mut stream, peer, &shared).await else { return };
        serve_http(stream, client, router, shared).await;
    }
}

/// Who the client is by the connection alone, and its place among those of its address. Nothing for one that is not to be
/// served: a peer of whom there is too much, or a proxy that does not say who its client is.
async fn identify(
    stream: &mut TcpStream,
    peer: SocketAddr,
    shared: &Shared,
) -> Option<(ClientAddress, Visit)> {
    let proxy = &shared.config.proxy;
    let is_trusted = proxy.trusted.contains(peer.ip());
    let direct = ClientAddress::direct(Some(peer.ip()));
    if !is_trusted || proxy.protocol == ProxyProtocol::Off {
        let visit = if is_trusted { Ok(Visit::of_proxy()) } else { shared.arrivals.arrive(peer.ip()) };
        return admitted(direct, visit);
    }
    let header = proxy_protocol::read(stream);
    match timeout(shared.config.server.handshake_timeout, header).await {
        Ok(Ok(Some(client))) => admitted(ClientAddress::direct(Some(client)), shared.arrivals.arrive(client)),
        Ok(Ok(None)) => Some((direct, Visit::of_proxy())),
        Ok(Err(error)) => {
            warn!(%peer, %error, "a connection of a trusted proxy is closed");
            None
        }
        Err(_) => {
            warn!(%peer, "a connection of a trusted proxy is closed: the PROXY header did not come in time");
            None
        }
    }
}

fn admitted(client: ClientAddress, visit: Result<Visit, Full>) -> Option<(ClientAddress, Visit)> {
    match visit {
        Ok(visit) => Some((client, visit)),
        Err(full) => {
            debug!(client = ?client.ip, code = full.code(), "a connection is dropped");
            None
        }
    }
}

/// Serves requests on any stream. A plain connection comes as the very `TcpStream`: a WebSocket takes it out of hyper and
/// holds it without a box around it.
async fn serve_http<S>(stream: S, client: ClientAddress, router: Router, shared: Shared)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let router = TowerToHyperService::new(router);
    let state = shared.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        let client = client.behind(request.headers(), &state.config.proxy);
        request.extensions_mut().insert(client);
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
