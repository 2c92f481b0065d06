//! Why a client is not let in, and how each carrier says so.

use std::borrow::Cow;

use http::StatusCode;
use ropeway_hub::Close;

use crate::limits::Full;

/// A client that is not let in. HTTP answers the status with `{"code","message"}`, WebSockets close with the code.
///
/// The message goes to the client: it names no secret, and nothing about the server that helps to guess one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    reason: Reason,
    message: Cow<'static, str>,
}

/// The kinds of refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// There are no credentials: where they may come as a message, this is no refusal yet.
    Missing,
    Unauthorized,
    TokenExpired,
    Forbidden,
    RateLimited,
    TooManyConnections,
    Unavailable,
}

impl Refusal {
    /// Nothing says who it is (401, `unauthorized`, close 4001). A client that may still send a token as its first
    /// message is not refused yet, but given the time of `auth.deadline` for it.
    pub fn missing() -> Self {
        Self::new(Reason::Missing, "credentials are needed")
    }

    /// The credentials are not good (401, `unauthorized`, close 4001).
    pub fn unauthorized(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Reason::Unauthorized, message)
    }

    /// They were good, but are not any more (401, `token_expired`, close 4001).
    pub fn expired() -> Self {
        Self::new(Reason::TokenExpired, "token expired")
    }

    /// It is known who it is, and that one may not (403, `forbidden`, close 4003).
    pub fn forbidden(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Reason::Forbidden, message)
    }

    /// It comes too often (429, `rate_limited`, close 4008).
    pub fn rate_limited(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Reason::RateLimited, message)
    }

    /// It has as many connections as it may have, or all have (429, `too_many_connections`, close 4009).
    pub fn too_many_connections(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Reason::TooManyConnections, message)
    }

    /// What would have to be asked does not answer (503, `unavailable`, close 1013): nobody is let in unseen.
    pub fn unavailable(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Reason::Unavailable, message)
    }

    fn new(reason: Reason, message: impl Into<Cow<'static, str>>) -> Self {
        Self { reason, message: message.into() }
    }

    /// The word for programs.
    pub fn code(&self) -> &'static str {
        match self.reason {
            Reason::Missing | Reason::Unauthorized => "unauthorized",
            Reason::TokenExpired => "token_expired",
            Reason::Forbidden => "forbidden",
            Reason::RateLimited => "rate_limited",
            Reason::TooManyConnections => "too_many_connections",
            Reason::Unavailable => "unavailable",
        }
    }

    /// The words for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The status with which HTTP answers.
    pub fn status(&self) -> StatusCode {
        match self.reason {
            Reason::Missing | Reason::Unauthorized | Reason::TokenExpired => StatusCode::UNAUTHORIZED,
            Reason::Forbidden => StatusCode::FORBIDDEN,
            Reason::RateLimited | Reason::TooManyConnections => StatusCode::TOO_MANY_REQUESTS,
            Reason::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Whether the same credentials may do later.
    pub fn retry(&self) -> bool {
        matches!(self.reason, Reason::RateLimited | Reason::TooManyConnections | Reason::Unavailable)
    }

    /// How a WebSocket is closed. The reasons are fixed words, short enough for a close frame.
    pub(crate) fn close(&self) -> Close {
        let (code, reason) = match self.reason {
            Reason::Missing | Reason::Unauthorized => (4001, "unauthorized"),
            Reason::TokenExpired => (4001, "token expired"),
            Reason::Forbidden => (4003, "forbidden"),
            Reason::RateLimited => (4008, "rate limit exceeded"),
            Reason::TooManyConnections => (4009, "too many connections"),
            Reason::Unavailable => (1013, "try again later"),
        };
        Close { code, reason: Cow::Borrowed(reason) }
    }

    pub(crate) fn is_missing(&self) -> bool {
        self.reason == Reason::Missing
    }
}

impl From<Full> for Refusal {
    fn from(full: Full) -> Self {
        match full {
            Full::Ending | Full::Total | Full::Memory => Self::unavailable(full.message()),
            Full::Arrivals => Self::rate_limited(full.message()),
            Full::Address | Full::Subnet | Full::User => Self::too_many_connections(full.message()),
        }
    }
}
