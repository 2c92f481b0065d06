//! Refused requests, as clients of Engine.IO know them.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{CONNECTION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

/// Why a request is refused; the number is the `code` of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// `transport` is missing, or not one that is served.
    UnknownTransport = 0,
    /// No session has this id.
    UnknownSession = 1,
    /// A session begins with a GET.
    BadHandshakeMethod = 2,
    /// The request does not fit the session, or itself.
    BadRequest = 3,
    /// The page may not connect.
    Forbidden = 4,
    /// `EIO` is not a version that is served.
    UnsupportedVersion = 5,
}

#[derive(Serialize)]
struct Body {
    code: u8,
    message: &'static str,
}

impl Refusal {
    fn message(self) -> &'static str {
        match self {
            Self::UnknownTransport => "Transport unknown",
            Self::UnknownSession => "Session ID unknown",
            Self::BadHandshakeMethod => "Bad handshake method",
            Self::BadRequest => "Bad request",
            Self::Forbidden => "Forbidden",
            Self::UnsupportedVersion => "Unsupported protocol version",
        }
    }

    /// The answer to an ordinary request.
    pub(super) fn to_request(self) -> Response {
        let status = if self == Self::Forbidden { StatusCode::FORBIDDEN } else { StatusCode::BAD_REQUEST };
        (status, Json(Body { code: self as u8, message: self.message() })).into_response()
    }

    /// The answer to a request for a WebSocket: the message alone, and the end of the connection.
    pub(super) fn to_upgrade(self) -> Response {
        let headers = [
            (CONNECTION, HeaderValue::from_static("close")),
            (CONTENT_TYPE, HeaderValue::from_static("text/html")),
        ];
        (StatusCode::BAD_REQUEST, headers, self.message()).into_response()
    }
}

/// A refusal that says nothing.
pub(super) fn empty(status: StatusCode) -> Response {
    status.into_response()
}
