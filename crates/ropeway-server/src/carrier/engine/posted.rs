//! What a POST has brought.

use bytes::Bytes;
use ropeway_socketio::engine::{Packet, PacketError, Version, payload};
use tokio::sync::oneshot;

/// A body whose packets are to be handed in.
pub(super) struct Posted {
    body: Body,
    /// Where the next packet begins; nothing when all have been handed in.
    next: Option<usize>,
    /// Told whether it was all packets, when it has been handed in.
    pub(super) reply: oneshot::Sender<bool>,
}

/// The body of a POST.
pub(super) enum Body {
    Text(String),
    /// Only version 3 has it.
    Binary(Bytes),
}

impl Posted {
    pub(super) fn new(body: Body, reply: oneshot::Sender<bool>) -> Self {
        Self { body, next: Some(0), reply }
    }

    /// The next packet; an error for what is none.
    pub(super) fn next(&mut self, version: Version) -> Option<Result<Packet<'_>, PacketError>> {
        let start = self.next?;
        match &self.body {
            Body::Text(body) => {
                let mut packets = payload::decode(body.get(start..)?, version);
                let packet = packets.next();
                self.next = packets.remainder().map(|rest| body.len() - rest.len());
                packet
            }
            Body::Binary(body) => {
                let mut packets = payload::decode_binary(body.get(start..)?);
                let packet = packets.next();
                self.next = packets.remainder().map(|rest| body.len() - rest.len());
                packet
            }
        }
    }
}
