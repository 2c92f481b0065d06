//! What is kept of a message, or of a frame, that does not lie in one input as a whole.

use super::assembly::Assembly;
use super::input::take;
use crate::error::Violation;
use crate::frame::{Header, MAX_HEADER_LEN, OpCode};
use crate::mask::Key;

/// Kept between two calls of `Connection::receive`. A connection between two messages has none.
#[derive(Debug, Default)]
pub(super) struct Partial {
    /// The start of a header that was split between reads.
    split_header: [u8; MAX_HEADER_LEN],
    split_header_len: u8,
    /// The frame whose payload has not all arrived.
    pub(super) frame: Option<Frame>,
    /// The data message under way.
    pub(super) assembly: Option<Assembly>,
    /// The payload, so far, of a control frame that was split between reads.
    pub(super) control: Vec<u8>,
}

/// A frame whose header has been read and found in its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// The kind of control frame; `None` when the payload belongs to the message under way.
    pub(super) control: Option<OpCode>,
    /// Whether the message ends with this frame.
    pub(super) fin: bool,
    pub(super) mask: Option<Key>,
    /// Payload bytes that have not arrived.
    pub(super) remaining: usize,
}

impl Frame {
    /// What is left of the frame after `len` bytes of its payload.
    pub(super) fn after(self, len: usize) -> Self {
        Self { mask: self.mask.map(|key| key.advanced(len)), remaining: self.remaining - len, ..self }
    }
}

impl Partial {
    /// Whether nothing is left to be kept.
    pub(super) fn is_over(&self) -> bool {
        self.split_header_len == 0
            && self.frame.is_none()
            && self.assembly.is_none()
            && self.control.is_empty()
    }

    /// Begins a frame.
    pub(super) fn begin(&mut self, header: &Header) {
        let Header { fin, opcode, mask, .. } = *header;
        let control = opcode.is_control().then_some(opcode);
        match &mut self.assembly {
            _ if control.is_some() => {}
            Some(assembly) => assembly.fragments += 1,
            none => *none = Some(Assembly::new(opcode, header.compressed)),
        }
        self.frame = Some(Frame { control, fin, mask, remaining: header.payload_len as usize });
    }

    /// Completes a header that was split between reads, or keeps the start of one.
    pub(super) fn join_header(&mut self, input: &mut &mut [u8]) -> Result<Option<Header>, Violation> {
        let kept = usize::from(self.split_header_len);
        let more = input.len().min(MAX_HEADER_LEN - kept);
        self.split_header[kept..kept + more].copy_from_slice(&input[..more]);
        match Header::decode(&self.split_header[..kept + more])? {
            Some((header, len)) => {
                take(input, len - kept);
                self.split_header_len = 0;
                Ok(Some(header))
            }
            None => {
                take(input, more);
                self.split_header_len = (kept + more) as u8;
                Ok(None)
            }
        }
    }
}
