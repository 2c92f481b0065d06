//! What can go wrong on the client's side: the URL, the request, the response.

use http::{HeaderName, StatusCode};

use crate::deflate::NegotiationError;

/// A URL that no WebSocket can be opened by (RFC 6455 section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// Not a URL at all.
    #[error("not a valid URL")]
    Malformed,
    /// The scheme is none of `ws`, `wss`, `http` and `https`.
    #[error("the scheme of a WebSocket is ws or wss")]
    Scheme,
    /// There is no host.
    #[error("the URL has no host")]
    NoHost,
    /// The host is neither a name nor an address. A name that is not ASCII is written as punycode.
    #[error("the host is neither a name nor an address")]
    Host,
    /// The port is not a number from 1 to 65535.
    #[error("the port is not a number from 1 to 65535")]
    Port,
    /// There is a fragment, `#...`, which means nothing here (RFC 6455 section 3).
    #[error("the URL of a WebSocket has no fragment (RFC 6455 section 3); write # as %23")]
    Fragment,
    /// User name or password are not valid.
    #[error("the user name or password in the URL is not valid")]
    UserInfo,
    /// The scheme of a proxy is none of `http`, `socks5` and `socks5h`.
    #[error("the scheme of a proxy is http, socks5 or socks5h")]
    Proxy,
    /// A redirect would lead from an encrypted connection to an open one.
    #[error("a redirect from wss to ws would give up encryption")]
    Downgrade,
}

/// A request that cannot be sent: our own program's fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The header is one that the handshake itself writes.
    #[error("the header {0} is written by the handshake")]
    ReservedHeader(HeaderName),
    /// The name of a subprotocol is not a token, or comes twice (RFC 6455 section 4.1, point 10).
    #[error("subprotocols are different tokens (RFC 6455 section 4.1, point 10), not {0:?}")]
    Subprotocol(String),
}

/// A response that does not open a WebSocket: the server's fault, or its wish.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The server refused; its headers and body may say why (RFC 6455 section 4.1, response point 1).
    #[error("the server refused with {0}")]
    Refused(StatusCode),
    /// `Upgrade` is not `websocket` (response point 2).
    #[error("the server's Upgrade header is not websocket (RFC 6455 section 4.1)")]
    Upgrade,
    /// `Connection` does not list `Upgrade` (response point 3).
    #[error("the server's Connection header does not list Upgrade (RFC 6455 section 4.1)")]
    Connection,
    /// `Sec-WebSocket-Accept` does not answer our key (response point 4): a cache, or no WebSocket server.
    #[error("the server's Sec-WebSocket-Accept does not answer the key (RFC 6455 section 4.1)")]
    Accept,
    /// `Sec-WebSocket-Extensions` is malformed, or has what we did not offer (response point 5).
    #[error("the server uses an extension that was not offered (RFC 6455 section 4.1)")]
    Extension,
    /// permessage-deflate with parameters that do not fit.
    #[error(transparent)]
    Deflate(#[from] NegotiationError),
    /// `Sec-WebSocket-Protocol` is not one of ours (response point 6).
    #[error("the server chose a subprotocol that was not offered (RFC 6455 section 4.1)")]
    Subprotocol,
}
