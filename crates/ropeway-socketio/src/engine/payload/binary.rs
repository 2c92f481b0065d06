//! Payloads of bytes, which only version 3 has: `application/octet-stream`.

use super::super::error::PacketError;
use super::super::{Message, Packet, Version};

/// Between the digits of a length and the packet.
const END_OF_LENGTH: u8 = 0xff;

/// The packets of a payload that came as bytes. After an error nothing follows: the packets before it are good.
pub fn decode_binary(body: &[u8]) -> BinaryPackets<'_> {
    BinaryPackets { rest: body }
}

/// The packets of bytes; see [`decode_binary`].
#[derive(Clone, Debug)]
pub struct BinaryPackets<'a> {
    rest: &'a [u8],
}

impl<'a> BinaryPackets<'a> {
    /// What has not been decoded yet, to go on with later; nothing at the end and after an error.
    pub fn remainder(&self) -> Option<&'a [u8]> {
        Some(self.rest).filter(|rest| !rest.is_empty())
    }
}

impl<'a> Iterator for BinaryPackets<'a> {
    type Item = Result<Packet<'a>, PacketError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let packet = self.packet();
        if packet.is_err() {
            self.rest = &[];
        }
        Some(packet)
    }
}

impl<'a> BinaryPackets<'a> {
    fn packet(&mut self) -> Result<Packet<'a>, PacketError> {
        let [kind, rest @ ..] = self.rest else { return Err(PacketError::Length) };
        let digits = rest.iter().position(|byte| *byte == END_OF_LENGTH).ok_or(PacketError::Length)?;
        let len = length(&rest[..digits])?;
        let (packet, rest) = rest[digits + 1..].split_at_checked(len).ok_or(PacketError::Length)?;
        self.rest = rest;
        match kind {
            0 => Packet::decode(std::str::from_utf8(packet).map_err(|_| PacketError::Utf8)?, Version::V3),
            1 => Packet::decode_binary(packet, Version::V3),
            _ => Err(PacketError::Length),
        }
    }
}

/// Digits as bytes from 0 to 9.
fn length(digits: &[u8]) -> Result<usize, PacketError> {
    if digits.is_empty() {
        return Err(PacketError::Length);
    }
    let append = |len: usize, digit: &u8| match digit {
        0..=9 => len.checked_mul(10)?.checked_add(usize::from(*digit)),
        _ => None,
    };
    digits.iter().try_fold(0, append).ok_or(PacketError::Length)
}

/// A payload of bytes, for a peer of version 3 that takes them.
pub fn encode_binary<'p, 'd: 'p>(packets: impl IntoIterator<Item = &'p Packet<'d>>) -> Vec<u8> {
    let mut body = Vec::new();
    let mut text = String::new();
    for packet in packets {
        if let Packet::Message(Message::Binary(message)) = packet {
            begin(&mut body, 1, message.len() + 1);
            body.extend_from_slice(Packet::binary_prefix(Version::V3));
            body.extend_from_slice(message);
        } else {
            text.clear();
            packet.encode(Version::V3, &mut text);
            begin(&mut body, 0, text.len());
            body.extend_from_slice(text.as_bytes());
        }
    }
    body
}

fn begin(body: &mut Vec<u8>, kind: u8, len: usize) {
    body.push(kind);
    body.extend(len.to_string().bytes().map(|digit| digit - b'0'));
    body.push(END_OF_LENGTH);
}
