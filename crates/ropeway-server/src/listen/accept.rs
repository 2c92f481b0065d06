//! The loop of accepting.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::time::sleep;
use tracing::{debug, warn};

use super::connection::Connection;
use crate::state::Shared;
use crate::tls::Tls;

/// Takes connections from the port and gives each a task.
pub(super) struct Acceptor {
    listener: TcpListener,
    router: Router,
    shared: Shared,
    tls: Option<Arc<Tls>>,
}

impl Acceptor {
    pub(super) fn new(listener: TcpListener, router: Router, shared: Shared, tls: Option<Arc<Tls>>) -> Self {
        Self { listener, router, shared, tls }
    }

    /// Every connection that is not upgraded holds a permit. Cancel-safe: what was not accepted waits in the kernel.
    pub(super) async fn run(&self) -> Infallible {
        loop {
            let permit = self.shared.occupancy.enter().await;
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    debug!(%peer, "accepted");
                    let (router, shared, tls) = (self.router.clone(), self.shared.clone(), self.tls.clone());
                    tokio::spawn(Connection { stream, peer, permit, router, shared, tls }.serve());
                }
                Err(error) => recover(&error).await,
            }
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
