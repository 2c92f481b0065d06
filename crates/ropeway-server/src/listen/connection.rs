//! What one TCP connection goes through, from its arrival to its last request.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use axum::Router;
use http::header::STRICT_TRANSPORT_SECURITY;
use http::{HeaderValue, Request};
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

use super::opening;
use crate::config::{self, ProxyProtocol};
use crate::lifetime::{Phase, Watch};
use crate::limits::{Full, Visit};
use crate::occupancy::Guest;
use crate::peer::{ClientAddress, proxy_protocol};
use crate::state::Shared;
use crate::tls::{Session, Tls};

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
    /// Nothing where the port is plain.
    pub(super) tls: Option<Arc<Tls>>,
}

impl Connection {
    /// Serves it until it ends, is upgraded, or the server ends.
    pub(super) async fn serve(self) {
        let Self { mut stream, peer, permit: _permit, router, shared, tls } = self;
        // Frames are small and written whole: waiting for more would only delay them.
        if let Err(error) = stream.set_nodelay(true) {
            debug!(%error, "cannot set TCP_NODELAY");
        }
        let guest = Arc::new(shared.occupancy.guest());
        let served = async {
            let Some((client, _visit)) = identify(&mut stream, peer, &shared).await else { return };
            let arrived = Arrived { client, guest: guest.clone(), session: None };
            match tls {
                // In a box, so that a plain connection has no room for it.
                Some(tls) => Box::pin(serve_tls(stream, arrived, tls, router, shared)).await,
                None => serve_http(stream, arrived, router, shared).await,
            }
        };
        tokio::select! {
            () = served => {}
            () = guest.told_to_go() => debug!(%peer, "dropped for another: it has made no request yet"),
        }
    }
}

/// What is known of a connection before its first request.
struct Arrived {
    client: ClientAddress,
    guest: Arc<Guest>,
    /// Nothing on a plain port.
    session: Option<Session>,
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

/// The handshake, and then as on a plain connection.
async fn serve_tls(stream: TcpStream, arrived: Arrived, tls: Arc<Tls>, router: Router, shared: Shared) {
    let mut watch = Watch::new(shared.clone());
    let handshake = timeout(shared.config.server.handshake_timeout, opening::tls(stream, &tls));
    let opened = tokio::select! {
        opened = handshake => opened.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())),
        () = watch.reached(Phase::Draining) => return,
    };
    drop(watch);
    match opened {
        Ok(stream) => {
            let session = Some(Session::new(stream.get_ref().1));
            let client = ClientAddress { is_secure: true, ..arrived.client };
            serve_http(stream, Arrived { client, session, ..arrived }, router, shared).await;
        }
        Err(error) => debug!(client = ?arrived.client.ip, %error, "a TLS handshake failed"),
    }
}

/// Serves requests on any stream. A plain connection comes as the very `TcpStream`: a WebSocket takes it out of hyper and
/// holds it without a box around it.
async fn serve_http<S>(stream: S, arrived: Arrived, router: Router, shared: Shared)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let router = TowerToHyperService::new(router);
    let state = shared.clone();
    let is_plain = arrived.session.is_none();
    let hsts = if is_plain { None } else { hsts(&shared.config.tls) };
    let service = service_fn(move |mut request: Request<Incoming>| {
        arrived.guest.has_requested();
        let client = arrived.client.behind(request.headers(), &state.config.proxy);
        request.extensions_mut().insert(client);
        if let Some(session) = &arrived.session {
            request.extensions_mut().insert(session.clone());
        }
        let (response, hsts) = (router.call(request), hsts.clone());
        async move {
            let mut response = response.await?;
            response.headers_mut().extend(hsts.map(|value| (STRICT_TRANSPORT_SECURITY, value)));
            Ok::<_, Infallible>(response)
        }
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
        // Sessions that live of requests are over then.
        () = watch.reached(Phase::Dropping) => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                ended = connection => ended,
                () = watch.reached(Phase::Ended) => Ok(()),
            }
        }
    };
    if let Err(error) = ended {
        debug!(%error, "a connection ended in HTTP");
        if is_plain && error.is_parse() {
            debug!("if that was a client of https or wss: TLS is off here, see `tls.certificate`");
        }
    }
}

/// RFC 6797 section 6.1.
fn hsts(config: &config::Tls) -> Option<HeaderValue> {
    let seconds = config.hsts?.as_secs();
    HeaderValue::from_str(&format!("max-age={seconds}")).ok()
}
