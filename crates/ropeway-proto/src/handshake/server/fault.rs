//! What can be wrong with a request.

use http::StatusCode;

/// The rule that a request breaks. Its text is what the peer reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The method is not GET, or not CONNECT over HTTP/2 and HTTP/3.
    #[error("A WebSocket is opened with the method {0}.")]
    Method(&'static str),
    /// HTTP/1.0, or HTTP/2 without extended CONNECT.
    #[error("A WebSocket is opened over HTTP/1.1, or by extended CONNECT over HTTP/2.")]
    HttpVersion,
    /// `:protocol` is not `websocket`.
    #[error("The only protocol to connect to here is websocket.")]
    Protocol,
    /// No `Host`, several, or one that is no authority.
    #[error("The request needs one valid Host header.")]
    Host,
    /// `Upgrade` does not list `websocket`.
    #[error("The Upgrade header must list websocket.")]
    Upgrade,
    /// `Connection` does not list `Upgrade`.
    #[error("The Connection header must list Upgrade.")]
    Connection,
    /// `Sec-WebSocket-Version` is missing or comes twice.
    #[error("The request needs one Sec-WebSocket-Version header.")]
    MissingVersion,
    /// `Sec-WebSocket-Version` is not 13.
    #[error("The only version of the WebSocket protocol here is 13.")]
    Version,
    /// `Sec-WebSocket-Key` is missing, comes twice, or is not 16 bytes of base64.
    #[error("The request needs one Sec-WebSocket-Key header with 16 bytes of base64.")]
    Key,
    /// The request has a body, and so it is unclear where its frames begin.
    #[error("A request that opens a WebSocket has no body.")]
    Body,
    /// `Sec-WebSocket-Protocol` is not a list of different tokens.
    #[error("The Sec-WebSocket-Protocol header must be a list of different tokens.")]
    Subprotocols,
    /// No subprotocol is offered that is spoken here.
    #[error("The request offers no subprotocol that is spoken here.")]
    NoSubprotocol,
    /// `Sec-WebSocket-Extensions` is malformed.
    #[error("The Sec-WebSocket-Extensions header must be a list of extensions.")]
    Extensions,
    /// The `Origin` may not connect, or is none.
    #[error("Pages of this origin may not connect here.")]
    Origin,
}

impl Fault {
    /// The status to refuse with.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Protocol => StatusCode::NOT_IMPLEMENTED,
            Self::Version => StatusCode::UPGRADE_REQUIRED,
            Self::Origin => StatusCode::FORBIDDEN,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// Where the rule stands.
    pub fn section(self) -> &'static str {
        match self {
            Self::Method(_) | Self::HttpVersion => "RFC 6455 section 4.2.1, point 1",
            Self::Protocol => "RFC 8441 section 4",
            Self::Host => "RFC 6455 section 4.2.1, point 2",
            Self::Upgrade => "RFC 6455 section 4.2.1, point 3",
            Self::Connection => "RFC 6455 section 4.2.1, point 4",
            Self::Key => "RFC 6455 section 4.2.1, point 5",
            Self::MissingVersion => "RFC 6455 section 4.2.1, point 6",
            Self::Version => "RFC 6455 section 4.4",
            Self::Body => "RFC 9110 section 9.3.1",
            Self::Subprotocols => "RFC 6455 section 11.3.4",
            Self::NoSubprotocol => "RFC 6455 section 4.2.2, point 5",
            Self::Extensions => "RFC 6455 section 9.1",
            Self::Origin => "RFC 6455 section 10.2",
        }
    }
}
