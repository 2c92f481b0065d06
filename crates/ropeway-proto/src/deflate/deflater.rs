//! The compressing side of one connection.

use flate2::FlushCompress;

use super::{Config, Params, TAIL, history::History, pool::Compressor};
use crate::Role;

/// zlib refused to compress. It does not happen with a state of ours; send the message uncompressed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the compressor failed: {reason}")]
pub struct DeflateError {
    reason: String,
}

/// Compresses what one end sends (RFC 7692 section 7.2.1).
///
/// [`compress`](Self::compress) any message, or none; [`commit`](Self::commit) each message whose compressed
/// form really goes out, in that order. A message that is sent uncompressed is not committed.
#[derive(Debug)]
pub struct Deflater {
    bits: u8,
    level: u8,
    /// What was sent; none without takeover.
    history: Option<History>,
}

impl Deflater {
    /// The compressor of `role`'s messages, or nothing when the peer allows a window of 256 bytes (8 bits)
    /// only, for which zlib cannot compress: then send everything uncompressed, which is always allowed.
    pub fn new(params: &Params, role: Role, config: &Config) -> Option<Self> {
        let direction = params.direction(role);
        let limit = config.send_history().min(1 << direction.bits);
        (direction.bits > 8).then(|| Self {
            bits: direction.bits,
            level: config.effort(),
            history: (direction.takeover && config.send_takeover).then(|| History::new(limit)),
        })
    }

    /// Appends the compressed `payload` to `out`, as the payload of one message: without the tail
    /// `00 00 ff ff`. Nothing is remembered, so the result may be thrown away.
    ///
    /// # Errors
    ///
    /// Never with a sane zlib. `out` is then as long as before.
    pub fn compress(&mut self, payload: &[u8], out: &mut Vec<u8>) -> Result<(), DeflateError> {
        // RFC 7692 section 7.2.3.6: an empty message is one byte.
        if payload.is_empty() {
            out.push(0x00);
            return Ok(());
        }
        let start = out.len();
        let mut compressor = Compressor::lend(self.bits, self.level);
        let history = self.history.as_ref().map_or(&[][..], History::bytes);
        match run(&mut compressor, history, payload, out) {
            Ok(()) => {
                compressor.put_back();
                Ok(())
            }
            Err(error) => {
                out.truncate(start);
                Err(DeflateError { reason: error.to_string() })
            }
        }
    }

    /// Remembers a message whose compressed form was sent, so that later ones can refer to it.
    pub fn commit(&mut self, payload: &[u8]) {
        if let Some(history) = &mut self.history {
            history.push(payload);
        }
    }

    /// Frees the memory of what was sent. Always allowed: the next message just refers to nothing.
    pub fn forget(&mut self) {
        if let Some(history) = &mut self.history {
            history.clear();
        }
    }
}

fn run(
    compressor: &mut Compressor,
    history: &[u8],
    payload: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), flate2::CompressError> {
    let zlib = &mut compressor.zlib;
    if !history.is_empty() {
        zlib.set_dictionary(history)?;
    }
    let mut rest = payload;
    out.reserve(payload.len() / 2 + SPARE);
    loop {
        let before = zlib.total_in();
        zlib.compress_vec(rest, out, FlushCompress::Sync)?;
        rest = &rest[(zlib.total_in() - before) as usize..];
        // Room that is left over says that everything is out, the tail included.
        if out.len() < out.capacity() {
            break;
        }
        out.reserve(rest.len() + SPARE);
    }
    out.truncate(out.len() - TAIL.len());
    Ok(())
}

/// Room for the end of a flush. Where the output fills the room to the last byte zlib flushes once more, which
/// costs an empty block of 5 bytes and no harm.
const SPARE: usize = 64;
