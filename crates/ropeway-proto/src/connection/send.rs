//! Messages and control frames out.

use super::{Connection, Deflate};
use crate::Role;
use crate::error::Closed;
use crate::frame::{Header, MAX_CONTROL_LEN, OpCode};
use crate::message::Message;
use crate::output::Output;
use crate::prepared::Prepared;

/// Whether a message is compressed, where permessage-deflate was negotiated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compress {
    /// From `deflate::Config::threshold` bytes on, and when it makes the message smaller.
    #[default]
    Auto,
    /// Never: for what is compressed already, and for secrets next to text that an attacker chooses (CRIME).
    Never,
}

/// Owned payloads from this many bytes on are sent from where they are.
const QUEUE_FROM: usize = 16 * 1024;

impl Connection {
    /// Queues a message.
    ///
    /// # Errors
    /// [`Closed`] once the connection closes.
    #[inline]
    pub fn send<'m>(&mut self, message: impl Into<Message<'m>>, out: &mut Output) -> Result<(), Closed> {
        self.send_with(message, Compress::Auto, out)
    }

    /// Queues a message, and says whether to compress it.
    ///
    /// # Errors
    /// [`Closed`] once the connection closes.
    #[inline]
    pub fn send_with<'m>(
        &mut self,
        message: impl Into<Message<'m>>,
        compress: Compress,
        out: &mut Output,
    ) -> Result<(), Closed> {
        self.start_message()?;
        let message = message.into();
        if self.deflate.is_some() && compress == Compress::Auto && self.write_deflated(&message, out) {
            return Ok(());
        }
        if message.len() < QUEUE_FROM {
            self.write_frame(message.opcode(), false, message.as_bytes(), out);
        } else {
            self.write_large(message, out);
        }
        Ok(())
    }

    /// Queues only the header of `message`, for a driver that writes the payload itself, right behind the output and before
    /// anything else: so a large borrowed payload need not be copied. Tells whether it did. Otherwise nothing is queued, and
    /// [`send`](Self::send) is the way: the payload would be masked or compressed.
    ///
    /// # Errors
    /// [`Closed`] once the connection closes.
    pub fn begin_send(&mut self, message: &Message<'_>, out: &mut Output) -> Result<bool, Closed> {
        self.check_open()?;
        let as_is = self.role == Role::Server && self.deflate.is_none();
        if as_is {
            self.timers.mark_active();
            unmasked_header(message.opcode(), message.len()).encode(out.tail());
        }
        Ok(as_is)
    }

    /// Queues a prepared message. A server queues the frame that was made once for all, a client masks a copy.
    ///
    /// # Errors
    /// [`Closed`] once the connection closes.
    pub fn send_prepared(&mut self, message: &Prepared, out: &mut Output) -> Result<(), Closed> {
        match (self.role, &self.deflate) {
            (Role::Client, _) => self.send_with(message.message(), Compress::Auto, out),
            (Role::Server, None) => self.send_encoded(message.frame(None), out),
            (Role::Server, Some(deflate)) => {
                let frame = message.frame(Some((&deflate.params, &self.config)));
                self.send_encoded(frame, out)
            }
        }
    }

    /// Queues a frame that was made elsewhere for connections of the same parameters, such as [`Prepared::frame`].
    /// Only whole, unmasked data messages that refer to nothing sent before may be queued so.
    ///
    /// # Errors
    /// [`Closed`] once the connection closes.
    #[inline]
    pub fn send_encoded(&mut self, frame: bytes::Bytes, out: &mut Output) -> Result<(), Closed> {
        self.start_message()?;
        // The peer's window now ends with a text that our history does not know.
        if let Some(deflater) = self.deflate.as_mut().and_then(|deflate| deflate.deflater.as_mut()) {
            deflater.forget();
        }
        out.push(frame);
        Ok(())
    }

    /// Sends a ping with at most 125 bytes of payload; a longer one is cut.
    ///
    /// # Errors
    /// [`Closed`] once the connection closes.
    pub fn ping(&mut self, payload: &[u8], out: &mut Output) -> Result<(), Closed> {
        self.check_open()?;
        self.write_ping(&payload[..payload.len().min(MAX_CONTROL_LEN)], out);
        Ok(())
    }

    pub(super) fn write_ping(&mut self, payload: &[u8], out: &mut Output) {
        self.write_control(OpCode::Ping, payload, out);
    }

    pub(super) fn write_control(&mut self, opcode: OpCode, payload: &[u8], out: &mut Output) {
        self.write_frame(opcode, false, payload, out);
    }

    #[inline]
    fn start_message(&mut self) -> Result<(), Closed> {
        self.check_open()?;
        self.timers.mark_active();
        Ok(())
    }

    #[inline]
    fn check_open(&self) -> Result<(), Closed> {
        if self.is_open() { Ok(()) } else { Err(Closed) }
    }

    /// Writes the message compressed, if that is worth it; tells whether it did.
    fn write_deflated(&mut self, message: &Message<'_>, out: &mut Output) -> bool {
        let threshold = self.config.deflate.as_ref().map_or(0, |config| config.threshold);
        if message.len() < threshold {
            return false;
        }
        let Some(deflate) = &mut self.deflate else { return false };
        let Some(payload) = deflate.compress(message.as_bytes()) else { return false };
        self.write_frame(message.opcode(), true, &payload, out);
        true
    }

    /// Writes a message that is better queued from where it is than copied, if it is ours and need not be masked.
    fn write_large(&mut self, message: Message<'_>, out: &mut Output) {
        let opcode = message.opcode();
        if self.role == Role::Client || message.is_borrowed() {
            self.write_frame(opcode, false, message.as_bytes(), out);
        } else {
            unmasked_header(opcode, message.len()).encode(out.tail());
            out.push_owned(message.into_bytes());
        }
    }

    #[inline]
    fn write_frame(&mut self, opcode: OpCode, compressed: bool, payload: &[u8], out: &mut Output) {
        let mask = self.next_mask();
        let header = Header { fin: true, compressed, opcode, mask, payload_len: payload.len() as u64 };
        let tail = out.tail();
        header.encode(tail);
        match mask {
            Some(key) => key.append(payload, tail),
            None => tail.extend_from_slice(payload),
        }
    }
}

fn unmasked_header(opcode: OpCode, len: usize) -> Header {
    Header { fin: true, compressed: false, opcode, mask: None, payload_len: len as u64 }
}

impl Deflate {
    /// The compressed payload, if it is smaller than the plain one. The history follows what is really sent.
    fn compress(&mut self, payload: &[u8]) -> Option<Vec<u8>> {
        let deflater = self.deflater.as_mut()?;
        let mut compressed = Vec::new();
        deflater.compress(payload, &mut compressed).ok()?;
        let smaller = compressed.len() < payload.len();
        smaller.then(|| deflater.commit(payload));
        smaller.then_some(compressed)
    }
}
