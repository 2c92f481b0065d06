//! Ready WebSocket frames for what the hub sends.

use bytes::Bytes;

/// How the frames of a connection are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Plain,
}

impl Framing {
    /// The same for all connections that can share frames.
    pub(crate) fn id(&self) -> u64 {
        0
    }

    /// A text message in one frame, from a server (not masked). The empty text makes no frame.
    pub(crate) fn frame(&self, text: String) -> Bytes {
        if text.is_empty() {
            return Bytes::new();
        }
        let len = text.len();
        let mut frame = Vec::with_capacity(len + 10);
        frame.push(0x81);
        match len {
            0..126 => frame.push(len as u8),
            126..65536 => {
                frame.push(126);
                frame.extend((len as u16).to_be_bytes());
            }
            _ => {
                frame.push(127);
                frame.extend((len as u64).to_be_bytes());
            }
        }
        frame.extend(text.as_bytes());
        frame.into()
    }
}
