//! The rules of Engine.IO that a peer can break.

use thiserror::Error;

/// A rule that the peer broke. The session ends, as the reference does it.
///
/// The sections are those of the Engine.IO protocol document, version 4 unless it says version 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PacketError {
    /// A packet without a type.
    #[error("a packet is empty (Engine.IO protocol, Packet encoding)")]
    Empty,
    /// A type that does not exist.
    #[error("a packet has an unknown type (Engine.IO protocol, Packet encoding)")]
    UnknownType,
    /// Binary data that is no message.
    #[error("a binary packet is not a message (Engine.IO protocol v3, Encoding)")]
    BinaryType,
    /// Text that is not base64.
    #[error("binary data in a text is not base64 (Engine.IO protocol, Packet encoding)")]
    Base64,
    /// A length that is missing, no number, or not that of a packet.
    #[error("the length of a packet in a payload is wrong (Engine.IO protocol v3, Payload)")]
    Length,
    /// Text that is not UTF-8.
    #[error("a text packet is not UTF-8 (Engine.IO protocol, Payload)")]
    Utf8,
    /// A version 4 payload that is binary.
    #[error("a payload of version 4 is binary (Engine.IO protocol, HTTP long-polling)")]
    BinaryPayload,
    /// An open packet whose data is not a handshake.
    #[error("the open packet is not a handshake (Engine.IO protocol, Handshake)")]
    Handshake,
}
