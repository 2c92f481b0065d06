//! The loop of accepting.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpSocket};
use tokio::time::sleep;
use tracing::{debug, warn};

use super::connection::Connection;
use crate::state::Shared;
use crate::tls::Tls;

/// Connections that wait to be accepted; Linux takes `net.core.somaxconn` if that is less. When clients come back all at
/// once and there is no place, the kernel drops them, and they try again after a second, then after two and so on. The usual
/// 128 are full before the loop is scheduled once.
const BACKLOG: u32 = 4096;

/// Takes a port.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A server that starts again need not wait until connections of the one before are forgotten. On Windows it would
    // mean that another program can take the port too.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

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
