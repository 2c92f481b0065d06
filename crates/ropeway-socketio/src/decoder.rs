//! From messages to packets: a packet with attachments comes as a text and then as many binary messages.

use bytes::Bytes;

use crate::error::Error;
use crate::packet::Packet;

/// What a peer may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Attachments of one packet, 10 unless told otherwise, which is what the stock clients take.
    pub attachments: usize,
    /// Arrays and objects within each other, the array of arguments included; 128 unless told otherwise.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { attachments: 10, depth: 128 }
    }
}

/// The standard parser of one connection.
///
/// It holds one packet at most, while attachments of it are missing: its text and [`Limits::attachments`] messages,
/// each no larger than the carrier lets a message be. After an error the connection must end.
#[derive(Debug, Default)]
pub struct Decoder {
    limits: Limits,
}

impl Decoder {
    /// A decoder that waits for a text.
    pub fn new(limits: Limits) -> Self {
        Self { limits }
    }

    /// Takes a text message, without the type of the Engine.IO packet. Nothing is returned when attachments have
    /// to follow.
    ///
    /// # Errors
    /// The rule that it breaks, also [`Error::Interleaved`].
    pub fn text<'a>(&mut self, text: &'a str) -> Result<Option<Packet<'a>>, Error> {
        let _ = (text, self.limits);
        Err(Error::UnknownType)
    }

    /// Takes a binary message: the next attachment. The packet is returned with the last one.
    ///
    /// # Errors
    /// [`Error::UnexpectedBinary`].
    pub fn binary(&mut self, attachment: Bytes) -> Result<Option<Packet<'static>>, Error> {
        drop(attachment);
        Err(Error::UnexpectedBinary)
    }

    /// Whether a packet has begun whose attachments are not all here.
    pub fn is_waiting(&self) -> bool {
        false
    }
}
