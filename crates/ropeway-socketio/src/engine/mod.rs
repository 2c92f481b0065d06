//! Engine.IO v4, and v3 where it differs: packets, polling payloads, the handshake and the session id.

mod error;
mod handshake;
mod id;
mod packet;
pub mod payload;
pub mod session;

pub use error::PacketError;
pub use handshake::{Handshake, Transport};
pub use id::SessionId;
pub use packet::{Message, Packet};

/// The version of the Engine.IO protocol that a client speaks, `EIO` in its query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Version {
    /// Clients of Socket.IO 1 and 2: the client pings, payloads have lengths, binary data has a type.
    V3,
    /// Clients of Socket.IO 3 and 4: the server pings, packets in a payload are separated by a character.
    #[default]
    V4,
}

impl Version {
    /// From the query parameter `EIO`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "3" => Some(Self::V3),
            "4" => Some(Self::V4),
            _ => None,
        }
    }
}
