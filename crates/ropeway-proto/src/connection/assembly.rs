//! A message that arrives in pieces: in fragments, over several reads, or compressed.
//!
//! Memory is taken for bytes that arrived, never for a length that the peer declared.

use crate::buffers::{self, LARGE_FROM};
use crate::error::Violation;
use crate::frame::OpCode;
use crate::mask::Key;
use crate::message::Message;
use crate::utf8::Text;

/// The message under way.
#[derive(Debug)]
pub(super) struct Assembly {
    payload: Payload,
    pub(super) compressed: bool,
    pub(super) fragments: u32,
}

#[derive(Debug)]
enum Payload {
    Text(Text),
    Binary(Vec<u8>),
}

impl Assembly {
    pub(super) fn new(opcode: OpCode, compressed: bool) -> Self {
        let payload = match opcode {
            OpCode::Text => Payload::Text(Text::default()),
            _ => Payload::Binary(Vec::new()),
        };
        Self { payload, compressed, fragments: 1 }
    }

    /// Bytes of the message that have arrived, after inflation.
    pub(super) fn len(&self) -> usize {
        match &self.payload {
            Payload::Text(text) => text.len(),
            Payload::Binary(bytes) => bytes.len(),
        }
    }

    /// Appends bytes as they are.
    pub(super) fn push(&mut self, piece: &[u8]) -> Result<(), Violation> {
        match &mut self.payload {
            Payload::Text(text) => text.push(piece)?,
            Payload::Binary(bytes) => {
                make_room(bytes, piece.len());
                bytes.extend_from_slice(piece);
            }
        }
        Ok(())
    }

    /// Appends bytes as they came, unmasking them on the way.
    pub(super) fn push_masked(&mut self, piece: &mut [u8], key: Key) -> Result<(), Violation> {
        match &mut self.payload {
            Payload::Text(text) => {
                key.apply(piece);
                text.push(piece)?;
            }
            Payload::Binary(bytes) => {
                make_room(bytes, piece.len());
                key.append(piece, bytes);
            }
        }
        Ok(())
    }

    /// The whole message, in a buffer of about its own size: what is kept for long does not pin what it grew in.
    pub(super) fn finish(self) -> Result<Message<'static>, Violation> {
        Ok(match self.payload {
            Payload::Text(text) => {
                let mut text = text.finish()?;
                if is_wasteful(text.len(), text.capacity()) {
                    text.shrink_to_fit();
                }
                Message::from(text)
            }
            Payload::Binary(mut bytes) => {
                if is_wasteful(bytes.len(), bytes.capacity()) {
                    bytes.shrink_to_fit();
                }
                Message::from(bytes)
            }
        })
    }
}

/// Makes room for bytes that have arrived. What has become large goes on in a buffer that an earlier message grew.
fn make_room(bytes: &mut Vec<u8>, more: usize) {
    let len = bytes.len() + more;
    if len > bytes.capacity() && len >= LARGE_FROM {
        let mut spare = buffers::large();
        if spare.capacity() >= len {
            spare.extend_from_slice(bytes);
            *bytes = spare;
        }
    }
    bytes.reserve(more);
}

/// Whether more than an eighth of a buffer would lie idle.
fn is_wasteful(len: usize, capacity: usize) -> bool {
    capacity - len > capacity / 8
}
