//! The rules of Socket.IO that a peer can break.

use thiserror::Error;

/// A rule that the peer broke. The whole connection ends, as the reference does it; nothing is answered.
///
/// The sections are those of the Socket.IO protocol document, version 5.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// A packet whose first character is no type, or an empty one.
    #[error("a packet has an unknown type (Socket.IO protocol, Packet types)")]
    UnknownType,
    /// A count of attachments that is missing, zero or no number.
    #[error("the count of attachments is not a number above 0 (Socket.IO protocol, Packet encoding)")]
    AttachmentCount,
    /// More attachments than the limit.
    #[error("a packet has more than {limit} attachments (Socket.IO reference parser, maxAttachments)")]
    TooManyAttachments {
        /// [`Limits::attachments`](crate::Limits::attachments).
        limit: usize,
    },
    /// A namespace that does not begin with a slash.
    #[error("a namespace does not begin with `/` (Socket.IO protocol, Packet encoding)")]
    Namespace,
    /// An acknowledgement id that is missing, or above 2^53 - 1, the last whole number of the clients.
    #[error(
        "an acknowledgement id is missing or not a whole number below 2^53 (Socket.IO protocol, Acknowledgement)"
    )]
    AckId,
    /// CONNECT with something else than an object.
    #[error("the payload of CONNECT is not an object (Socket.IO protocol, Connection to a namespace)")]
    Connect,
    /// DISCONNECT with a payload.
    #[error("DISCONNECT has a payload (Socket.IO protocol, Disconnection from a namespace)")]
    Disconnect,
    /// EVENT without an array that begins with a string or a number.
    #[error(
        "the payload of an event is not an array that begins with its name (Socket.IO protocol, Sending data)"
    )]
    Event,
    /// EVENT with a name that means something else.
    #[error("the name of an event is reserved (Socket.IO protocol, Sending data)")]
    ReservedName,
    /// ACK without an array.
    #[error("the payload of an acknowledgement is not an array (Socket.IO protocol, Acknowledgement)")]
    Ack,
    /// CONNECT_ERROR with something else than an object or a string.
    #[error("the payload of CONNECT_ERROR is not an object (Socket.IO protocol, Connection to a namespace)")]
    ConnectError,
    /// Text that is not JSON.
    #[error("a payload is not JSON (RFC 8259)")]
    Json,
    /// Arrays and objects within each other beyond the limit.
    #[error("a payload is nested deeper than {limit}")]
    TooDeep {
        /// [`Limits::depth`](crate::Limits::depth).
        limit: usize,
    },
    /// A placeholder whose number is no attachment of its packet, or one that another placeholder has already.
    #[error("a placeholder does not stand for one attachment of its packet (Socket.IO protocol, Binary)")]
    Placeholder,
    /// Text while attachments are missing.
    #[error("text before the last attachment of a packet (Socket.IO protocol, Binary)")]
    Interleaved,
    /// Binary without a packet that has attachments.
    #[error("binary data without a packet that it belongs to (Socket.IO protocol, Binary)")]
    UnexpectedBinary,
    /// Binary where it has no place: outside of the arguments of an event or an acknowledgement.
    #[error("binary data outside of an event and an acknowledgement (Socket.IO protocol, Binary)")]
    MisplacedBinary,
    /// Bytes that are not one MessagePack value, or not one that JSON can express.
    #[error("a packet is not a MessagePack map of JSON's values (MessagePack specification, Formats)")]
    Msgpack,
}
