//! From messages to packets: a packet with attachments comes as a text and then as many binary messages.

use std::borrow::Cow;

use bytes::Bytes;

use crate::error::Error;
use crate::limits::Limits;
use crate::packet::{Body, Packet, decode};

/// The standard parser of one connection.
///
/// It holds one packet at most, while attachments of it are missing: its text and [`Limits::attachments`] messages,
/// each no larger than the carrier lets a message be. After an error the connection must end.
#[derive(Debug, Default)]
pub struct Decoder {
    limits: Limits,
    /// Boxed, because nearly all connections have none at nearly all times.
    partial: Option<Box<Partial>>,
}

/// A packet whose attachments are not all here.
#[derive(Debug)]
struct Partial {
    packet: Packet<'static>,
    attachments: Vec<Bytes>,
    expected: usize,
}

impl Decoder {
    /// A decoder that waits for a text.
    pub fn new(limits: Limits) -> Self {
        Self { limits, partial: None }
    }

    /// Takes a text message, without the type of the Engine.IO packet. Nothing is returned when attachments have
    /// to follow.
    ///
    /// # Errors
    /// The rule that it breaks, also [`Error::Interleaved`].
    #[inline]
    pub fn text<'a>(&mut self, text: &'a str) -> Result<Option<Packet<'a>>, Error> {
        if self.partial.is_some() {
            return Err(Error::Interleaved);
        }
        let (packet, expected) = decode::decode(text, &self.limits)?;
        if expected == 0 {
            return Ok(Some(packet));
        }
        let partial = Partial { packet: packet.into_owned(), attachments: Vec::new(), expected };
        self.partial = Some(Box::new(partial));
        Ok(None)
    }

    /// Takes a binary message: the next attachment. The packet is returned with the last one.
    ///
    /// # Errors
    /// [`Error::UnexpectedBinary`].
    pub fn binary(&mut self, attachment: Bytes) -> Result<Option<Packet<'static>>, Error> {
        let mut partial = self.partial.take().ok_or(Error::UnexpectedBinary)?;
        partial.attachments.push(attachment);
        if partial.attachments.len() < partial.expected {
            self.partial = Some(partial);
            return Ok(None);
        }
        Ok(Some(partial.complete()))
    }

    /// Whether a packet has begun whose attachments are not all here.
    pub fn is_waiting(&self) -> bool {
        self.partial.is_some()
    }
}

impl Partial {
    fn complete(self) -> Packet<'static> {
        let Self { mut packet, attachments: complete, .. } = self;
        if let Body::Event { attachments, .. } | Body::Ack { attachments, .. } = &mut packet.body {
            *attachments = Cow::Owned(complete);
        }
        packet
    }
}
