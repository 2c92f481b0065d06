//! The decompressing side of one connection.

use flate2::{Decompress, FlushDecompress, Status};

use super::{Params, TAIL, history::History, pool};
use crate::Role;

/// DEFLATE streams in one message. A message is one stream unless the peer sets BFINAL inside it; each new
/// one costs us a copy of the history, which two bytes of the peer must not buy without end.
const MAX_STREAMS: u32 = 256;

/// The tail that was left out on the wire, and an empty last block: only a message that ends where it should
/// makes zlib see the end of the stream there.
const END: [u8; 9] = [TAIL[0], TAIL[1], TAIL[2], TAIL[3], 0x01, 0x00, 0x00, 0xff, 0xff];

/// Why a message could not be decompressed. The connection has to end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InflateError<E> {
    /// The peer sent what is not DEFLATE, what refers further back than there is, or what ends too early.
    #[error("the compressed message is damaged (RFC 7692 section 7.2.2): {0}")]
    Corrupt(String),
    /// The message is larger than allowed once decompressed.
    #[error("the message is larger than {limit} bytes once decompressed")]
    TooLarge {
        /// The limit that was given, in bytes.
        limit: usize,
    },
    /// What the receiver of the plain bytes found wrong with them.
    #[error(transparent)]
    Sink(E),
}

impl<E> InflateError<E> {
    fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt(what.into())
    }
}

/// Decompresses what the peer sends (RFC 7692 section 7.2.2).
///
/// Push each piece of a message as it arrives; plain bytes come out as far as they can be known. After an
/// error the connection is over and the inflater is of no further use.
#[derive(Debug)]
pub struct Inflater {
    /// What was received; none without takeover.
    history: Option<History>,
    /// The message under way, and with it the state lent by the pool.
    message: Option<Message>,
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
        let mut message = match self.message.take() {
            Some(message) => message,
            None => Message::start(self.history.as_ref())?,
        };
        let history = &mut self.history;
        pool::with_scratch(|scratch| {
            let mut sink = Sink { history, limit, take: sink };
            message.inflate(input, scratch, &mut sink)?;
            if fin { message.finish(scratch, &mut sink) } else { Ok(()) }
        })?;
        match fin {
            true => pool::put_back_decompressor(message.zlib),
            false => self.message = Some(message),
        }
        Ok(())
    }
}

/// Where plain bytes go: to the caller, and to the history.
struct Sink<'a, F> {
    history: &'a mut Option<History>,
    limit: usize,
    take: &'a mut F,
}

impl<F> Sink<'_, F> {
    /// Takes the next bytes of a message that had `size` so far.
    fn take<E>(&mut self, size: usize, bytes: &[u8]) -> Result<(), InflateError<E>>
    where
        F: FnMut(&[u8]) -> Result<(), E>,
    {
        if bytes.len() > self.limit.saturating_sub(size) {
            return Err(InflateError::TooLarge { limit: self.limit });
        }
        if let Some(history) = self.history {
            history.push(bytes);
        }
        (self.take)(bytes).map_err(InflateError::Sink)
    }
}

/// A message under way.
#[derive(Debug)]
struct Message {
    zlib: Decompress,
    /// Plain bytes so far.
    size: usize,
    /// DEFLATE streams begun.
    streams: u32,
    /// The current stream has had no input yet.
    fresh: bool,
}

impl Message {
    fn start<E>(history: Option<&History>) -> Result<Self, InflateError<E>> {
        let mut message = Self { zlib: pool::lend_decompressor(), size: 0, streams: 0, fresh: true };
        message.begin_stream(history)?;
        Ok(message)
    }

    /// Begins a DEFLATE stream that may refer to the history. Without takeover a stream after BFINAL refers
    /// to nothing: whoever ended a stream began the next one from nothing, too.
    fn begin_stream<E>(&mut self, history: Option<&History>) -> Result<(), InflateError<E>> {
        self.streams += 1;
        self.fresh = true;
        if self.streams > MAX_STREAMS {
            return Err(InflateError::corrupt("too many final blocks in one message"));
        }
        match history.map(History::bytes) {
            None | Some([]) => Ok(()),
            Some(bytes) => self.zlib.set_dictionary(bytes).map(drop).map_err(damage),
        }
    }

    /// Decompresses all of `input`.
    fn inflate<E>(
        &mut self,
        mut input: &[u8],
        scratch: &mut [u8],
        sink: &mut Sink<'_, impl FnMut(&[u8]) -> Result<(), E>>,
    ) -> Result<(), InflateError<E>> {
        loop {
            let step = self.step(&mut input, scratch, sink)?;
            if step.ended {
                // RFC 7692 section 7.2.3.4: BFINAL ends the stream, not the message.
                self.zlib.reset(false);
                self.begin_stream(sink.history.as_ref())?;
            }
            // A full scratch may have left more behind in zlib.
            if input.is_empty() && (step.ended || step.written < scratch.len()) {
                return Ok(());
            }
        }
    }

    /// Ends the message as RFC 7692 section 7.2.2 says.
    fn finish<E>(
        &mut self,
        scratch: &mut [u8],
        sink: &mut Sink<'_, impl FnMut(&[u8]) -> Result<(), E>>,
    ) -> Result<(), InflateError<E>> {
        // Nothing at all, or nothing after BFINAL: senders that flush an empty message, or end a stream,
        // leave out the byte that section 7.2.3.6 asks for, and what they mean is clear.
        if self.fresh {
            return Ok(());
        }
        let mut end = &END[..];
        let step = self.step(&mut end, scratch, sink)?;
        match step.ended && end.is_empty() {
            true => Ok(()),
            false => Err(InflateError::corrupt("it ends in the middle of a block")),
        }
    }

    /// One call of zlib: takes from `input`, hands out what came.
    fn step<E>(
        &mut self,
        input: &mut &[u8],
        scratch: &mut [u8],
        sink: &mut Sink<'_, impl FnMut(&[u8]) -> Result<(), E>>,
    ) -> Result<Step, InflateError<E>> {
        let (in_before, out_before) = (self.zlib.total_in(), self.zlib.total_out());
        let status = self.zlib.decompress(input, scratch, FlushDecompress::Sync).map_err(damage)?;
        let read = (self.zlib.total_in() - in_before) as usize;
        let written = (self.zlib.total_out() - out_before) as usize;
        if read == 0 && written == 0 && !input.is_empty() {
            return Err(InflateError::corrupt("no progress"));
        }
        *input = &input[read..];
        self.fresh &= read == 0;
        sink.take(self.size, &scratch[..written])?;
        self.size += written;
        Ok(Step { written, ended: status == Status::StreamEnd })
    }
}

struct Step {
    /// Plain bytes.
    written: usize,
    /// The stream ended: a block with BFINAL.
    ended: bool,
}

fn damage<E>(error: flate2::DecompressError) -> InflateError<E> {
    InflateError::corrupt(error.message().unwrap_or("not DEFLATE"))
}
