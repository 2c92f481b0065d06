//! Bytes in, events out.

use std::borrow::Cow;

use super::assembly::Assembly;
use super::input::{take, take_unmasked, unmask};
use super::partial::Partial;
use super::{Connection, Deflate};
use crate::Role;
use crate::close::CloseFrame;
use crate::config::Config;
use crate::deflate::InflateError;
use crate::error::Violation;
use crate::frame::{Header, OpCode};
use crate::mask::Key;
use crate::message::{Event, Message};
use crate::output::Output;
use crate::utf8;

/// Pings of one input that are answered each.
const MAX_PONGS: u8 = 16;

/// With this many bytes queued pings are not answered, but the last of them later.
const PONG_ROOM: usize = 256 * 1024;

/// The answers to the pings in the input that is being received.
#[derive(Debug, Default)]
pub(super) struct Pongs {
    answered: u8,
    /// Payload of the last ping that was not answered at once.
    owed: Option<Box<[u8]>>,
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
        if !input.is_empty() {
            self.timers.mark_heard();
        }
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
            if self.partial.is_none()
                && let Some((header, len)) = Header::decode(input)?
            {
                take(input, len);
                self.check(&header)?;
                if is_plain_message(&header) && header.payload_len <= input.len() as u64 {
                    return self.whole_message(&header, input).map(Some);
                }
                self.partial_mut().begin(&header);
            }
            if let Some(event) = self.go_on(input, out)? {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    /// Checks that a frame is in its place and within the limits.
    #[inline]
    fn check(&self, header: &Header) -> Result<(), Violation> {
        match (self.role, header.mask) {
            (Role::Server, None) => return Err(Violation::Unmasked),
            (Role::Client, Some(_)) => return Err(Violation::Masked),
            _ => {}
        }
        let assembly = self.partial.as_ref().and_then(|partial| partial.assembly.as_ref());
        match (header.opcode, assembly) {
            (OpCode::Close | OpCode::Ping | OpCode::Pong, _) => Ok(()),
            (OpCode::Continuation, None) => Err(Violation::UnexpectedContinuation),
            (OpCode::Continuation, Some(assembly)) => self.check_continuation(header, assembly),
            (OpCode::Text | OpCode::Binary, Some(_)) => Err(Violation::InterleavedMessage),
            (OpCode::Text | OpCode::Binary, None) if header.compressed && self.deflate.is_none() => {
                Err(Violation::ReservedBit)
            }
            (OpCode::Text | OpCode::Binary, None) => self.check_size(header, header.compressed, 0),
        }
    }

    fn check_continuation(&self, header: &Header, assembly: &Assembly) -> Result<(), Violation> {
        let limit = self.config.max_fragments;
        if assembly.fragments >= limit {
            return Err(Violation::TooManyFragments { limit });
        }
        self.check_size(header, assembly.compressed, assembly.len())
    }

    /// Refuses a frame that cannot fit by its declared length, before its payload arrives. What comes out of a compressed
    /// message is limited as it comes.
    #[inline]
    fn check_size(&self, header: &Header, compressed: bool, so_far: usize) -> Result<(), Violation> {
        let Config { max_frame, max_message, .. } = *self.config;
        if !compressed && header.payload_len > max_message.saturating_sub(so_far) as u64 {
            return Err(Violation::MessageTooBig { limit: max_message });
        }
        if header.payload_len > max_frame as u64 {
            return Err(Violation::FrameTooBig { limit: max_frame });
        }
        Ok(())
    }

    /// Takes a message that lies in the input as a whole: the common case, and the fast one.
    #[inline]
    fn whole_message<'i>(
        &mut self,
        header: &Header,
        input: &mut &'i mut [u8],
    ) -> Result<Event<'i>, Violation> {
        let payload = take_unmasked(input, header.payload_len as usize, header.mask);
        self.timers.mark_active();
        Ok(Event::Message(match header.opcode {
            OpCode::Text => Message::Text(Cow::Borrowed(utf8::check(payload)?)),
            _ => Message::Binary(Cow::Borrowed(payload)),
        }))
    }

    /// Goes on with a frame that takes more care: the rest of its header, and what there is of its payload.
    #[inline(never)]
    fn go_on<'i>(
        &mut self,
        input: &mut &'i mut [u8],
        out: &mut Output,
    ) -> Result<Option<Event<'i>>, Violation> {
        if self.partial_mut().frame.is_none() {
            let Some(header) = self.partial_mut().join_header(input)? else { return Ok(None) };
            self.check(&header)?;
            self.partial_mut().begin(&header);
        }
        let partial = self.partial_mut();
        let Some(frame) = partial.frame else { return Ok(None) };
        let available = frame.remaining.min(input.len());
        let whole = available == frame.remaining;
        partial.frame = (!whole).then(|| frame.after(available));
        let result = match frame.control {
            Some(opcode) => {
                let piece = take_unmasked(input, available, frame.mask);
                self.control_piece(opcode, piece, whole, out)
            }
            None => self.data_piece(take(input, available), frame.mask, whole && frame.fin),
        };
        self.partial.take_if(|partial| partial.is_over());
        result
    }

    fn partial_mut(&mut self) -> &mut Partial {
        self.partial.get_or_insert_default()
    }

    fn data_piece<'i>(
        &mut self,
        piece: &mut [u8],
        mask: Option<Key>,
        last: bool,
    ) -> Result<Option<Event<'i>>, Violation> {
        let Some(partial) = &mut self.partial else { return Ok(None) };
        let Some(assembly) = &mut partial.assembly else { return Err(Violation::UnexpectedContinuation) };
        match (&mut self.deflate, mask) {
            (Some(deflate), mask) if assembly.compressed => {
                unmask(piece, mask);
                inflate(deflate, piece, last, self.config.max_message, assembly)?;
            }
            (_, Some(key)) => assembly.push_masked(piece, key)?,
            (_, None) => assembly.push(piece)?,
        }
        let Some(assembly) = partial.assembly.take_if(|_| last) else { return Ok(None) };
        self.timers.mark_active();
        Ok(Some(Event::Message(assembly.finish()?)))
    }

    fn control_piece<'i>(
        &mut self,
        opcode: OpCode,
        piece: &'i [u8],
        last: bool,
        out: &mut Output,
    ) -> Result<Option<Event<'i>>, Violation> {
        let control = &mut self.partial_mut().control;
        if last && control.is_empty() {
            return self.control(opcode, Cow::Borrowed(piece), out).map(Some);
        }
        control.extend_from_slice(piece);
        if !last {
            return match opcode {
                OpCode::Close => CloseFrame::check_start(control).map(|()| None),
                _ => Ok(None),
            };
        }
        let payload = std::mem::take(control);
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
                self.answer_ping(&payload, out);
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

    /// Each ping is answered at once, up to a few in one input. Of more the last is answered when the input is used up,
    /// which is all that RFC 6455 section 5.5.3 asks for: a flood of pings does not become a flood of pongs, and pongs do
    /// not pile up for a peer that does not read.
    fn answer_ping(&mut self, payload: &[u8], out: &mut Output) {
        if self.pongs.answered < MAX_PONGS && out.len() < PONG_ROOM {
            self.pongs.answered += 1;
            self.write_control(OpCode::Pong, payload, out);
        } else {
            self.pongs.owed = Some(payload.into());
        }
    }

    /// Answers the last ping, if it has not been: the input is used up.
    #[inline]
    fn pay_pong(&mut self, out: &mut Output) {
        self.pongs.answered = 0;
        if let Some(payload) = self.pongs.owed.take_if(|_| out.len() < PONG_ROOM) {
            self.write_control(OpCode::Pong, &payload, out);
        }
    }
}

/// Whether the frame is a whole message as it stands.
#[inline]
fn is_plain_message(header: &Header) -> bool {
    header.fin && !header.compressed && matches!(header.opcode, OpCode::Text | OpCode::Binary)
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
