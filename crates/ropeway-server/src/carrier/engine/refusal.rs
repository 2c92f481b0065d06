//! Refused requests, as clients of Engine.IO know them.

use std::borrow::Cow;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{CONNECTION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use serde::{Serialize, Serializer};

use crate::auth;

/// Why a request is refused; the number is the `code` of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    /// `transport` is missing, or not one that is served.
    UnknownTransport = 0,
    /// No session has this id.
    UnknownSession = 1,
    /// A session begins with a GET.
    BadHandshakeMethod = 2,
    /// The request does not fit the session, or itself.
    BadRequest = 3,
    /// The page may not connect, or the application does not want it.
    Forbidden = 4,
    /// `EIO` is not a version that is served.
    UnsupportedVersion = 5,
}

/// A refused request.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Refusal {
    #[serde(serialize_with = "number")]
    pub(super) code: Code,
    pub(super) message: Cow<'static, str>,
    /// What authentication says of it, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip)]
    status: StatusCode,
}

fn number<S: Serializer>(code: &Code, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u8(*code as u8)
}

impl From<Code> for Refusal {
    /// In the words of the reference.
    fn from(code: Code) -> Self {
        let message = match code {
            Code::UnknownTransport => "Transport unknown",
            Code::UnknownSession => "Session ID unknown",
            Code::BadHandshakeMethod => "Bad handshake method",
            Code::BadRequest => "Bad request",
            Code::Forbidden => "Forbidden",
            Code::UnsupportedVersion => "Unsupported protocol version",
        };
        let is_forbidden = code == Code::Forbidden;
        let status = if is_forbidden { StatusCode::FORBIDDEN } else { StatusCode::BAD_REQUEST };
        Self { code, message: message.into(), reason: None, status }
    }
}

/// Of authentication: forbidden to Engine.IO, with a status that says more.
impl From<auth::Refusal> for Refusal {
    fn from(refusal: auth::Refusal) -> Self {
        let message = refusal.message().to_owned().into();
        Self { message, reason: Some(refusal.code()), status: refusal.status(), ..Code::Forbidden.into() }
    }
}

impl Refusal {
    /// Of an application that does not want the client.
    pub(super) fn forbidden(message: String) -> Self {
        Self { message: message.into(), ..Code::Forbidden.into() }
    }

    /// The answer to an ordinary request.
    pub(super) fn to_request(&self) -> Response {
        (self.status, Json(self)).into_response()
    }

    /// The answer to a request for a WebSocket: the message alone, and the end of the connection. The reference answers
    /// 400 whatever the reason; here who is forbidden gets 403 on every carrier. Who is refused for its credentials is
    /// told as others are.
    pub(super) fn to_upgrade(&self) -> Response {
        if self.reason.is_some() {
            return ([(CONNECTION, HeaderValue::from_static("close"))], self.to_request()).into_response();
        }
        let headers = [
            (CONNECTION, HeaderValue::from_static("close")),
            (CONTENT_TYPE, HeaderValue::from_static("text/html")),
        ];
        (self.status, headers, self.message.clone().into_owned()).into_response()
    }
}

/// A refusal that says nothing.
pub(super) fn empty(status: StatusCode) -> Response {
    status.into_response()
}
