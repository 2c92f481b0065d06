//! One packet of Engine.IO, as text and as binary data.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::Version;
use super::error::PacketError;

/// Some clients leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A packet of Engine.IO (protocol document, Packet encoding), in either direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// The server's first packet, with a [`Handshake`](super::Handshake).
    Open(Cow<'a, str>),
    /// The session ends.
    Close,
    /// Asks for a pong, with nothing or `probe`.
    Ping(Cow<'a, str>),
    /// The answer, with the data of the ping.
    Pong(Cow<'a, str>),
    /// What the layer above says.
    Message(Message<'a>),
    /// The client goes on on this transport.
    Upgrade,
    /// Ends a pending poll.
    Noop,
}

/// What the layer above says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// Text.
    Text(Cow<'a, str>),
    /// Bytes.
    Binary(Cow<'a, [u8]>),
}

impl<'a> Packet<'a> {
    /// Reads a packet that came as text. Binary data as base64, begun by `b`, is taken on every transport, as the
    /// reference does it. Data of a packet that has none is not looked at.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn decode(text: &'a str, version: Version) -> Result<Self, PacketError> {
        let kind = *text.as_bytes().first().ok_or(PacketError::Empty)?;
        let Some(data) = text.get(1..) else { return Err(PacketError::UnknownType) };
        Ok(match kind {
            b'0' => Packet::Open(data.into()),
            b'1' => Packet::Close,
            b'2' => Packet::Ping(data.into()),
            b'3' => Packet::Pong(data.into()),
            b'4' => Packet::Message(Message::Text(data.into())),
            b'5' => Packet::Upgrade,
            b'6' => Packet::Noop,
            b'b' => Packet::Message(Message::Binary(base64(data, version)?.into())),
            _ => return Err(PacketError::UnknownType),
        })
    }

    /// Reads a packet that came as binary data. With version 4 all of it is the message, with version 3 it begins
    /// with the type.
    ///
    /// # Errors
    /// [`PacketError::Empty`] and [`PacketError::BinaryType`], both in version 3 only.
    pub fn decode_binary(data: &'a [u8], version: Version) -> Result<Self, PacketError> {
        let message = match (version, data) {
            (Version::V4, data) | (Version::V3, [4, data @ ..]) => data,
            (Version::V3, []) => return Err(PacketError::Empty),
            (Version::V3, _) => return Err(PacketError::BinaryType),
        };
        Ok(Packet::Message(Message::Binary(message.into())))
    }

    /// Appends the packet as text; a binary message as base64.
    pub fn encode(&self, version: Version, out: &mut String) {
        let (kind, data) = match self {
            Packet::Open(data) => ('0', data.as_ref()),
            Packet::Close => ('1', ""),
            Packet::Ping(data) => ('2', data.as_ref()),
            Packet::Pong(data) => ('3', data.as_ref()),
            Packet::Message(Message::Text(data)) => ('4', data.as_ref()),
            Packet::Message(Message::Binary(data)) => return encode_base64(data, version, out),
            Packet::Upgrade => ('5', ""),
            Packet::Noop => ('6', ""),
        };
        out.push(kind);
        out.push_str(data);
    }

    /// What goes before a message that is sent as binary data: with version 3 the type, with version 4 nothing.
    pub fn binary_prefix(version: Version) -> &'static [u8] {
        match version {
            Version::V3 => &[4],
            Version::V4 => &[],
        }
    }
}

fn base64(data: &str, version: Version) -> Result<Vec<u8>, PacketError> {
    let data = match version {
        Version::V4 => data,
        Version::V3 => data.strip_prefix('4').ok_or(PacketError::BinaryType)?,
    };
    BASE64.decode(data).map_err(|_| PacketError::Base64)
}

/// `b<base64>`, with version 3 `b4<base64>`.
pub(super) fn encode_base64(message: &[u8], version: Version, out: &mut String) {
    out.push_str(match version {
        Version::V4 => "b",
        Version::V3 => "b4",
    });
    BASE64.encode_string(message, out);
}
