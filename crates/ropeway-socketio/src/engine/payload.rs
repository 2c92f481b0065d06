//! Several packets in the body of one HTTP request or response (Engine.IO protocol, HTTP long-polling).
//!
//! | version | form |
//! | --- | --- |
//! | 4 | packets with the character 0x1e between them |
//! | 3, text | `<length>:<packet>` for each, the length in UTF-16 code units |
//! | 3, binary | `<0 text, 1 binary><digits of the length, a byte each><0xff><packet>` for each, the length in bytes |

use super::Version;
use super::error::PacketError;
use super::packet::{Packet, encode_base64};

/// Between two packets of version 4.
const SEPARATOR: char = '\x1e';

/// The packets of a payload that came as text. After an error nothing follows: the packets before it are good.
pub fn decode(body: &str, version: Version) -> Packets<'_> {
    Packets { rest: Some(body), version }
}

/// The packets of a text; see [`decode`].
#[derive(Clone, Debug)]
pub struct Packets<'a> {
    rest: Option<&'a str>,
    version: Version,
}

impl<'a> Iterator for Packets<'a> {
    type Item = Result<Packet<'a>, PacketError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.take()?;
        let (packet, rest) = match rest.split_once(SEPARATOR) {
            Some((packet, rest)) => (packet, Some(rest)),
            None => (rest, None),
        };
        let packet = Packet::decode(packet, self.version);
        self.rest = rest.filter(|_| packet.is_ok());
        Some(packet)
    }
}

/// A payload of text under construction.
#[derive(Clone, Debug)]
pub struct Writer {
    text: String,
    version: Version,
}

impl Writer {
    /// An empty payload.
    pub fn new(version: Version) -> Self {
        Self { text: String::new(), version }
    }

    /// Appends a packet.
    pub fn push(&mut self, packet: &Packet<'_>) {
        let mut text = String::new();
        packet.encode(self.version, &mut text);
        self.push_encoded(&text);
    }

    /// Appends a packet that is text already, its type included.
    pub fn push_encoded(&mut self, packet: &str) {
        if !self.text.is_empty() {
            self.text.push(SEPARATOR);
        }
        self.text.push_str(packet);
    }

    /// Appends a binary message, without the type that version 3 puts before it.
    pub fn push_binary(&mut self, message: &[u8]) {
        let mut text = String::new();
        encode_base64(message, self.version, &mut text);
        self.push_encoded(&text);
    }

    /// Bytes so far.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether there is no packet yet.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The payload.
    pub fn finish(self) -> String {
        self.text
    }
}

/// The packets of a payload that came as bytes, which only version 3 has. After an error nothing follows.
pub fn decode_binary(body: &[u8]) -> BinaryPackets<'_> {
    BinaryPackets { rest: Some(body) }
}

/// The packets of bytes; see [`decode_binary`].
#[derive(Clone, Debug)]
pub struct BinaryPackets<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Iterator for BinaryPackets<'a> {
    type Item = Result<Packet<'a>, PacketError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.rest.take().map(|_| Err(PacketError::Length))
    }
}
