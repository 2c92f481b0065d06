//! Which pages may connect (RFC 6455 section 10.2).
//!
//! A browser lets any page open a WebSocket anywhere, with the cookies of the server it connects to, and says
//! whose page it is in `Origin`. A server that trusts cookies or its network has to look at it.

mod error;
mod host;
mod pattern;

pub use error::PatternError;
pub use host::HostPattern;
pub use pattern::OriginPattern;

use http::Request;
use http::header::{HOST, ORIGIN};

use super::{super::authority::Authority, Fault, Head};

/// The origins whose pages may connect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origins {
    /// Pages of the host and port that the request went to.
    #[default]
    Same,
    /// Pages of the same host and port, and of these origins.
    Listed(Vec<OriginPattern>),
    /// Pages of all origins: for a service that is public and trusts neither cookies nor addresses.
    Any,
}

impl Origins {
    /// Pages of the same host and port, and of these origins; see [`OriginPattern`] for what may be written.
    ///
    /// ```
    /// use ropeway_proto::handshake::server::Origins;
    ///
    /// let origins = Origins::listed(["https://example.com", "https://*.example.com", "http://localhost:*"])?;
    /// assert!(Origins::listed(["https://*.com"]).is_err());
    /// # Ok::<(), ropeway_proto::handshake::server::PatternError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What is wrong with the first that is no origin.
    pub fn listed<'a>(origins: impl IntoIterator<Item = &'a str>) -> Result<Self, PatternError> {
        origins.into_iter().map(str::parse).collect::<Result<_, _>>().map(Self::Listed)
    }

    /// Whether a page that makes this request may have an answer. Programs, which send no origin, may.
    pub fn allows<B>(&self, request: &Request<B>) -> bool {
        self.check(&Head::of(request)).is_ok()
    }

    pub(super) fn check(&self, head: &Head<'_>) -> Result<(), Fault> {
        let mut lines = head.headers.get_all(ORIGIN).iter();
        let Some(origin) = lines.next() else { return Ok(()) };
        if *self == Self::Any {
            return Ok(());
        }
        let origin = origin.to_str().map_err(|_| Fault::Origin)?;
        let listed = match self {
            Self::Listed(patterns) => patterns.iter().any(|pattern| pattern.matches(origin)),
            _ => false,
        };
        let allowed = listed || is_same(origin, head);
        if allowed && lines.next().is_none() { Ok(()) } else { Err(Fault::Origin) }
    }
}

/// Whether `origin` has the host and port that the request went to. The scheme is not compared: behind a
/// proxy that ends TLS the server does not know it, so a missing port fits the default of either.
fn is_same(origin: &str, head: &Head<'_>) -> bool {
    let Some((scheme, page)) = origin.split_once("://") else { return false };
    let Some(default) = default_port(scheme) else { return false };
    let (Ok(page), Some(server)) = (Authority::parse(page), destination(head)) else { return false };
    page.host.eq_ignore_ascii_case(server.host)
        && page.port.unwrap_or(default) == server.port.unwrap_or(default)
}

/// `:authority`, or `Host`.
fn destination<'a>(head: &Head<'a>) -> Option<Authority<'a>> {
    let host = || head.headers.get(HOST)?.to_str().ok();
    let text = head.uri.authority().map(http::uri::Authority::as_str).or_else(host)?;
    Authority::parse(text).ok()
}

/// The port that a page's origin has where it names none.
fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        _ if scheme.eq_ignore_ascii_case("http") => Some(80),
        _ if scheme.eq_ignore_ascii_case("https") => Some(443),
        _ => None,
    }
}
