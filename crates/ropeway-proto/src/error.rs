//! The rules that a peer can break.

use thiserror::Error;

use crate::utf8::InvalidUtf8;

/// A rule that the peer broke. The connection is over: the peer gets a close frame with [`Violation::close_code`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Violation {
    /// A client sent a frame that is not masked.
    #[error("a frame from a client is not masked (RFC 6455 section 5.1)")]
    Unmasked,
    /// A server sent a masked frame.
    #[error("a frame from a server is masked (RFC 6455 section 5.1)")]
    Masked,
    /// A length that a shorter form could have held.
    #[error("a length is not in its shortest form (RFC 6455 section 5.2)")]
    NonMinimalLength,
    /// A 64-bit length with the most significant bit set.
    #[error("a length has its top bit set (RFC 6455 section 5.2)")]
    LengthTopBit,
    /// An opcode that has no meaning.
    #[error("opcode {0:#x} is reserved (RFC 6455 section 5.2)")]
    ReservedOpcode(u8),
    /// A reserved bit whose extension was not negotiated, or that has no place on this kind of frame.
    #[error("a reserved bit is set without its extension (RFC 6455 section 5.2)")]
    ReservedBit,
    /// A control frame of more than 125 bytes.
    #[error("a control frame is longer than 125 bytes (RFC 6455 section 5.5)")]
    ControlTooLong,
    /// A control frame in fragments.
    #[error("a control frame is fragmented (RFC 6455 section 5.5)")]
    FragmentedControl,
    /// A continuation without a message under way.
    #[error("a continuation frame without a message to continue (RFC 6455 section 5.4)")]
    UnexpectedContinuation,
    /// A new message before the last fragment of the one under way.
    #[error("a new message inside a fragmented one (RFC 6455 section 5.4)")]
    InterleavedMessage,
    /// A text message that is not UTF-8.
    #[error("text is not UTF-8 (RFC 6455 section 8.1)")]
    InvalidUtf8,
    /// A close frame whose reason is not UTF-8.
    #[error("the reason of a close frame is not UTF-8 (RFC 6455 section 5.5.1)")]
    CloseReason,
    /// A close frame with a body of one byte.
    #[error("a close frame has a body of one byte (RFC 6455 section 5.5.1)")]
    CloseBody,
    /// A close code that may not be sent.
    #[error("close code {0} may not be sent (RFC 6455 section 7.4)")]
    CloseCode(u16),
    /// A message over the limit, as sent or after inflation.
    #[error("a message is larger than {limit} bytes (RFC 6455 section 7.4.1)")]
    MessageTooBig {
        /// `Config::max_message`.
        limit: usize,
    },
    /// A frame over the limit.
    #[error("a frame is larger than {limit} bytes (RFC 6455 section 7.4.1)")]
    FrameTooBig {
        /// `Config::max_frame`.
        limit: usize,
    },
    /// A message in too many fragments.
    #[error("a message has more than {limit} fragments (RFC 6455 section 10.4)")]
    TooManyFragments {
        /// `Config::max_fragments`.
        limit: u32,
    },
    /// Compressed data that cannot be inflated.
    #[error("a compressed message cannot be inflated (RFC 7692 section 7.2.2)")]
    Inflate,
}

impl From<InvalidUtf8> for Violation {
    fn from(InvalidUtf8: InvalidUtf8) -> Self {
        Self::InvalidUtf8
    }
}

/// The connection is closing or closed: nothing more can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the connection is closing or closed")]
pub struct Closed;
