//! What a connection's first request said.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::{
    CONNECTION, HeaderName, ORIGIN, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
    UPGRADE,
};
use http::{HeaderMap, Request};
use rustls::pki_types::CertificateDer;

use crate::peer::ClientAddress;
use crate::tls;

/// The request with which a connection began: what middleware and handlers may ask about the client.
///
/// It lives as long as the connection, so it is one piece of text in which things are looked up on demand. Headers that
/// only opened the WebSocket (`connection`, `upgrade`, `sec-websocket-key`, ...) are not kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Handshake {
    /// The request target up to `url_len`, then for each header its name, a colon, its value and a line feed.
    text: Box<str>,
    url_len: u32,
    address: Option<IpAddr>,
    is_secure: bool,
    client_certificate: Option<Arc<CertificateDer<'static>>>,
    /// Milliseconds since the epoch of Unix.
    issued: u64,
}

/// They serve the connection itself and tell nobody anything.
const NOT_KEPT: [HeaderName; 5] =
    [CONNECTION, UPGRADE, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, SEC_WEBSOCKET_EXTENSIONS];

impl Handshake {
    /// Of a request that came at `time`, from the [`ClientAddress`] in its extensions.
    pub(crate) fn new<B>(request: &Request<B>, time: SystemTime) -> Self {
        let url = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let session = request.extensions().get::<tls::Session>();
        let client = ClientAddress::of(request.extensions());
        Self {
            text: write_text(url, request.headers()).into_boxed_str(),
            url_len: u32::try_from(url.len()).unwrap_or(u32::MAX),
            address: client.ip,
            is_secure: client.is_secure,
            client_certificate: session.and_then(|session| session.client_certificate.clone()),
            issued: time.duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_millis() as u64),
        }
    }

    /// Path and query, as requested.
    pub fn url(&self) -> &str {
        self.text.get(..self.url_len as usize).unwrap_or(&self.text)
    }

    /// The first value of a query parameter, decoded.
    pub fn query(&self, name: &str) -> Option<Cow<'_, str>> {
        self.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Names and values of the query, decoded, in order.
    pub fn query_pairs(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        let query = self.url().split_once('?').map_or("", |(_, query)| query);
        form_urlencoded::parse(query.as_bytes())
    }

    /// The first value of a header. The name's case does not matter.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Names, in lower case, and values of the headers. What is not UTF-8 in a value is replaced.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let lines = self.text.get(self.url_len as usize..).unwrap_or_default().lines();
        lines.filter_map(|line| line.split_once(':'))
    }

    /// The address of the client. Behind a proxy of `proxy.trusted` it is the one that the proxy tells; any other proxy is
    /// the client itself. Unknown when the server runs in someone else's loop that does not tell.
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// When the request came.
    pub fn time(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.issued)
    }

    /// When the request came, in milliseconds since the epoch of Unix.
    pub fn issued(&self) -> u64 {
        self.issued
    }

    /// Whether the client came over TLS, which ended here or at a proxy of `proxy.trusted` that says so.
    pub fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// The certificate that the client proved to have, in DER (RFC 5280), signed by one of `tls.client_ca`. What it says
    /// of the client is for the application to judge; the server makes nothing of it.
    pub fn client_certificate(&self) -> Option<&[u8]> {
        self.client_certificate.as_deref().map(AsRef::as_ref)
    }

    /// Whether a page of another origin may have made the request: it has an `origin` header.
    pub fn is_cross_domain(&self) -> bool {
        self.header(ORIGIN.as_str()).is_some()
    }
}

fn write_text(url: &str, headers: &HeaderMap) -> String {
    let kept = || headers.iter().filter(|(name, _)| !NOT_KEPT.contains(name));
    let len = kept().map(|(name, value)| name.as_str().len() + value.len() + 2).sum::<usize>();
    let mut text = String::with_capacity(url.len() + len);
    text.push_str(url);
    for (name, value) in kept() {
        text.push_str(name.as_str());
        text.push(':');
        // A value cannot hold a line feed.
        text.push_str(&String::from_utf8_lossy(value.as_bytes()));
        text.push('\n');
    }
    text
}

/// Without values: headers and queries carry secrets.
impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake")
            .field("address", &self.address)
            .field("issued", &self.issued)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handshake() -> Handshake {
        let request = Request::get("/socket.io/?EIO=4&token=a%20b&token=c")
            .header("Origin", "https://app.example")
            .header("cookie", "a=b: c")
            .header("sec-websocket-key", "AAAA")
            .extension(ClientAddress::direct(Some(IpAddr::from([127, 0, 0, 1]))))
            .body(())
            .unwrap();
        Handshake::new(&request, UNIX_EPOCH + Duration::from_millis(1500))
    }

    #[test]
    fn what_was_said_is_found() {
        let handshake = handshake();
        assert_eq!(handshake.url(), "/socket.io/?EIO=4&token=a%20b&token=c");
        assert_eq!(handshake.query("token").as_deref(), Some("a b"));
        assert_eq!(handshake.query("none"), None);
        assert_eq!(handshake.header("Cookie"), Some("a=b: c"));
        assert_eq!(handshake.header("sec-websocket-key"), None);
        assert_eq!(handshake.address(), Some(IpAddr::from([127, 0, 0, 1])));
        assert_eq!(handshake.issued(), 1500);
        assert!(handshake.is_cross_domain() && !handshake.is_secure());
    }

    #[test]
    fn secrets_are_not_shown() {
        assert!(!format!("{:?}", handshake()).contains("a=b"));
    }
}
