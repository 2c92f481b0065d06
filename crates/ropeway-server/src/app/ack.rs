//! Acknowledgements: those that a handler sends by hand, and those that it waits for.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use ropeway_hub::{Answer, BoxFuture};

use super::{Arguments, Error, Refusal};

/// The acknowledgement of an event, to be sent by the handler or by whom it gives this to, at once or later. The
/// handler's return value is ignored then.
///
/// An acknowledgement that is dropped instead of sent is not sent.
#[derive(Debug)]
pub struct Ack(Option<Answer>);

impl Drop for Ack {
    fn drop(&mut self) {
        if let Some(answer) = self.0.take() {
            answer.ignore();
        }
    }
}

impl Ack {
    pub(super) fn new(answer: Option<Answer>) -> Self {
        Self(answer.filter(Answer::is_awaited))
    }

    /// Whether the client asked for it.
    pub fn is_awaited(&self) -> bool {
        self.0.is_some()
    }

    /// Calls the client's callback. Nothing happens when the client did not ask or has gone.
    ///
    /// # Errors
    /// The value has no JSON form; then nothing is sent.
    pub fn send(mut self, arguments: impl Arguments) -> Result<(), Error> {
        let encoded = arguments.encode()?;
        if let Some(answer) = self.0.take() {
            answer.send(encoded.as_payload());
        }
        Ok(())
    }

    /// Calls the client's callback with the error object of a [`Refusal`].
    pub fn refuse(mut self, refusal: impl Into<Refusal>) {
        if let Some(answer) = self.0.take() {
            refusal.into().answer(answer);
        }
    }
}

/// The answers of clients to an event of the application, which was sent before this was returned. Cancel-safe; dropping
/// it gives up the answers.
#[must_use = "the event is sent, but nobody looks at the answer"]
pub struct Acknowledgement<T>(BoxFuture<Result<T, Error>>);

impl<T> Acknowledgement<T> {
    pub(super) fn new(future: impl Future<Output = Result<T, Error>> + Send + 'static) -> Self {
        Self(Box::pin(future))
    }
}

impl<T> Future for Acknowledgement<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl<T> fmt::Debug for Acknowledgement<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Acknowledgement")
    }
}
