//! Frame headers (RFC 6455 section 5.2), strict in what they accept.

use crate::error::Violation;
use crate::mask::Key;

/// What a frame carries (RFC 6455 section 11.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum OpCode {
    /// The next fragment of the message under way.
    Continuation = 0x0,
    /// A text message, or its first fragment.
    Text = 0x1,
    /// A binary message, or its first fragment.
    Binary = 0x2,
    /// The closing handshake.
    Close = 0x8,
    /// A request for a [`OpCode::Pong`].
    Ping = 0x9,
    /// The answer to a ping.
    Pong = 0xa,
}

impl OpCode {
    /// Whether this is a control frame: at most 125 bytes, never fragmented (RFC 6455 section 5.5).
    #[inline]
    pub fn is_control(self) -> bool {
        self as u8 & 0x8 != 0
    }

    #[inline]
    fn from_bits(bits: u8) -> Result<Self, Violation> {
        Ok(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xa => Self::Pong,
            reserved => return Err(Violation::ReservedOpcode(reserved)),
        })
    }
}

/// The longest header: two bytes, a 64-bit length and a masking key.
pub const MAX_HEADER_LEN: usize = 14;

/// The longest payload of a control frame (RFC 6455 section 5.5).
pub const MAX_CONTROL_LEN: usize = 125;

/// The header of one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Whether this is the last fragment of its message.
    pub fin: bool,
    /// RSV1: the message is compressed (RFC 7692 section 6). Only ever set on the first fragment of a message.
    pub compressed: bool,
    /// What the frame carries.
    pub opcode: OpCode,
    /// The masking key; clients must mask, servers must not (RFC 6455 section 5.1).
    pub mask: Option<Key>,
    /// Length of the payload in bytes, at most 2^63 - 1.
    pub payload_len: u64,
}

const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;
const RSV2_RSV3: u8 = 0x30;
const MASKED: u8 = 0x80;

impl Header {
    /// Reads a header from the start of `input`; gives it with the number of bytes it took, or `None` when more bytes
    /// are needed.
    ///
    /// # Errors
    /// A [`Violation`] of RFC 6455 section 5.2 or 5.5, seen as soon as the two bytes that show it are there. Whether a
    /// mask or RSV1 is in its place depends on the connection and is checked there.
    #[inline]
    pub fn decode(input: &[u8]) -> Result<Option<(Self, usize)>, Violation> {
        let [first, second, rest @ ..] = input else { return Ok(None) };
        let opcode = OpCode::from_bits(first & 0x0f)?;
        let fin = first & FIN != 0;
        let compressed = first & RSV1 != 0;
        let short_len = second & !MASKED;
        if first & (RSV1 | RSV2_RSV3) != 0 {
            check_reserved(*first, opcode)?;
        }
        if opcode.is_control() {
            check_control(fin, short_len)?;
        }
        let Some((payload_len, rest)) = decode_len(short_len, rest)? else { return Ok(None) };
        let (mask, rest) = if second & MASKED == 0 {
            (None, rest)
        } else {
            let Some((key, rest)) = rest.split_first_chunk() else { return Ok(None) };
            (Some(Key::new(*key)), rest)
        };
        let header = Self { fin, compressed, opcode, mask, payload_len };
        Ok(Some((header, input.len() - rest.len())))
    }

    /// Appends the header in its shortest form, the only one that is valid.
    #[inline(always)]
    pub fn encode(&self, out: &mut Vec<u8>) {
        let first = self.opcode as u8 | (u8::from(self.fin) * FIN) | (u8::from(self.compressed) * RSV1);
        let masked = u8::from(self.mask.is_some()) * MASKED;
        match self.payload_len {
            len @ 0..=125 => out.extend_from_slice(&[first, masked | len as u8]),
            len @ 126..=0xffff => {
                let [a, b] = (len as u16).to_be_bytes();
                out.extend_from_slice(&[first, masked | 126, a, b]);
            }
            len => {
                out.extend_from_slice(&[first, masked | 127]);
                out.extend_from_slice(&len.to_be_bytes());
            }
        }
        if let Some(key) = self.mask {
            out.extend_from_slice(&key.to_bytes());
        }
    }
}

#[cold]
fn check_reserved(first: u8, opcode: OpCode) -> Result<(), Violation> {
    let starts_message = matches!(opcode, OpCode::Text | OpCode::Binary);
    if first & RSV2_RSV3 != 0 || !starts_message { Err(Violation::ReservedBit) } else { Ok(()) }
}

