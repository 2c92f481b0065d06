//! Proxies: HTTP CONNECT (RFC 9110 section 9.3.6) and SOCKS5 (RFC 1928, RFC 1929).

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};

use http::Uri;
use ropeway_proto::handshake::client::Target;
use ropeway_proto::handshake::head;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_socks::TargetAddr;
use tokio_socks::tcp::Socks5Stream;

use super::{ConnectError, UrlError};
use crate::websocket::Stream;

/// A proxy to connect through: `http://`, `socks5://` (we look the server's name up) or `socks5h://` (the proxy does),
/// each with or without `user:password@`. The ports are 80 and 1080 unless the URL says another.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    kind: Kind,
    target: Target,
    credentials: Option<(String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Http,
    Socks5 { resolves: bool },
}

impl Proxy {
    /// Host and port of the proxy.
    pub fn authority(&self) -> String {
        format!("{}:{}", self.target.host(), self.target.port())
    }

    pub(super) fn host(&self) -> &str {
        self.target.host()
    }

    pub(super) fn port(&self) -> u16 {
        self.target.port()
    }

    /// Whether the name of the server has to be looked up before the proxy is asked.
    pub(super) fn wants_address(&self) -> bool {
        self.kind == Kind::Socks5 { resolves: false }
    }

    /// Asks the proxy for a way to the server.
    pub(super) async fn tunnel(
        &self,
        stream: Stream,
        target: &Target,
        address: Option<IpAddr>,
    ) -> Result<Stream, ConnectError> {
        match self.kind {
            Kind::Http => self.connect(stream, target).await,
            Kind::Socks5 { .. } => self.socks5(stream, target, address).await,
        }
    }

    async fn connect(&self, mut stream: Stream, target: &Target) -> Result<Stream, ConnectError> {
        stream.write_all(self.request(target).as_bytes()).await.map_err(|error| self.broken(error))?;
        let mut reader = head::Reader::new(head::Limits::default());
        let mut received = Vec::new();
        loop {
            let response = reader.response(&received).map_err(|error| self.refused(error))?;
            match response {
                // What comes behind the head is the server's; it does not speak first.
                Some((response, _)) if response.status().is_success() => return Ok(stream),
                Some((response, _)) => return Err(self.refused(response.status())),
                None => self.read_some(&mut stream, &mut received).await?,
            }
        }
    }

    fn request(&self, target: &Target) -> String {
        let host =
            if target.host().contains(':') { format!("[{}]", target.host()) } else { target.host().into() };
        let authority = format!("{host}:{}", target.port());
        let authorization = self.target.authorization().and_then(|value| value.to_str().ok());
        let authorization =
            authorization.map_or_else(String::new, |value| format!("proxy-authorization: {value}\r\n"));
        format!("CONNECT {authority} HTTP/1.1\r\nhost: {authority}\r\n{authorization}\r\n")
    }

    /// One byte at a time, so that nothing of what comes behind the head is taken: the head is short, and this is done once.
    async fn read_some(&self, stream: &mut Stream, received: &mut Vec<u8>) -> Result<(), ConnectError> {
        let byte = stream.read_u8().await.map_err(|error| self.broken(error))?;
        received.push(byte);
        Ok(())
    }

    async fn socks5(
        &self,
        stream: Stream,
        target: &Target,
        address: Option<IpAddr>,
    ) -> Result<Stream, ConnectError> {
        let to = match address.or_else(|| target.host().parse().ok()) {
            Some(ip) => TargetAddr::Ip(SocketAddr::new(ip, target.port())),
            None => TargetAddr::Domain(target.host().into(), target.port()),
        };
        let opened = match &self.credentials {
            Some((user, password)) => {
                Socks5Stream::connect_with_password_and_socket(stream, to, user, password).await
            }
            None => Socks5Stream::connect_with_socket(stream, to).await,
        };
        opened.map(Socks5Stream::into_inner).map_err(|error| self.refused(error))
    }

    fn refused(&self, reason: impl fmt::Display) -> ConnectError {
        ConnectError::Proxy { proxy: self.authority(), reason: reason.to_string() }
    }

    fn broken(&self, error: io::Error) -> ConnectError {
        self.refused(format_args!("the stream failed: {error}"))
    }
}

impl std::str::FromStr for Proxy {
    type Err = UrlError;

    fn from_str(url: &str) -> Result<Self, UrlError> {
        let uri: Uri = url.parse().map_err(|_| UrlError::Malformed)?;
        let kind = match uri.scheme_str() {
            Some("http") => Kind::Http,
            Some("socks5") => Kind::Socks5 { resolves: false },
            Some("socks5h") => Kind::Socks5 { resolves: true },
            _ => return Err(UrlError::Proxy),
        };
        let authority = uri.authority().ok_or(UrlError::NoHost)?;
        let port = if authority.port().is_none() && kind != Kind::Http { ":1080" } else { "" };
        let target: Target = format!("http://{authority}{port}").parse()?;
        let credentials = target.credentials();
        Ok(Self { kind, target, credentials })
    }
}

/// Without the password.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("kind", &self.kind)
            .field("at", &self.authority())
            .finish_non_exhaustive()
    }
}
