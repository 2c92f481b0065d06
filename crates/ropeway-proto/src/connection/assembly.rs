//! A message that arrives in pieces: in fragments, over several reads, or compressed.
//!
//! Memory is taken for bytes that arrived, never for a length that the peer declared.

use crate::error::Violation;
use crate::frame::OpCode;
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

    pub(super) fn push(&mut self, piece: &[u8]) -> Result<(), Violation> {
        match &mut self.payload {
            Payload::Text(text) => text.push(piece)?,
            Payload::Binary(bytes) => bytes.extend_from_slice(piece),
        }
        Ok(())
    }

    /// The whole message, in a buffer of its own size: what is kept for long does not pin what it grew in.
    pub(super) fn finish(self) -> Result<Message<'static>, Violation> {
        Ok(match self.payload {
            Payload::Text(text) => {
                let mut text = text.finish()?;
                text.shrink_to_fit();
                Message::from(text)
            }
            Payload::Binary(mut bytes) => {
                bytes.shrink_to_fit();
                Message::from(bytes)
            }
        })
    }
}
