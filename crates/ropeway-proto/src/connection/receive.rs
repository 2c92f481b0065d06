//! Bytes in, events out.

use std::borrow::Cow;

use super::assembly::Assembly;
use super::{Connection, Deflate};
use crate::Role;
use crate::close::CloseFrame;
use crate::config::Config;
use crate::deflate::InflateError;
use crate::error::Violation;
use crate::frame::{Header, MAX_HEADER_LEN, OpCode};
use crate::mask::Key;
use crate::message::{Event, Message};
use crate::output::Output;
use crate::utf8;

/// What is kept between two calls of [`Connection::receive`].
#[derive(Debug, Default)]
pub(super) struct Receiver {
    /// The start of a header that was split between reads.
    split_header: [u8; MAX_HEADER_LEN],
    split_header_len: u8,
    /// The frame whose payload has not all arrived.
    frame: Option<Frame>,
    /// The data message under way.
    assembly: Option<Assembly>,
    /// The payload, so far, of a control frame that was split between reads.
    control: Vec<u8>,
}

/// A frame whose header has been read and found in its place.
#[derive(Clone, Copy, Debug)]
struct Frame {
    kind: Kind,
    /// Whether the message ends with this frame.
    fin: bool,
    mask: Option<Key>,
    /// Payload bytes that have not arrived.
    remaining: usize,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// The first frame of a message.
    Start {
        opcode: OpCode,
        compressed: bool,
    },
    /// Another fragment of the message under way.
    Next,
    /// A frame of the message under way that is counted already: some of it has arrived.
    Rest,
    Control(OpCode),
}

impl Frame {
    /// What is left of the frame after `len` bytes of its payload.
    fn after(self, len: usize) -> Self {
        let kind = match self.kind {
            Kind::Control(opcode) => Kind::Control(opcode),
            _ => Kind::Rest,
        };
        Self { kind, mask: self.mask.map(|key| key.advanced(len)), remaining: self.remaining - len, ..self }
    }
}

impl Receiver {
    /// Frees all memory: nothing more will be received.
    pub(super) fn release(&mut self) {
        *self = Self::default();
    }

    /// Completes a header that was split between reads, or keeps the start of one.
    fn join_header(&mut self, input: &mut &mut [u8]) -> Result<Option<Header>, Violation> {
        let kept = usize::from(self.split_header_len);
        let more = input.len().min(MAX_HEADER_LEN - kept);
        self.split_header[kept..kept + more].copy_from_slice(&input[..more]);
        match Header::decode(&self.split_header[..kept + more])? {
            Some((header, len)) => {
                skip(input, len - kept);
                self.split_header_len = 0;
                Ok(Some(header))
            }
            None => {
                skip(input, more);
                self.split_header_len = (kept + more) as u8;
                Ok(None)
            }
        }
    }
}

