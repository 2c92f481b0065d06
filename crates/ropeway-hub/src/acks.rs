//! Acknowledgements, both ways.

use std::pin::Pin;
use std::task::{Context, Poll};

use crate::{Error, OwnedPayload, Payload};

/// The place for the application's answer to an event of a client.
#[derive(Debug)]
pub struct Answer(());

impl Answer {
    /// Whether the client waits for it.
    pub fn is_awaited(&self) -> bool {
        false
    }

    /// Sends the answer. Ignored when nobody waits for it any more.
    pub fn send(self, data: Payload<'_>) {
        let _ = data;
    }

    /// Answers with an error.
    pub fn refuse(self, error: &Error) {
        let _ = error;
    }
}

/// The future of a client's answer: its data, [`Error::Timeout`] or [`Error::Closed`]. Dropping it forgets the
/// answer; the event stays sent.
#[derive(Debug)]
pub struct Acknowledgement(());

impl Future for Acknowledgement {
    type Output = Result<OwnedPayload, Error>;

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Err(Error::Unavailable))
    }
}
