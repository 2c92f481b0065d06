//! What the client sent.

use ropeway_hub::{OwnedPayload, Payload};
use serde::de::DeserializeOwned;

use super::{Extract, Parts};
use crate::app::ack::Ack;
use crate::app::arguments::{
    Args, Arguments, Encoded, FromArguments, ReadArgs, read_args, read_auth, read_first,
};
use crate::app::kind::{HasEvent, Message};
use crate::app::{Error, Kind, Rejection};

/// The first argument of an event. Those that follow are ignored; one that is missing is `null`, so that `Option` makes
/// it optional.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Data<T>(pub T);

/// What the client sent as `auth` when it connected to the namespace; nothing is `null`, or `{}` for a type that has no
/// `null`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Auth<T>(pub T);

/// The name of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event(pub String);

/// All arguments of an event, as they came. It can be [sent](Arguments) again without being understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raw(pub(crate) OwnedPayload);

impl Raw {
    /// JSON values, separated by commas, in which `{"_placeholder":true,"num":0}` stands for the first attachment.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// The first argument, as [`Data`] gives it.
    ///
    /// # Errors
    /// It is not a `T`.
    pub fn first<T: DeserializeOwned>(&self) -> Result<T, Error> {
        read_first(self.0.as_payload()).map_err(Error::Decode)
    }

    /// The first arguments, as [`Args`] gives them.
    ///
    /// # Errors
    /// They are not a `T`.
    pub fn args<T: ReadArgs>(&self) -> Result<T, Error> {
        read_args(self.0.as_payload()).map_err(Error::Decode)
    }
}

impl Arguments for Raw {
    fn encode(&self) -> Result<Encoded, Error> {
        let OwnedPayload { text, attachments, list } = &self.0;
        Ok(Encoded { text: text.clone().into(), attachments: attachments.to_vec(), list: *list })
    }
}

impl FromArguments for Raw {
    fn decode(data: Payload<'_>) -> Result<Self, serde_json::Error> {
        Ok(Self(data.to_owned()))
    }
}

impl<K: HasEvent, T: DeserializeOwned> Extract<K> for Data<T> {
    fn extract(parts: &mut Parts<'_>) -> Result<Self, Rejection> {
        read_first(parts.data()).map(Self).map_err(|error| unreadable("the data", &error))
    }
}

impl<K: HasEvent, T: ReadArgs> Extract<K> for Args<T> {
    fn extract(parts: &mut Parts<'_>) -> Result<Self, Rejection> {
        read_args(parts.data()).map(Self).map_err(|error| unreadable("the arguments", &error))
    }
}

impl<K: HasEvent> Extract<K> for Raw {
    fn extract(parts: &mut Parts<'_>) -> Result<Self, Rejection> {
        Ok(Self(parts.data().to_owned()))
    }
}

impl<K: HasEvent> Extract<K> for Event {
    fn extract(parts: &mut Parts<'_>) -> Result<Self, Rejection> {
        Ok(Self(parts.event().unwrap_or_default().to_owned()))
    }
}

impl<K: Kind, T: DeserializeOwned> Extract<K> for Auth<T> {
    fn extract(parts: &mut Parts<'_>) -> Result<Self, Rejection> {
        read_auth(parts.auth).map(Self).map_err(|error| unreadable_secret(&error))
    }
}

impl Extract<Message> for Ack {
    fn extract(parts: &mut Parts<'_>) -> Result<Self, Rejection> {
        Ok(Self::new(parts.event.as_mut().and_then(|event| event.answer.take())))
    }
}

/// What serde says of a value quotes it, and `auth` is where tokens are: only that a field is missing is told.
fn unreadable_secret(error: &serde_json::Error) -> Rejection {
    let text = error.to_string();
    let told = if text.starts_with("missing field") { &text } else { "it has another form than is expected" };
    Rejection::bad_argument(format!("`auth` cannot be read: {told}"))
}

fn unreadable(what: &str, error: &serde_json::Error) -> Rejection {
    Rejection::bad_argument(format!("{what} cannot be read: {error}"))
}
