//! Messages of the server, from types to ready frames.

use bytes::Bytes;
use ropeway_hub::{Encoder, EncoderId, Outbound};

use crate::protocol::Framing;
use crate::protocol::messages::{event_size, push_message, request_of};

/// Encodes for all connections that share a framing.
pub(crate) struct NativeEncoder {
    framing: Framing,
}

impl NativeEncoder {
    pub(crate) fn new(framing: Framing) -> Self {
        Self { framing }
    }

    /// The frame of one message. `size` is a guess of its length, so that it grows in one piece.
    pub(super) fn frame(&self, size: usize, write: impl FnOnce(&mut String)) -> Bytes {
        let mut text = String::with_capacity(size);
        write(&mut text);
        self.framing.frame(text)
    }
}

impl Encoder for NativeEncoder {
    fn id(&self) -> EncoderId {
        EncoderId(self.framing.id())
    }

    /// The native protocol has one namespace, so its name is not told.
    fn encode(&self, _namespace: &str, message: &Outbound<'_>) -> Bytes {
        let size = if let Outbound::Event(event) = message { event_size(event) } else { 128 };
        self.frame(size, |out| push_message(out, message, request_of(message)))
    }
}
