//! `[auth]`: how clients say who they are, and what becomes of those who do not.

use std::time::Duration;

use super::value::{Choice, Raw, Value, unlike, written};

/// `[auth]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Auth {
    /// Clients without credentials may come in as well. Without a method of authentication everybody may.
    pub anonymous: bool,
    /// Where tokens are looked for.
    pub token_from: Vec<TokenSource>,
    /// Time in which a client has to send its token, where that may come as a message.
    pub deadline: Duration,
    /// How long before its credentials expire a client is warned.
    pub expiry_warning: Duration,
    /// How a WebSocket is refused.
    pub refusal: RefusalMode,
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            anonymous: false,
            token_from: vec![
                TokenSource::Header,
                TokenSource::Query,
                TokenSource::Subprotocol,
                TokenSource::Message,
            ],
            deadline: Duration::from_secs(10),
            expiry_warning: Duration::from_secs(30),
            refusal: RefusalMode::Status,
        }
    }
}

/// Where a token may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenSource {
    /// `Authorization: Bearer TOKEN`.
    Header,
    /// `?token=TOKEN`.
    Query,
    /// `Sec-WebSocket-Protocol: ropeway.token.TOKEN`, for browsers.
    Subprotocol,
    /// The first message: `auth` of the native protocol, `auth.token` of Socket.IO's CONNECT.
    Message,
}

impl Choice for TokenSource {
    const CHOICES: &'static [(&'static str, Self)] = &[
        ("header", Self::Header),
        ("query", Self::Query),
        ("subprotocol", Self::Subprotocol),
        ("message", Self::Message),
    ];
    const ALLOWED: &'static str = "\"header\", \"query\", \"subprotocol\" or \"message\"";
}

impl Value for Vec<TokenSource> {
    const ALLOWED: &'static str =
        "a list of \"header\", \"query\", \"subprotocol\" and \"message\", none twice";

    fn read(raw: Raw<'_>) -> Option<Self> {
        unlike(raw)
    }

    fn write(&self) -> Option<String> {
        written(self)
    }
}

/// How a WebSocket is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalMode {
    /// The handshake fails with 401, 403, 429 or 503 and a JSON body, which browsers hide from their pages.
    Status,
    /// The handshake succeeds; an error message follows and the close code 4001, 4003, 4008, 4009 or 1013, which pages
    /// can see.
    Close,
}

impl Choice for RefusalMode {
    const CHOICES: &'static [(&'static str, Self)] = &[("status", Self::Status), ("close", Self::Close)];
    const ALLOWED: &'static str = "\"status\" or \"close\"";
}
