//! Close codes, close frames and how a connection ended (RFC 6455 section 7).

use std::fmt;

use crate::error::Violation;
use crate::frame::MAX_CONTROL_LEN;

/// A status code that may stand in a close frame (RFC 6455 section 7.4): 1000-1003, 1007-1014 and 3000-4999.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CloseCode(u16);

impl CloseCode {
    /// The purpose of the connection is fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// The endpoint goes away: a server shuts down, a person leaves a page.
    pub const GOING_AWAY: Self = Self(1001);
    /// The peer broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// A kind of data that this endpoint does not take, as binary where only text is understood.
    pub const UNSUPPORTED: Self = Self(1003);
    /// Data that is not what it claims to be, as text that is not UTF-8.
    pub const INVALID_DATA: Self = Self(1007);
    /// A breach of the endpoint's rules for which no other code fits.
    pub const POLICY: Self = Self(1008);
    /// A message over the limit.
    pub const TOO_BIG: Self = Self(1009);
    /// The client misses an extension that the server did not agree to.
    pub const EXTENSION_REQUIRED: Self = Self(1010);
    /// The server met a fault of its own.
    pub const INTERNAL: Self = Self(1011);
    /// The service restarts; come back, at a random moment.
    pub const RESTART: Self = Self(1012);
    /// The server is overloaded; come back later.
    pub const TRY_AGAIN: Self = Self(1013);

    /// What [`Outcome::code`] says when the peer's close frame had no code. Never sent.
    pub const NO_STATUS: u16 = 1005;
    /// What [`Outcome::code`] says when the connection ended without a close frame of the peer. Never sent.
    pub const ABNORMAL: u16 = 1006;

    /// The code, when it may be sent.
    pub fn new(code: u16) -> Option<Self> {
        matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999).then_some(Self(code))
    }

    /// The number.
    pub fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Debug for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Violation {
    /// The code of the close frame that tells the peer.
    pub fn close_code(&self) -> CloseCode {
        match self {
            Self::InvalidUtf8 | Self::CloseReason | Self::Inflate => CloseCode::INVALID_DATA,
            Self::MessageTooBig { .. } | Self::FrameTooBig { .. } => CloseCode::TOO_BIG,
            Self::TooManyFragments { .. } => CloseCode::POLICY,
            _ => CloseCode::PROTOCOL_ERROR,
        }
    }
}

/// The body of a close frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseFrame {
    code: CloseCode,
    reason: String,
}

impl CloseFrame {
    /// The longest reason, in bytes: a control frame without the two bytes of the code.
    pub const MAX_REASON_LEN: usize = MAX_CONTROL_LEN - 2;

    /// A close frame. A reason over [`Self::MAX_REASON_LEN`] bytes is cut at the last character that fits.
    pub fn new(code: CloseCode, reason: impl Into<String>) -> Self {
        let mut reason = reason.into();
        reason.truncate(reason.floor_char_boundary(Self::MAX_REASON_LEN));
        Self { code, reason }
    }

    /// The status code.
    pub fn code(&self) -> CloseCode {
        self.code
    }

    /// The reason, meant for a log rather than for people.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Reads the body of a close frame; an empty one has no code (RFC 6455 section 7.1.5).
    pub(crate) fn decode(body: &[u8]) -> Result<Option<Self>, Violation> {
        let (code, reason) = match body {
            [] => return Ok(None),
            [_] => return Err(Violation::CloseBody),
            [a, b, reason @ ..] => (u16::from_be_bytes([*a, *b]), reason),
        };
        let code = CloseCode::new(code).ok_or(Violation::CloseCode(code))?;
        let reason = std::str::from_utf8(reason).map_err(|_| Violation::CloseReason)?;
        Ok(Some(Self { code, reason: reason.to_owned() }))
    }

    /// Refuses the start of a body that nothing to come could make valid.
    pub(crate) fn check_start(body: &[u8]) -> Result<(), Violation> {
        let [a, b, reason @ ..] = body else { return Ok(()) };
        let code = u16::from_be_bytes([*a, *b]);
        CloseCode::new(code).ok_or(Violation::CloseCode(code))?;
        match std::str::from_utf8(reason) {
            Err(error) if error.error_len().is_some() => Err(Violation::CloseReason),
            _ => Ok(()),
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut body = self.code.get().to_be_bytes().to_vec();
        body.extend_from_slice(self.reason.as_bytes());
        body
    }
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The code of the side that closed first; [`CloseCode::NO_STATUS`] when it gave none, [`CloseCode::ABNORMAL`] when
    /// the connection ended without a close frame from either side.
    pub code: u16,
    /// The reason that came with the code.
    pub reason: String,
    /// Who ended it.
    pub by: Side,
    /// Whether close frames went both ways (RFC 6455 section 7.1.4).
    pub clean: bool,
    /// What ended it.
    pub cause: Cause,
}

impl Outcome {
    /// An end without a close frame from either side.
    pub fn abnormal() -> Self {
        Self {
            code: CloseCode::ABNORMAL,
            reason: String::new(),
            by: Side::Peer,
            clean: false,
            cause: Cause::EndOfStream,
        }
    }
}

/// One of the two sides of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// This endpoint.
    Us,
    /// The other one, or the network in between.
    Peer,
}

/// What ended a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// One side asked for it.
    Close,
    /// The peer broke a rule.
    Violation(Violation),
    /// A deadline passed.
    Deadline(Deadline),
    /// The stream ended, or failed, without a close frame of the peer.
    EndOfStream,
}

/// A deadline that ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// No byte came for `Heartbeat::timeout` after a ping.
    Heartbeat,
    /// No message went either way for `Config::idle_timeout`.
    Idle,
    /// The peer did not answer a close frame, or did not end the stream after the closing handshake.
    Close,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc6455_7_4_codes_that_may_stand_on_the_wire() {
        for code in 0..=u16::MAX {
            let valid = match code {
                0..=999 | 1004..=1006 | 1015..=2999 | 5000.. => false,
                1000..=1014 | 3000..=4999 => true,
            };
            let body = code.to_be_bytes();
            assert_eq!(CloseFrame::decode(&body).is_ok(), valid, "{code}");
        }
    }

    #[test]
    fn rfc6455_5_5_1_bodies() {
        assert_eq!(CloseFrame::decode(b""), Ok(None));
        assert_eq!(CloseFrame::decode(b"\x03"), Err(Violation::CloseBody));
        assert_eq!(CloseFrame::decode(b"\x03\xe8\xff"), Err(Violation::CloseReason));
        let bye = CloseFrame::new(CloseCode::NORMAL, "bye");
        assert_eq!(bye.encode(), b"\x03\xe8bye");
        assert_eq!(CloseFrame::decode(b"\x03\xe8bye"), Ok(Some(bye)));
    }

    #[test]
    fn a_reason_is_cut_between_characters() {
        let frame = CloseFrame::new(CloseCode::NORMAL, "é".repeat(100));
        assert_eq!(frame.reason(), "é".repeat(61));
        assert!(frame.encode().len() <= MAX_CONTROL_LEN);
    }
}
