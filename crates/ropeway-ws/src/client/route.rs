//! How a server is reached: by its name, at a given address, over a Unix socket, through a proxy.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Instant;

use ropeway_proto::handshake::client::Target;
use tokio::net::{TcpStream, UnixStream};

use super::ConnectError;
use super::details::Details;
use super::dial::{dial, lookup};
use super::proxy::Proxy;
use crate::websocket::Stream;

/// The choices of a [`Connect`](super::Connect).
#[derive(Clone, Debug, Default)]
pub(super) struct Route {
    /// Where to go instead of asking for the name: host, port, address.
    pub(super) addresses: Vec<(String, u16, SocketAddr)>,
    /// Which of our addresses to come from.
    pub(super) from: Option<IpAddr>,
    /// A Unix socket in place of TCP.
    pub(super) socket: Option<PathBuf>,
    pub(super) proxy: Option<Proxy>,
}

impl Route {
    /// A stream on which the server, or TLS with it, can be spoken to.
    pub(super) async fn reach(&self, target: &Target, details: &mut Details) -> Result<Stream, ConnectError> {
        match (&self.socket, &self.proxy) {
            (Some(path), _) => self.open_socket(path, details).await,
            (None, Some(proxy)) => self.through(proxy, target, details).await,
            (None, None) => {
                let named = target.authority();
                Ok(self.dial(&named, target.host(), target.port(), details).await?.into())
            }
        }
    }

    async fn open_socket(&self, path: &PathBuf, details: &mut Details) -> Result<Stream, ConnectError> {
        let start = Instant::now();
        let opened = UnixStream::connect(path).await;
        let stream =
            opened.map_err(|source| ConnectError::Dial { host: path.display().to_string(), source })?;
        details.timings.connect = start.elapsed();
        Ok(Stream::new(stream))
    }

    async fn through(
        &self,
        proxy: &Proxy,
        target: &Target,
        details: &mut Details,
    ) -> Result<Stream, ConnectError> {
        let address = self.address_for(proxy, target, details).await?;
        let tcp = self.dial(&proxy.authority(), proxy.host(), proxy.port(), details).await?;
        let start = Instant::now();
        let stream = proxy.tunnel(tcp.into(), target, address).await?;
        details.timings.proxy = start.elapsed();
        Ok(stream)
    }

    /// The server's address, where the proxy shall be told that rather than the name.
    async fn address_for(
        &self,
        proxy: &Proxy,
        target: &Target,
        details: &mut Details,
    ) -> Result<Option<IpAddr>, ConnectError> {
        if let Some(address) = self.given(target.host(), target.port()) {
            return Ok(Some(address.ip()));
        }
        if !proxy.wants_address() {
            return Ok(None);
        }
        let start = Instant::now();
        let found = lookup(target.host(), target.port()).await;
        details.timings.resolve = start.elapsed();
        let found = found.map_err(|source| ConnectError::Dial { host: target.authority(), source })?;
        Ok(found.first().map(SocketAddr::ip))
    }

    /// `named` is what an error calls it.
    async fn dial(
        &self,
        named: &str,
        host: &str,
        port: u16,
        details: &mut Details,
    ) -> Result<TcpStream, ConnectError> {
        let failed = |source| ConnectError::Dial { host: named.to_owned(), source };
        let start = Instant::now();
        let addresses = match self.given(host, port) {
            Some(address) => vec![address],
            None => lookup(host, port).await.map_err(failed)?,
        };
        details.timings.resolve += start.elapsed();
        let start = Instant::now();
        let stream = dial(addresses, self.from).await.map_err(failed)?;
        details.timings.connect = start.elapsed();
        (details.peer, details.local) = (stream.peer_addr().ok(), stream.local_addr().ok());
        Ok(stream)
    }

    fn given(&self, host: &str, port: u16) -> Option<SocketAddr> {
        let is_meant =
            |(name, at, _): &&(String, u16, SocketAddr)| name.eq_ignore_ascii_case(host) && *at == port;
        self.addresses.iter().find(is_meant).map(|(_, _, address)| *address)
    }
}
