//! Ready frames, for transports that are not WebSockets.

use bytes::{Buf, Bytes};
use ropeway_socketio::engine::payload::{Writer, encode_binary};
use ropeway_socketio::engine::{Packet, Version};

/// A ping packet as a frame.
pub(super) const PING: Bytes = Bytes::from_static(b"\x81\x012");
/// A pong packet as a frame (version 3).
pub(super) const PONG: Bytes = Bytes::from_static(b"\x81\x013");

/// One message out of a ready frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unframed {
    /// A packet as text.
    Text(Bytes),
    /// A binary message; with version 3 its type before it.
    Binary(Bytes),
}

/// Takes the headers off frames that lie back to back: whole, uncompressed and unmasked ones, as encoders without
/// permessage-deflate make them.
pub(super) fn unframe(mut frames: Bytes) -> impl Iterator<Item = Unframed> {
    std::iter::from_fn(move || {
        let (is_text, header, len) = header(&frames)?;
        frames.advance(header);
        let payload = frames.split_to(len.min(frames.len()));
        Some(if is_text { Unframed::Text(payload) } else { Unframed::Binary(payload) })
    })
}

/// Whether it is text, the length of the header, and that of the payload.
fn header(frame: &[u8]) -> Option<(bool, usize, usize)> {
    let (first, rest) = frame.split_first()?;
    debug_assert!(matches!(first, 0x81 | 0x82), "an encoder for polling has made a frame {first:#x}");
    let is_text = first & 0x0f == 1;
    let (short, rest) = rest.split_first()?;
    Some(match short {
        126 => (is_text, 4, usize::from(u16::from_be_bytes(*rest.first_chunk()?))),
        127 => (is_text, 10, usize::try_from(u64::from_be_bytes(*rest.first_chunk()?)).ok()?),
        len => (is_text, 2, usize::from(*len)),
    })
}

/// Appends what frames hold to a polling payload.
pub(super) fn push(payload: &mut Writer, frames: Bytes, version: Version) {
    for message in unframe(frames) {
        match message {
            // What encoders call text is UTF-8.
            Unframed::Text(text) => payload.push_encoded(&String::from_utf8_lossy(&text)),
            Unframed::Binary(data) => {
                let prefix = Packet::binary_prefix(version).len();
                payload.push_binary(data.get(prefix..).unwrap_or_default());
            }
        }
    }
}

/// Whether there is a binary message among frames.
pub(super) fn has_binary(frames: &[Bytes]) -> bool {
    frames.iter().cloned().flat_map(unframe).any(|message| matches!(message, Unframed::Binary(_)))
}

/// What frames of version 3 hold as a payload of bytes.
pub(super) fn binary_payload(frames: Vec<Bytes>, last: Option<Packet<'_>>) -> Vec<u8> {
    let messages: Vec<_> = frames.into_iter().flat_map(unframe).collect();
    let packets = messages.iter().filter_map(|message| match message {
        Unframed::Text(text) => Packet::decode(std::str::from_utf8(text).ok()?, Version::V3).ok(),
        Unframed::Binary(data) => Packet::decode_binary(data, Version::V3).ok(),
    });
    encode_binary(&packets.chain(last).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(frames: &[u8], version: Version) -> String {
        let mut payload = Writer::new(version);
        push(&mut payload, Bytes::copy_from_slice(frames), version);
        payload.finish()
    }

    #[test]
    fn frames_back_to_back_become_packets() {
        assert_eq!(payload(b"\x81\x034hi\x82\x02\x01\x02\x81\x012", Version::V4), "4hi\x1ebAQI=\x1e2");
        assert_eq!(payload(b"\x82\x03\x04\x01\x02", Version::V3), "6:b4AQI=");
    }

    #[test]
    fn frames_of_version_3_become_a_payload_of_bytes() {
        let frames = vec![Bytes::from_static(b"\x81\x034hi\x82\x03\x04\x01\x02")];
        assert!(has_binary(&frames) && !has_binary(&[PING]));
        assert_eq!(
            binary_payload(frames, Some(Packet::Noop)),
            b"\0\x03\xff4hi\x01\x03\xff\x04\x01\x02\0\x01\xff6"
        );
    }

    #[test]
    fn every_form_of_length_is_known() {
        for len in [0, 125, 126, 65_535, 65_536] {
            let text = "4".repeat(len);
            let frame = ropeway_ws::Prepared::new(text.clone()).frame(None);
            assert_eq!(unframe(frame).collect::<Vec<_>>(), [Unframed::Text(text.into())], "{len}");
        }
    }
}
