//! The server: its port, what runs while it serves, and its shutdown.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::time::{interval, timeout};
use tracing::{info, warn};

use super::accept::Acceptor;
use crate::config::Config;
use crate::lifetime::Phase;
use crate::limits;
use crate::state::Shared;
use crate::tls::{Tls, TlsError};

/// A server that is bound to its port and not yet running.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
    shared: Shared,
    /// Nothing where the port is plain.
    tls: Option<Arc<Tls>>,
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

    pub(crate) fn new(
        listener: TcpListener,
        router: Router,
        shared: Shared,
        tls: Option<Arc<Tls>>,
    ) -> io::Result<Self> {
        Ok(Self { address: listener.local_addr()?, listener, router, shared, tls })
    }

    /// Where it listens, with the port that it really has.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// What can be asked of the server while it runs, from anywhere.
    pub fn handle(&self) -> Handle {
        Handle { tls: self.tls.clone() }
    }

    /// Serves until `shutdown` ends, then closes every connection: `/readyz` turns 503, nothing more is accepted,
    /// WebSockets are closed with 1001 spread over `server.shutdown_spread`, requests and handlers under way are
    /// finished. Returns when all are gone, or after `server.shutdown_timeout`; what is still open then is dropped.
    ///
    /// Dropping the future stops accepting; connections go on.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Self { listener, router, shared, tls, .. } = self;
        let acceptor = Acceptor::new(listener, router, shared.clone(), tls.clone());
        tokio::select! {
            never = acceptor.run() => match never {},
            never = follow(tls) => match never {},
            never = greet(&shared) => match never {},
            never = tick(&shared) => match never {},
            () = shutdown => {}
        }
        drop(acceptor);
        drain(&shared).await;
    }
}

/// Asks something of a running server; a clone asks the same one. It does not keep the server running.
#[derive(Clone)]
pub struct Handle {
    tls: Option<Arc<Tls>>,
}

impl Handle {
    /// Reads the certificate and key files again. New connections get what they say now; those that are open go on.
    ///
    /// # Errors
    /// [`TlsError::Off`]: the server has no TLS. Otherwise a file is not right, and all stays as it was.
    pub fn reload_tls(&self) -> Result<(), TlsError> {
        self.tls.as_ref().ok_or(TlsError::Off)?.reload()
    }
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}

/// Looks after the files of TLS.
async fn follow(tls: Option<Arc<Tls>>) -> Infallible {
    match tls {
        Some(tls) => tls.follow().await,
        None => pending().await,
    }
}

/// Says in the log which of those who will be asked about clients are not there. Clients are not kept waiting for it.
async fn greet(shared: &Shared) -> Infallible {
    shared.auth.greet().await;
    pending().await
}

/// Lets the hub forget what is too old, and the limits look at what is used.
async fn tick(shared: &Shared) -> Infallible {
    let mut quarter = interval(Duration::from_millis(250));
    loop {
        for _ in 0..4 {
            quarter.tick().await;
            limits::tick(shared);
        }
        shared.hub.tick();
        shared.auth.tick();
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
            limits::tick(&shared);
            shared.hub.tick();
            shared.auth.tick();
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