impl Connection {
    /// Takes bytes off the front of `input` and gives the next event in them, borrowed from `input` when it lies there as a
    /// whole. Payloads are unmasked in place. `None` means that `input` is empty and all that was in it is taken care of:
    /// call it until then, and before the next read. Between two events the connection may be sent on.
    ///
    /// # Errors
    /// A [`Violation`] ends the connection: the close frame is in `out`, the rest of `input` is dropped, and what arrives
    /// later is ignored.
    #[inline]
    pub fn receive<'i>(
        &mut self,
        input: &mut &'i mut [u8],
        out: &mut Output,
    ) -> Result<Option<Event<'i>>, Violation> {
        self.timers.mark_heard();
        let result = self.next_event(input, out);
        match &result {
            Ok(Some(_)) => {}
            Ok(None) => self.pay_pong(out),
            Err(violation) => {
                *input = &mut [];
                self.peer_violated(violation, out);
            }
        }
        result
    }

    #[inline]
    fn next_event<'i>(
        &mut self,
        input: &mut &'i mut [u8],
        out: &mut Output,
    ) -> Result<Option<Event<'i>>, Violation> {
        if !self.state.is_reading() {
            *input = &mut [];
        }
        while !input.is_empty() {
            let frame = match self.receiver.frame.take() {
                Some(frame) => frame,
                None => match self.next_frame(input)? {
                    Some(frame) => frame,
                    None => return Ok(None),
                },
            };
            if let Some(event) = self.read_payload(frame, input, out)? {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    /// Reads a header off `input`.
    #[inline]
    fn next_frame(&mut self, input: &mut &mut [u8]) -> Result<Option<Frame>, Violation> {
        if self.receiver.split_header_len == 0
            && let Some((header, len)) = Header::decode(input)?
        {
            skip(input, len);
            return self.check(&header).map(Some);
        }
        match self.receiver.join_header(input)? {
            Some(header) => self.check(&header).map(Some),
            None => Ok(None),
        }
    }

    /// Checks that a frame is in its place and within the limits.
    #[inline]
    fn check(&self, header: &Header) -> Result<Frame, Violation> {
        match (self.role, header.mask) {
            (Role::Server, None) => return Err(Violation::Unmasked),
            (Role::Client, Some(_)) => return Err(Violation::Masked),
            _ => {}
        }
        let kind = match header.opcode {
            OpCode::Close | OpCode::Ping | OpCode::Pong => Kind::Control(header.opcode),
            OpCode::Continuation => self.check_continuation()?,
            opcode => self.check_start(opcode, header.compressed)?,
        };
        let remaining = self.check_size(&kind, header.payload_len)?;
        Ok(Frame { kind, fin: header.fin, mask: header.mask, remaining })
    }

    fn check_continuation(&self) -> Result<Kind, Violation> {
        let assembly = self.receiver.assembly.as_ref().ok_or(Violation::UnexpectedContinuation)?;
        let limit = self.config.max_fragments;
        if assembly.fragments >= limit {
            return Err(Violation::TooManyFragments { limit });
        }
        Ok(Kind::Next)
    }

    #[inline]
    fn check_start(&self, opcode: OpCode, compressed: bool) -> Result<Kind, Violation> {
        if self.receiver.assembly.is_some() {
            return Err(Violation::InterleavedMessage);
        }
        if compressed && self.deflate.is_none() {
            return Err(Violation::ReservedBit);
        }
        Ok(Kind::Start { opcode, compressed })
    }

    /// Refuses a frame that cannot fit by its declared length, before its payload arrives.
    #[inline]
    fn check_size(&self, kind: &Kind, declared: u64) -> Result<usize, Violation> {
        let len = usize::try_from(declared).unwrap_or(usize::MAX);
        let Config { max_frame, max_message, .. } = *self.config;
        let so_far = match (kind, &self.receiver.assembly) {
            (Kind::Control(_), _) => return Ok(len),
            // The limit of a compressed message is on what comes out of it.
            (Kind::Start { compressed: true, .. }, _) => return within_frame_limit(len, max_frame),
            (Kind::Next, Some(assembly)) if assembly.compressed => return within_frame_limit(len, max_frame),
            (_, Some(assembly)) => assembly.len(),
            (_, None) => 0,
        };
        if len > max_message.saturating_sub(so_far) {
            return Err(Violation::MessageTooBig { limit: max_message });
        }
        within_frame_limit(len, max_frame)
    }

    /// Takes as much of the frame's payload as there is.
    #[inline]
    fn read_payload<'i>(
        &mut self,
        frame: Frame,
        input: &mut &'i mut [u8],
        out: &mut Output,
    ) -> Result<Option<Event<'i>>, Violation> {
        let available = frame.remaining.min(input.len());
        let (payload, rest) = std::mem::take(input).split_at_mut(available);
        *input = rest;
        if let Some(key) = frame.mask {
            key.apply(payload);
        }
        let payload: &'i [u8] = payload;
        let whole = available == frame.remaining;
        match frame.kind {
            Kind::Start { opcode, compressed: false } if whole && frame.fin => {
                self.timers.mark_active();
                whole_message(opcode, payload).map(|message| Some(Event::Message(message)))
            }
            Kind::Control(opcode) if whole && self.receiver.control.is_empty() => {
                self.control(opcode, Cow::Borrowed(payload), out).map(Some)
            }
            Kind::Control(opcode) => self.control_piece(opcode, frame, payload, out),
            Kind::Start { .. } | Kind::Next | Kind::Rest => self.data_piece(frame, payload),
        }
    }

    /// Takes a piece of a message that does not lie in the input as a whole.
    fn data_piece<'i>(&mut self, frame: Frame, piece: &[u8]) -> Result<Option<Event<'i>>, Violation> {
        match (frame.kind, &mut self.receiver.assembly) {
            (Kind::Start { opcode, compressed }, slot) => *slot = Some(Assembly::new(opcode, compressed)),
            (Kind::Next, Some(assembly)) => assembly.fragments += 1,
            _ => {}
        }
        let Some(assembly) = &mut self.receiver.assembly else {
            return Err(Violation::UnexpectedContinuation);
        };
        let whole = piece.len() == frame.remaining;
        let last = whole && frame.fin;
        match &mut self.deflate {
            Some(deflate) if assembly.compressed => {
                inflate(deflate, piece, last, self.config.max_message, assembly)?;
            }
            _ => assembly.push(piece)?,
        }
        if !whole {
            self.receiver.frame = Some(frame.after(piece.len()));
        }
        let Some(assembly) = self.receiver.assembly.take_if(|_| last) else { return Ok(None) };
        self.timers.mark_active();
        Ok(Some(Event::Message(assembly.finish()?)))
    }

    fn control_piece<'i>(
        &mut self,
        opcode: OpCode,
        frame: Frame,
        piece: &[u8],
        out: &mut Output,
    ) -> Result<Option<Event<'i>>, Violation> {
        self.receiver.control.extend_from_slice(piece);
        if piece.len() < frame.remaining {
            self.receiver.frame = Some(frame.after(piece.len()));
            return Ok(None);
        }
        let payload = std::mem::take(&mut self.receiver.control);
        self.control(opcode, Cow::Owned(payload), out).map(Some)
    }

    fn control<'i>(
        &mut self,
        opcode: OpCode,
        payload: Cow<'i, [u8]>,
        out: &mut Output,
    ) -> Result<Event<'i>, Violation> {
        Ok(match opcode {
            OpCode::Ping => {
                self.owed_pong = Some(payload.as_ref().into());
                Event::Ping(payload)
            }
            OpCode::Pong => Event::Pong(payload),
            _ => {
                let frame = CloseFrame::decode(&payload)?;
                self.pay_pong(out);
                self.peer_closed(frame.as_ref(), out);
                Event::Close(frame)
            }
        })
    }

    #[inline]
    fn pay_pong(&mut self, out: &mut Output) {
        if self.owed_pong.is_some() {
            self.write_owed_pong(out);
        }
    }
}

fn skip(input: &mut &mut [u8], len: usize) {
    let (_, rest) = std::mem::take(input).split_at_mut(len);
    *input = rest;
}

fn within_frame_limit(len: usize, limit: usize) -> Result<usize, Violation> {
    if len > limit { Err(Violation::FrameTooBig { limit }) } else { Ok(len) }
}

#[inline]
fn whole_message(opcode: OpCode, payload: &[u8]) -> Result<Message<'_>, Violation> {
    Ok(match opcode {
        OpCode::Text => Message::Text(Cow::Borrowed(utf8::check(payload)?)),
        _ => Message::Binary(Cow::Borrowed(payload)),
    })
}

fn inflate(
    deflate: &mut Deflate,
    piece: &[u8],
    last: bool,
    limit: usize,
    assembly: &mut Assembly,
) -> Result<(), Violation> {
    let result = deflate.inflater.push(piece, last, limit, &mut |plain| assembly.push(plain));
    result.map_err(|error| match error {
        InflateError::Corrupt(_) => Violation::Inflate,
        InflateError::TooLarge { limit } => Violation::MessageTooBig { limit },
        InflateError::Sink(violation) => violation,
    })
}
