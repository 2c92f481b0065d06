//! The server: its port, what runs while it serves, and its shutdown.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::time::interval;

use super::accept::Acceptor;
use crate::config::Config;
use crate::lifetime::{self, Phase};
use crate::state::{Shared, State};
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
        Handle { tls: self.tls.clone(), state: Arc::downgrade(&self.shared) }
    }

    /// Serves until `shutdown` ends, or the end begins by [`Handle::drain`] or `POST /api/drain`. `/readyz` turns 503 then;
    /// after `shutdown.grace` nothing more is accepted; sessions are closed one by one, over `shutdown.spread` or by
    /// `shutdown.rate`; requests and handlers under way are finished. Returns when all are gone, or shortly after
    /// `shutdown.timeout`, when what is still open is dropped.
    ///
    /// Dropping the future stops accepting; connections go on.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Self { listener, router, shared, tls, .. } = self;
        // Whichever way the end began, signals are heard to the last.
        let start = async {
            shutdown.await;
            shared.drain.start();
            pending::<Infallible>().await
        };
        tokio::select! {
            never = start => match never {},
            never = follow(tls.clone()) => match never {},
            never = greet(&shared) => match never {},
            never = tick(&shared) => match never {},
            () = serve(Acceptor::new(listener, router, shared.clone(), tls), &shared) => {}
        }
    }
}

/// From the first connection to the last.
async fn serve(acceptor: Acceptor, shared: &Shared) {
    tokio::select! {
        never = acceptor.run() => match never {},
        () = lifetime::leave(shared) => {}
    }
    drop(acceptor);
    lifetime::run(shared).await;
}

/// Asks something of a running server; a clone asks the same one. It does not keep the server running.
#[derive(Clone)]
pub struct Handle {
    tls: Option<Arc<Tls>>,
    state: Weak<State>,
}

impl Handle {
    /// Begins the end of the server, as the `shutdown` of [`Server::run`] does. Nothing happens when it has begun already.
    pub fn drain(&self) {
        if let Some(state) = self.state.upgrade() {
            state.drain.start();
        }
    }

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
            shared.tick();
        }
        shared.hub.tick();
        shared.auth.tick();
    }
}

/// The same for a server that somebody else runs, until nobody uses it any more; and its end, once that has begun.
pub(crate) fn tick_while_used(shared: &Shared) {
    let shared = Arc::downgrade(shared);
    tokio::spawn(async move {
        let mut second = interval(Duration::from_secs(1));
        let mut is_ending = false;
        loop {
            second.tick().await;
            let Some(shared) = shared.upgrade() else { return };
            if !is_ending && shared.drain.has_reached(Phase::Leaving) {
                is_ending = true;
                tokio::spawn(end(shared.clone()));
            }
            shared.tick();
            shared.hub.tick();
            shared.auth.tick();
        }
    });
}

async fn end(shared: Shared) {
    lifetime::leave(&shared).await;
    lifetime::run(&shared).await;
}
