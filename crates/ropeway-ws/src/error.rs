//! Why a connection stopped giving messages.

use std::io;

use ropeway_proto::{Cause, Deadline, Outcome, Violation};
use thiserror::Error;

/// Why a connection ended other than by a closing handshake.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The peer broke the protocol. It was told so by a close frame.
    #[error("the peer broke the protocol: {0}")]
    Violation(#[from] Violation),
    /// The network, or the peer without a word.
    #[error("the stream failed: {0}")]
    Io(#[from] io::Error),
    /// The peer ended the stream without a close frame.
    #[error("the peer ended the stream without a close frame")]
    EndOfStream,
    /// The peer was silent for too long, or idle, or did not answer a close frame.
    #[error("{}", deadline_text(*.0))]
    Deadline(Deadline),
    /// The connection is closing or closed: nothing can be sent any more.
    #[error("the connection is closing or closed")]
    Closed,
}

impl From<ropeway_proto::Closed> for Error {
    fn from(_: ropeway_proto::Closed) -> Self {
        Self::Closed
    }
}

impl Error {
    /// The error that an outcome is, if it is one.
    pub(crate) fn of(outcome: &Outcome) -> Option<Self> {
        match &outcome.cause {
            Cause::Violation(violation) => Some(Self::Violation(violation.clone())),
            Cause::Deadline(deadline) => Some(Self::Deadline(*deadline)),
            Cause::EndOfStream => Some(Self::EndOfStream),
            _ => None,
        }
    }
}

fn deadline_text(deadline: Deadline) -> &'static str {
    match deadline {
        Deadline::Heartbeat => "the peer did not answer a ping in time",
        Deadline::Idle => "no message went either way for the idle timeout",
        Deadline::Close => "the peer did not finish the closing handshake in time",
    }
}
