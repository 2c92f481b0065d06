//! Who the client is on the network.
//!
//! ```text
//!  TCP peer ─► PROXY header (if it is trusted) ─► forwarding header (if that one is trusted) ─► ClientAddress
//! ```
//!
//! Found out once for each request by `listen/` and put into its extensions, where everybody finds the same.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use http::{Extensions, HeaderMap};

use crate::config::Proxy;

mod forwarded;
mod forwarding;
mod hop;
pub(crate) mod proxy_protocol;

/// The address of a client and how its request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientAddress {
    /// Canonical: IPv4 is never mapped into IPv6. Unknown when the server runs in someone else's loop that does not
    /// tell.
    pub(crate) ip: Option<IpAddr>,
    /// The client came over TLS, which ended here or at a proxy that is believed.
    pub(crate) is_secure: bool,
    /// A header of the request said so, and not the connection.
    pub(crate) is_forwarded: bool,
}

impl ClientAddress {
    /// A client that is the peer of its connection, which is not encrypted.
    pub(crate) fn direct(ip: Option<IpAddr>) -> Self {
        Self { ip: ip.map(|ip| ip.to_canonical()), is_secure: false, is_forwarded: false }
    }

    /// That of a request. In someone else's loop it is the peer that the loop tells.
    pub(crate) fn of(extensions: &Extensions) -> Self {
        let known = extensions.get::<Self>().copied();
        let told = || extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        known.unwrap_or_else(|| Self::direct(told()))
    }

    /// Who is behind a connection by what a request on it says. Only the one header that is configured is looked at, and
    /// only where the connection is that of a trusted proxy: from anybody else the same header is a forgery.
    pub(crate) fn behind(self, headers: &HeaderMap, proxy: &Proxy) -> Self {
        let Some(peer) = self.ip.filter(|peer| proxy.trusted.contains(*peer)) else { return self };
        let told = forwarding::read(headers, peer, proxy);
        Self {
            ip: Some(told.address),
            is_secure: told.is_secure.unwrap_or(self.is_secure),
            is_forwarded: told.address != peer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;

    fn behind(client: ClientAddress, header: (&'static str, &'static str)) -> ClientAddress {
        let sources = Sources::new().file("test", "[proxy]\ntrusted = ['10.0.0.0/8']");
        let headers = HeaderMap::from_iter([(header.0.parse().unwrap(), header.1.parse().unwrap())]);
        client.behind(&headers, &sources.load().unwrap().proxy)
    }

    #[test]
    fn ipv4_within_ipv6_is_ipv4() {
        let mapped = ClientAddress::direct(Some("::ffff:10.0.0.1".parse().unwrap()));
        assert_eq!(mapped, ClientAddress::direct(Some("10.0.0.1".parse().unwrap())));
        let client = behind(mapped, ("x-forwarded-for", "192.0.2.1"));
        assert_eq!((client.ip, client.is_forwarded), (Some("192.0.2.1".parse().unwrap()), true));
    }

    #[test]
    fn a_proxy_that_says_nothing_of_the_scheme_leaves_it() {
        let proxy = ClientAddress::direct(Some("10.0.0.1".parse().unwrap()));
        let secure = ClientAddress { is_secure: true, ..proxy };
        assert!(behind(secure, ("x-forwarded-for", "192.0.2.1")).is_secure);
        assert!(!behind(secure, ("x-forwarded-proto", "http")).is_secure);
        assert!(!behind(proxy, ("x-forwarded-for", "192.0.2.1")).is_secure);
    }
}
