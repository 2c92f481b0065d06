//! What both sides agreed on.

use crate::Role;

/// The outcome of the negotiation (RFC 7692 section 7.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Params {
    /// The server compresses each message by itself (section 7.1.1.1).
    pub server_no_context_takeover: bool,
    /// The client compresses each message by itself (section 7.1.1.2).
    pub client_no_context_takeover: bool,
    /// The server refers at most 2^bits bytes back, 8 to 15 (section 7.1.2.1).
    pub server_max_window_bits: u8,
    /// The client refers at most 2^bits bytes back, 8 to 15 (section 7.1.2.2).
    pub client_max_window_bits: u8,
}

impl Default for Params {
    /// What `permessage-deflate` without a parameter means.
    fn default() -> Self {
        Self {
            server_no_context_takeover: false,
            client_no_context_takeover: false,
            server_max_window_bits: 15,
            client_max_window_bits: 15,
        }
    }
}

impl Params {
    /// How `sender` compresses.
    pub(super) fn direction(&self, sender: Role) -> Direction {
        let (no_takeover, bits) = match sender {
            Role::Server => (self.server_no_context_takeover, self.server_max_window_bits),
            Role::Client => (self.client_no_context_takeover, self.client_max_window_bits),
        };
        Direction { takeover: !no_takeover, bits: bits.clamp(8, 15) }
    }
}

/// One of the two directions of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Direction {
    pub(super) takeover: bool,
    /// 8 to 15.
    pub(super) bits: u8,
}
