//! A port that serves nothing but WebSockets.

use std::io;
use std::net::SocketAddr;

use http::Request;
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};

use super::{AcceptError, Acceptor};
use crate::websocket::WebSocket;

/// A TCP port whose connections all become WebSockets.
///
/// ```no_run
/// # async fn run() -> std::io::Result<()> {
/// use ropeway_ws::Config;
/// use ropeway_ws::server::{Acceptor, Listener};
///
/// let listener = Listener::bind("127.0.0.1:9001", Acceptor::new(Config::default())).await?;
/// loop {
///     let pending = listener.accept().await?;
///     tokio::spawn(async move {
///         let Ok((mut socket, _request)) = pending.handshake().await else { return };
///         while let Some(Ok(message)) = socket.next().await {
///             if socket.send(message).await.is_err() {
///                 break;
///             }
///         }
///     });
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct Listener {
    tcp: TcpListener,
    acceptor: Acceptor,
}

/// A connection whose handshake is still to be done, in a task of its own: a slow client must not hold up the others.
#[derive(Debug)]
pub struct Pending {
    tcp: TcpStream,
    address: SocketAddr,
    acceptor: Acceptor,
}

impl Listener {
    /// Listens on `address`; port 0 picks a free one.
    ///
    /// # Errors
    /// Those of the operating system, as for an address in use.
    pub async fn bind(address: impl ToSocketAddrs, acceptor: Acceptor) -> io::Result<Self> {
        Ok(Self { tcp: TcpListener::bind(address).await?, acceptor })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }

    /// The next connection. Nagle's algorithm is switched off on it.
    ///
    /// Cancel safe.
    ///
    /// # Errors
    /// Those of the operating system. Most, such as too many open files, pass: wait a little and go on.
    pub async fn accept(&self) -> io::Result<Pending> {
        let (tcp, address) = self.tcp.accept().await?;
        tcp.set_nodelay(true)?;
        Ok(Pending { tcp, address, acceptor: self.acceptor.clone() })
    }
}

impl Pending {
    /// Who connects.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Performs the handshake: see [`Acceptor::accept`].
    ///
    /// # Errors
    /// [`AcceptError`]; the peer has been answered where there was something to answer.
    pub async fn handshake(self) -> Result<(WebSocket, Request<()>), AcceptError> {
        self.acceptor.accept(self.tcp).await
    }
}
