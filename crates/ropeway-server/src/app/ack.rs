//! Acknowledgements that a handler sends by hand.

use ropeway_hub::Answer;

use super::{Arguments, Error, Refusal};

/// The acknowledgement of an event, to be sent by the handler or by whom it gives this to, at once or later. The
/// handler's return value is ignored then.
///
/// An acknowledgement that is dropped instead of sent is not sent.
#[derive(Debug)]
pub struct Ack(Option<Answer>);

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
    pub fn send(self, arguments: impl Arguments) -> Result<(), Error> {
        let encoded = arguments.encode()?;
        if let Some(answer) = self.0 {
            answer.send(encoded.as_payload());
        }
        Ok(())
    }

    /// Calls the client's callback with the error object of a [`Refusal`].
    pub fn refuse(self, refusal: impl Into<Refusal>) {
        if let Some(answer) = self.0 {
            answer.send(ropeway_hub::Payload::text(&refusal.into().to_json()));
        }
    }
}
