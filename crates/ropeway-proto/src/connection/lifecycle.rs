//! How a connection ends (RFC 6455 section 7): every change of [`State`] stands in this file.
//!
//! ```text
//!            close()              peer's close
//!   Open ───────────► CloseSent ───────────────┐
//!    │ peer's close, answered                  ▼
//!    ├─────────────────────────────► AwaitingEnd (clients) / Flushing (servers)
//!    │ violation, answered with close          │ end of stream, deadline
//!    ├─────────────────────────────► AwaitingEnd ──────► Ended
//!    │ end of stream, heartbeat deadline
//!    └─────────────────────────────► Ended
//! ```

use super::{Connection, Pongs};
use crate::Role;
use crate::close::{Cause, CloseCode, CloseFrame, Deadline, Outcome, Side};
use crate::error::Violation;
use crate::frame::OpCode;
use crate::output::Output;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Messages go both ways.
    Open,
    /// We sent a close frame; the peer may still be sending.
    CloseSent,
    /// Nothing more will be sent, and what still arrives is ignored. The peer is given time to read our last bytes and to
    /// end the stream: to drop a stream with unread input could destroy them on the way.
    AwaitingEnd,
    /// The closing handshake is complete and the stream is ours to end, as soon as our last bytes are written.
    Flushing,
    /// All is over.
    Ended,
}

impl State {
    /// Whether what arrives is looked at.
    #[inline]
    pub(super) fn is_reading(self) -> bool {
        matches!(self, Self::Open | Self::CloseSent)
    }
}

impl Connection {
    /// Begins the closing handshake; `None` sends a close frame without a code. What the peer still sends is received
    /// until its close frame comes or `Config::close_timeout` has passed. Does nothing when the connection closes already.
    pub fn close(&mut self, frame: Option<CloseFrame>, out: &mut Output) {
        if self.state == State::Open {
            self.begin_close(Cause::Close, frame, out);
        }
    }

    /// The stream has ended, or failed: nothing more arrives. After a closing handshake that is as it should be, before
    /// it the outcome is 1006.
    pub fn end_of_stream(&mut self) {
        self.decide(Cause::EndOfStream, Side::Peer, None);
        self.state = State::Ended;
    }

    pub(super) fn peer_closed(&mut self, frame: Option<&CloseFrame>, out: &mut Output) {
        if self.state == State::Open {
            self.decide(Cause::Close, Side::Peer, Some(frame));
            self.write_close(frame, out);
        }
        if let Some(outcome) = &mut self.outcome {
            outcome.clean = true;
        }
        // The server ends the stream first (RFC 6455 section 7.1.1).
        self.stop_sending(if self.role == Role::Server { State::Flushing } else { State::AwaitingEnd });
    }

    pub(super) fn peer_violated(&mut self, violation: &Violation, out: &mut Output) {
        let frame = CloseFrame::new(violation.close_code(), violation.to_string());
        if self.state == State::Open {
            self.decide(Cause::Violation(violation.clone()), Side::Us, Some(Some(&frame)));
            self.write_close(Some(&frame), out);
        }
        self.stop_sending(State::AwaitingEnd);
    }

    pub(super) fn deadline_passed(&mut self, deadline: Deadline, out: &mut Output) {
        let cause = Cause::Deadline(deadline);
        match deadline {
            Deadline::Idle => {
                let frame = CloseFrame::new(CloseCode::GOING_AWAY, "idle timeout");
                self.begin_close(cause, Some(frame), out);
            }
            Deadline::Heartbeat => {
                let code = self.config.heartbeat.unwrap_or_default().code;
                self.begin_close(cause, Some(CloseFrame::new(code, "ping timeout")), out);
                self.state = State::Ended;
            }
            Deadline::Close => {
                // A violation or another deadline stays the cause: that it was not answered follows from `clean`.
                if let Some(outcome) = &mut self.outcome
                    && outcome.cause == Cause::Close
                    && !outcome.clean
                {
                    outcome.cause = cause;
                }
                self.state = State::Ended;
            }
        }
    }

    fn begin_close(&mut self, cause: Cause, frame: Option<CloseFrame>, out: &mut Output) {
        self.decide(cause, Side::Us, Some(frame.as_ref()));
        self.write_close(frame.as_ref(), out);
        self.timers.restart_close();
        self.state = State::CloseSent;
    }

    fn stop_sending(&mut self, state: State) {
        self.partial = None;
        self.pongs = Pongs::default();
        self.timers.restart_close();
        self.state = state;
    }

    /// Notes how the connection ends. The first reason stays: what follows is a consequence of it.
    fn decide(&mut self, cause: Cause, by: Side, frame: Option<Option<&CloseFrame>>) {
        let code = match frame {
            Some(Some(frame)) => frame.code().get(),
            Some(None) => CloseCode::NO_STATUS,
            None => CloseCode::ABNORMAL,
        };
        let reason = frame.flatten().map_or_else(String::new, |frame| frame.reason().to_owned());
        self.outcome.get_or_insert_with(|| Box::new(Outcome { code, reason, by, clean: false, cause }));
    }

    fn write_close(&mut self, frame: Option<&CloseFrame>, out: &mut Output) {
        let body = frame.map(CloseFrame::encode).unwrap_or_default();
        self.write_control(OpCode::Close, &body, out);
    }
}
