//! What one side is willing to do.

/// What this end wants of permessage-deflate; what came of it is in [`Params`](super::Params).
///
/// Values out of range count as the nearest one in range.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// Messages with fewer bytes than this are better sent as they are. The deflater itself does not look
    /// at it: whether to compress is a choice per message.
    pub threshold: usize,
    /// The effort of the compressor, 1 (fast) to 9 (small).
    pub level: u8,
    /// Whether what we send may refer to what we sent before. Smaller messages, and up to
    /// 2^[`send_history_bits`](Self::send_history_bits) bytes of memory a connection.
    pub send_takeover: bool,
    /// Whether the peer may refer to what it sent before. Up to
    /// 2^[`receive_window_bits`](Self::receive_window_bits) bytes of memory a connection.
    pub receive_takeover: bool,
    /// How much of what we sent is remembered with takeover: 2^bits bytes, 8 to 15. A matter of ours alone,
    /// the peer is not told.
    pub send_history_bits: u8,
    /// How far back the peer may refer with takeover: 2^bits bytes, 8 to 15. A client that cannot shrink its
    /// window is asked to do without takeover; a server that cannot is let be and costs up to 32 KiB.
    pub receive_window_bits: u8,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            threshold: 128,
            // Chat-like JSON of 1 KiB, each message another, and 64 of them in one; thousands of instructions
            // with what it costs to begin anew:
            //
            // | level | alone | with 4 KiB of history | 64 KiB |
            // | 1 | 575 B, 229 | 417 B, 287 | - |
            // | 2 | 429 B, 348 | 312 B, 398 | 18,508 B, 3,999 |
            // | 3 | 418 B, 370 | 297 B, 417 | 17,169 B, 5,109 |
            // | 4 | 417 B, 371 | 293 B, 418 | 16,522 B, 5,282 |
            // | 5 | 413 B, 381 | 277 B, 427 | 15,892 B, 5,962 |
            // | 6 | 413 B, 381 | 277 B, 427 | 15,865 B, 6,121 |
            // | 7 | 411 B, 380 | 270 B, 440 | 15,429 B, 6,798 |
            level: 5,
            send_takeover: true,
            receive_takeover: true,
            send_history_bits: 12,
            receive_window_bits: 12,
        }
    }
}

impl Config {
    /// The default without takeover either way: nothing is remembered between messages.
    pub fn without_takeover() -> Self {
        Self { send_takeover: false, receive_takeover: false, ..Self::default() }
    }

    /// The level in zlib's range.
    pub(super) fn effort(&self) -> u8 {
        self.level.clamp(1, 9)
    }

    /// The most bytes of sent text to remember.
    pub(super) fn send_history(&self) -> usize {
        1 << self.send_history_bits.clamp(8, 15)
    }

    /// The window to ask of the peer.
    pub(super) fn receive_window(&self) -> u8 {
        self.receive_window_bits.clamp(8, 15)
    }
}
