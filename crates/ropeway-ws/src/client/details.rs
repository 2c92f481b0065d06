//! How a connection came about, for whoever wants to tell or measure it.

use std::net::SocketAddr;
use std::time::Duration;

use http::Request;
use rustls::{CipherSuite, ProtocolVersion};

/// What is known about the way to a connection. It is among the extensions of the response that
/// [`Connect::open`](super::Connect::open) gives, and with a [`Refused`](super::Refused).
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Details {
    /// The request as it was sent, the last one after redirects.
    pub request: Request<()>,
    /// The other end of the TCP connection: the server or the proxy. Nothing for a Unix socket.
    pub peer: Option<SocketAddr>,
    /// Our end of it.
    pub local: Option<SocketAddr>,
    /// What TLS agreed on.
    pub tls: Option<Tls>,
    /// How long each step took.
    pub timings: Timings,
}

/// What TLS agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tls {
    /// The version of the protocol.
    pub version: ProtocolVersion,
    /// How it is encrypted.
    pub cipher: CipherSuite,
}

/// The steps to a connection, one after the other. A step that was not needed took no time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timings {
    /// From the name to addresses.
    pub resolve: Duration,
    /// To a TCP or Unix connection, that of a proxy included.
    pub connect: Duration,
    /// From there to a way through the proxy.
    pub proxy: Duration,
    /// The handshake of TLS.
    pub tls: Duration,
    /// From the request to its response.
    pub upgrade: Duration,
}

impl Timings {
    /// All steps.
    pub fn total(&self) -> Duration {
        self.resolve + self.connect + self.proxy + self.tls + self.upgrade
    }
}
