//! What the client sends.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Uri, Version,
    header::{
        AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, HOST, PROXY_AUTHORIZATION, SEC_WEBSOCKET_ACCEPT,
        SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, TE,
        TRANSFER_ENCODING, UPGRADE,
    },
};

use super::{
    super::{VERSION, accept_key, grammar},
    Expectations, RequestError, Target, UrlError,
};
use crate::deflate;

/// A request to open a WebSocket (RFC 6455 section 4.1).
///
/// ```
/// use ropeway_proto::handshake::{client::Request, head};
///
/// let request = Request::new("ws://example.org/chat".parse()?).subprotocol("chat")?;
/// let (request, expectations) = request.upgrade(rand::random());
/// let mut bytes = Vec::new();
/// head::encode_request(&request, &mut bytes);
/// assert!(bytes.starts_with(b"GET /chat HTTP/1.1\r\nhost: example.org\r\nupgrade: websocket\r\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Request {
    target: Target,
    headers: HeaderMap,
    subprotocols: Vec<String>,
    deflate: Option<deflate::Config>,
}

/// Headers that the handshake writes itself, or that would say that a body follows.
const RESERVED: [HeaderName; 10] = [
    CONNECTION,
    CONTENT_LENGTH,
    SEC_WEBSOCKET_ACCEPT,
    SEC_WEBSOCKET_EXTENSIONS,
    SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION,
    TE,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// What is meant for one origin and must not go to another.
const CREDENTIALS: [HeaderName; 3] = [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION];

impl Request {
    /// A plain request: no subprotocol, no extension.
    pub fn new(target: Target) -> Self {
        Self { target, headers: HeaderMap::new(), subprotocols: Vec::new(), deflate: None }
    }

    /// Where the request goes.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Adds a header. `Host` and `Authorization` take the place of what the URL says.
    ///
    /// # Errors
    ///
    /// A header that the handshake itself writes.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Result<Self, RequestError> {
        if RESERVED.contains(&name) {
            return Err(RequestError::ReservedHeader(name));
        }
        self.headers.append(name, value);
        Ok(self)
    }

    /// Offers a subprotocol, after those offered before: the first is liked best.
    ///
    /// # Errors
    ///
    /// What is no token, and what was offered before.
    pub fn subprotocol(mut self, name: impl Into<String>) -> Result<Self, RequestError> {
        let name = name.into();
        if !grammar::is_token(&name) || self.subprotocols.contains(&name) {
            return Err(RequestError::Subprotocol(name));
        }
        self.subprotocols.push(name);
        Ok(self)
    }

    /// Offers permessage-deflate.
    pub fn deflate(mut self, config: deflate::Config) -> Self {
        self.deflate = Some(config);
        self
    }

    /// The upgrade to send over HTTP/1.1, and what to expect of the response. `nonce` is random, and another
    /// one for each attempt.
    pub fn upgrade(&self, nonce: [u8; 16]) -> (http::Request<()>, Expectations) {
        let key = STANDARD.encode(nonce);
        let mut request = http::Request::new(());
        *request.uri_mut() = Uri::from(self.target.resource().clone());
        let headers = request.headers_mut();
        insert(headers, HOST, &self.target.authority());
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        insert(headers, SEC_WEBSOCKET_KEY, &key);
        self.common(headers);
        (request, self.expectations(Some(accept_key(key.as_bytes()))))
    }

    /// The extended CONNECT to send over HTTP/2 or HTTP/3 with `:protocol` set to `websocket` (RFC 8441
    /// section 5), and what to expect of the response.
    pub fn connect(&self) -> (http::Request<()>, Expectations) {
        let mut request = http::Request::new(());
        *request.method_mut() = Method::CONNECT;
        *request.version_mut() = Version::HTTP_2;
        let scheme = if self.target.is_secure() { "https" } else { "http" };
        let uri = Uri::builder()
            .scheme(scheme)
            .authority(self.target.authority())
            .path_and_query(self.target.resource().clone());
        // All three parts were parts of a URL before.
        *request.uri_mut() = uri.build().unwrap_or_default();
        self.common(request.headers_mut());
        (request, self.expectations(None))
    }

    /// The same request to where a redirect leads. Credentials are dropped when that is another origin.
    ///
    /// # Errors
    ///
    /// What is no URL of a WebSocket, and a way from `wss` to `ws`.
    pub fn redirected(&self, location: &str) -> Result<Self, UrlError> {
        let mut next = Self { target: self.target.redirect(location)?, ..self.clone() };
        if !self.target.same_origin(&next.target) {
            for name in CREDENTIALS {
                next.headers.remove(name);
            }
            next.headers.remove(HOST);
        }
        Ok(next)
    }

    /// The headers of both kinds of requests.
    fn common(&self, headers: &mut HeaderMap) {
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static(VERSION));
        if !self.subprotocols.is_empty() {
            insert(headers, SEC_WEBSOCKET_PROTOCOL, &self.subprotocols.join(", "));
        }
        if let Some(config) = &self.deflate {
            insert(headers, SEC_WEBSOCKET_EXTENSIONS, &config.offer());
        }
        if let Some(authorization) = self.target.authorization() {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        for name in self.headers.keys() {
            headers.remove(name);
        }
        for (name, value) in &self.headers {
            headers.append(name, value.clone());
        }
    }

    fn expectations(&self, accept: Option<String>) -> Expectations {
        Expectations { accept, subprotocols: self.subprotocols.clone(), deflate: self.deflate.clone() }
    }
}

/// Inserts a value made of tokens, base64 or a URL's authority, which is always a valid header.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
