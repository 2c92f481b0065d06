//! Ready WebSocket frames for what the hub sends.

use std::sync::Arc;

use bytes::Bytes;
use ropeway_ws::deflate::Params;
use ropeway_ws::{Config, Message, Prepared};

/// How the frames of a connection are made.
#[derive(Clone, Debug)]
pub(crate) struct Framing {
    config: Arc<Config>,
    /// What was agreed on, if permessage-deflate was.
    deflate: Option<Params>,
}

impl Framing {
    pub(crate) fn new(config: Arc<Config>, deflate: Option<Params>) -> Self {
        Self { config, deflate }
    }

    /// The same for all connections that can share frames: a compressed frame that refers to nothing before it depends
    /// on the window alone.
    pub(crate) fn id(&self) -> u64 {
        self.deflate.as_ref().map_or(0, |params| u64::from(params.server_max_window_bits))
    }

    /// A text message in one frame. The empty text makes no frame.
    pub(crate) fn frame(&self, text: String) -> Bytes {
        if text.is_empty() {
            return Bytes::new();
        }
        Prepared::new(text).frame(self.deflate())
    }

    /// Bytes that [`Framing::append`] needs at most.
    pub(crate) fn room_for(payload: usize) -> usize {
        let header = match payload {
            0..=125 => 2,
            126..=0xffff => 4,
            _ => 10,
        };
        header + payload
    }

    /// Appends a message in one frame. As long as nothing is compressed it is exactly [`Framing::room_for`] bytes.
    pub(crate) fn append(&self, message: Message<'_>, out: &mut Vec<u8>) {
        if self.compresses(message.len()) {
            out.extend_from_slice(&Prepared::new(message.into_owned()).frame(self.deflate()));
        } else {
            append_header(&message, out);
            out.extend_from_slice(message.as_bytes());
        }
    }

    fn compresses(&self, len: usize) -> bool {
        let threshold = self.config.deflate.as_ref().map(|deflate| deflate.threshold);
        self.deflate.is_some() && threshold.is_some_and(|threshold| len >= threshold)
    }

    fn deflate(&self) -> Option<(&Params, &Config)> {
        self.deflate.as_ref().map(|params| (params, &*self.config))
    }
}

/// The header of a whole, uncompressed message of a server (RFC 6455 section 5.2).
fn append_header(message: &Message<'_>, out: &mut Vec<u8>) {
    out.push(if matches!(message, Message::Text(_)) { 0x81 } else { 0x82 });
    match message.len() {
        len @ 0..=125 => out.push(len as u8),
        len @ 126..=0xffff => {
            out.push(126);
            out.extend_from_slice(&(len as u16).to_be_bytes());
        }
        len => {
            out.push(127);
            out.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use ropeway_ws::deflate;

    use super::*;

    fn framing(bits: Option<u8>) -> Framing {
        let config = Config { deflate: Some(deflate::Config::default()), ..Config::default() };
        let params =
            bits.map(|server_max_window_bits| Params { server_max_window_bits, ..Params::default() });
        Framing::new(Arc::new(config), params)
    }

    #[test]
    fn frames_are_those_of_a_server() {
        assert_eq!(&framing(None).frame("Hello".to_owned())[..], b"\x81\x05Hello");
        assert!(framing(None).frame(String::new()).is_empty());
    }

    #[test]
    fn appended_frames_are_those_that_are_prepared() {
        for bits in [None, Some(15)] {
            for len in [0, 1, 125, 126, 0xffff, 0x1_0000] {
                let text = "a".repeat(len);
                let mut appended = Vec::new();
                framing(bits).append(Message::Text(text.as_str().into()), &mut appended);
                framing(bits).append(Message::Binary(text.as_bytes().into()), &mut appended);
                let prepared = [Prepared::new(text.clone()), Prepared::new(text.clone().into_bytes())];
                let prepared = prepared.map(|prepared| prepared.frame(framing(bits).deflate()));
                assert!(appended == prepared.concat(), "{bits:?} {len}");
                if bits.is_none() {
                    assert_eq!(appended.len(), 2 * Framing::room_for(len));
                }
            }
        }
    }

    #[test]
    fn long_texts_are_compressed_where_that_was_agreed_on() {
        let text = "a".repeat(1000);
        let frame = framing(Some(15)).frame(text.clone());
        assert!(frame[0] == 0xc1 && frame.len() < 100);
        assert_eq!(framing(None).frame(text).len(), 1004);
    }

    #[test]
    fn the_window_tells_framings_apart() {
        assert_eq!(framing(Some(12)).id(), framing(Some(12)).id());
        assert_ne!(framing(Some(12)).id(), framing(Some(15)).id());
        assert_ne!(framing(Some(12)).id(), framing(None).id());
    }
}