fn check_control(fin: bool, short_len: u8) -> Result<(), Violation> {
    if !fin {
        return Err(Violation::FragmentedControl);
    }
    if usize::from(short_len) > MAX_CONTROL_LEN {
        return Err(Violation::ControlTooLong);
    }
    Ok(())
}

#[inline]
fn decode_len(short_len: u8, rest: &[u8]) -> Result<Option<(u64, &[u8])>, Violation> {
    let (len, least, rest) = match short_len {
        126 => {
            let Some((bytes, rest)) = rest.split_first_chunk() else { return Ok(None) };
            (u64::from(u16::from_be_bytes(*bytes)), 126, rest)
        }
        127 => {
            let Some((bytes, rest)) = rest.split_first_chunk() else { return Ok(None) };
            (u64::from_be_bytes(*bytes), 0x1_0000, rest)
        }
        len => (u64::from(len), 0, rest),
    };
    if len < least {
        return Err(Violation::NonMinimalLength);
    }
    if len > i64::MAX as u64 {
        return Err(Violation::LengthTopBit);
    }
    Ok(Some((len, rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(input: &[u8]) -> Result<Option<(Header, usize)>, Violation> {
        Header::decode(input)
    }

    fn text(payload_len: u64) -> Header {
        Header { fin: true, compressed: false, opcode: OpCode::Text, mask: None, payload_len }
    }

    #[test]
    fn rfc6455_5_7_examples() {
        assert_eq!(decoded(&[0x81, 0x05, b'H']), Ok(Some((text(5), 2))));
        let key = Key::new([0x37, 0xfa, 0x21, 0x3d]);
        let masked = Header { mask: Some(key), ..text(5) };
        assert_eq!(decoded(&[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f]), Ok(Some((masked, 6))));
        let binary = Header { opcode: OpCode::Binary, ..text(256) };
        assert_eq!(decoded(&[0x82, 0x7e, 0x01, 0x00]), Ok(Some((binary, 4))));
        let large = Header { payload_len: 65536, ..binary };
        assert_eq!(decoded(&[0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0]), Ok(Some((large, 10))));
    }

    #[test]
    fn what_is_encoded_is_decoded_and_never_before_its_last_byte() {
        let lens = [0, 1, 125, 126, 127, 65535, 65536, i64::MAX as u64];
        let masks = [None, Some(Key::new([1, 2, 3, 4]))];
        for (payload_len, mask) in lens.into_iter().flat_map(|len| masks.map(|mask| (len, mask))) {
            for fin in [true, false] {
                let header = Header { fin, mask, opcode: OpCode::Binary, ..text(payload_len) };
                let mut bytes = Vec::new();
                header.encode(&mut bytes);
                for cut in 0..bytes.len() {
                    assert_eq!(decoded(&bytes[..cut]), Ok(None), "{header:?} cut at {cut}");
                }
                assert_eq!(decoded(&bytes), Ok(Some((header, bytes.len()))));
            }
        }
    }

    #[test]
    fn rfc6455_5_2_reserved_opcodes_and_bits_are_refused() {
        for opcode in [0x3, 0x4, 0x5, 0x6, 0x7, 0xb, 0xc, 0xd, 0xe, 0xf] {
            assert_eq!(decoded(&[0x80 | opcode, 0]), Err(Violation::ReservedOpcode(opcode)));
        }
        for bits in [0x10, 0x20, 0x30, 0x50, 0x60, 0x70] {
            assert_eq!(decoded(&[0x81 | bits, 0]), Err(Violation::ReservedBit));
        }
        // RSV1 marks a message, so it has no place on a continuation or a control frame (RFC 7692 section 6.1).
        for opcode in [0x0, 0x8, 0x9, 0xa] {
            assert_eq!(decoded(&[0xc0 | opcode, 0]), Err(Violation::ReservedBit));
        }
    }

    #[test]
    fn rfc6455_5_2_lengths_are_minimal_and_below_2_to_the_63() {
        assert_eq!(decoded(&[0x82, 126, 0, 125]), Err(Violation::NonMinimalLength));
        assert_eq!(decoded(&[0x82, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff]), Err(Violation::NonMinimalLength));
        assert_eq!(decoded(&[0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0]), Err(Violation::LengthTopBit));
    }

    #[test]
    fn rfc6455_5_5_control_frames_are_short_and_whole() {
        for opcode in [0x8, 0x9, 0xa] {
            assert_eq!(decoded(&[0x80 | opcode, 126]), Err(Violation::ControlTooLong));
            assert_eq!(decoded(&[0x80 | opcode, 127]), Err(Violation::ControlTooLong));
            assert_eq!(decoded(&[opcode, 0]), Err(Violation::FragmentedControl));
        }
    }
}
