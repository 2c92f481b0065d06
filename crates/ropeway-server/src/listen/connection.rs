//! What one TCP connection goes through, from its arrival to its last request.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;

use axum::Router;
use http::header::STRICT_TRANSPORT_SECURITY;
use http::{HeaderValue, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::sleep_until;
use tracing::{debug, warn};

use super::deadline::{Deadline, HeadTimer};
use super::opening;
use crate::config::{self, ProxyProtocol};
use crate::lifetime::{Phase, Watch};
use crate::limits::{Full, Visit};
use crate::occupancy::Guest;
use crate::peer::ClientAddress;
use crate::peer::proxy_protocol::{self, ProxyError};
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
        let mut newcomer = Newcomer::new(&shared);
        let identified = identify(&mut stream, peer, &mut newcomer, &shared).await;
        let Some((client, _visit)) = identified else { return };
        // What reads from it is the largest part of a connection, and made in a box when there is something to read.
        let Some(tls) = tls else {
            let begun = newcomer.awaited(pin!(opening::request(&stream))).await;
            return match begun {
                Ok(()) => Box::pin(serve_http(stream, newcomer.arrived(client), router, shared)).await,
                Err(error) => debug!(client = ?client.ip, %error, "a connection has brought no request"),
            };
        };
        let begun = newcomer.awaited(pin!(opening::tls(stream, &tls))).await;
        match begun {
            Ok(stream) => {
                let session = Some(Session::new(stream.get_ref().1));
                let arrived = newcomer.arrived(ClientAddress { is_secure: true, ..client });
                Box::pin(serve_http(stream, Arrived { session, ..arrived }, router, shared)).await;
            }
            Err(error) => debug!(client = ?client.ip, %error, "a TLS connection has brought no request"),
        }
    }
}

/// A connection that has not made a request yet, and how long it is waited for.
struct Newcomer {
    guest: Arc<Guest>,
    deadline: Deadline,
    watch: Watch,
}

impl Newcomer {
    fn new(shared: &Shared) -> Self {
        let guest = Arc::new(shared.occupancy.guest());
        let deadline = Deadline::after(shared.config.server.handshake_timeout);
        Self { guest, deadline, watch: Watch::new(shared.clone()) }
    }

    /// What has to come before the first request.
    ///
    /// # Errors
    /// It has not come in time, the connection has to go for another, or the server ends.
    async fn awaited<T, E: From<io::Error>>(
        &mut self,
        work: Pin<&mut impl Future<Output = Result<T, E>>>,
    ) -> Result<T, E> {
        let Self { guest, deadline, watch } = self;
        let reason = tokio::select! {
            done = work => return done,
            () = sleep_until(deadline.0) => io::Error::new(io::ErrorKind::TimedOut, "it has not come in time"),
            () = guest.told_to_go() => io::Error::other(DISPLACED),
            () = watch.reached(Phase::Dropping) => io::Error::other("the server ends"),
        };
        Err(reason.into())
    }

    fn arrived(self, client: ClientAddress) -> Arrived {
        Arrived { client, guest: self.guest, deadline: self.deadline, session: None }
    }
}

const DISPLACED: &str = "it has to go for another: it has made no request yet";

/// What is known of a connection before its first request.
struct Arrived {
    client: ClientAddress,
    guest: Arc<Guest>,
    deadline: Deadline,
    /// Nothing on a plain port.
    session: Option<Session>,
}

/// Who the client is by the connection alone, and its place among those of its address. Nothing for one that is not to be
/// served: a peer of whom there is too much, or a proxy that does not say who its client is.
async fn identify(
    stream: &mut TcpStream,
    peer: SocketAddr,
    newcomer: &mut Newcomer,
    shared: &Shared,
) -> Option<(ClientAddress, Visit)> {
    let proxy = &shared.config.proxy;
    let is_trusted = proxy.trusted.contains(peer.ip());
    let direct = ClientAddress::direct(Some(peer.ip()));
    if !is_trusted || proxy.protocol == ProxyProtocol::Off {
        let visit = if is_trusted { Ok(Visit::of_proxy()) } else { shared.arrivals.arrive(peer.ip()) };
        return admitted(direct, visit);
    }
    match Box::pin(async { newcomer.awaited(pin!(proxy_protocol::read(stream))).await }).await {
        Ok(Some(client)) => admitted(ClientAddress::direct(Some(client)), shared.arrivals.arrive(client)),
        Ok(None) => Some((direct, Visit::of_proxy())),
        Err(error) => {
            complain(peer, &error, shared);
            None
        }
    }
}

/// Whoever gets at a trusted address could fill the log.
fn complain(peer: SocketAddr, error: &ProxyError, shared: &Shared) {
    match shared.proxy_faults.next(std::time::Instant::now()) {
        Some(left_out) => warn!(%peer, %error, left_out, "a connection of a trusted proxy is closed"),
        None => debug!(%peer, %error, "a connection of a trusted proxy is closed"),
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
async fn serve_http<S>(stream: S, arrived: Arrived, router: Router, shared: Shared)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let router = TowerToHyperService::new(router);
    let state = shared.clone();
    let is_plain = arrived.session.is_none();
    let (timer, guest) = (HeadTimer::new(arrived.deadline), arrived.guest.clone());
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
        .timer(timer)
        .header_read_timeout(shared.config.server.handshake_timeout)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let mut watch = Watch::new(shared);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = guest.told_to_go() => return debug!("a connection is dropped: {DISPLACED}"),
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
