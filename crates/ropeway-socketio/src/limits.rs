//! What a peer may send.

/// Bounds of a packet.
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
