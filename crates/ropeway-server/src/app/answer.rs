//! What handlers return, and what becomes of it.

use super::arguments::Encoded;
use super::{
    Admission, Arguments, BeforeEvent, Connected, Disconnected, Error, Kind, Lookup, Message, Refusal,
};

/// What a handler of the kind `K` may return.
///
/// | kind | return values |
/// | --- | --- |
/// | [`Message`] | `()`: no acknowledgement; [`Reply<T>`]: this one; `Option`: nothing, or what is in it; `Result<_, E>`: the error as acknowledgement |
/// | [`Admission`], [`BeforeEvent`] | `()`: go on; `Result<(), E>`: an error refuses |
/// | [`Connected`], [`Disconnected`] | `()`; `Result<(), E>`: an error is logged |
/// | [`Lookup`] | `bool`: whether there is such a namespace |
///
/// `E` is [`Refusal`] or what converts to it: [`Error`], [`auth::Refusal`](crate::auth::Refusal), `&str`, `String`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be returned by a handler for `{K}`",
    note = "handlers of events return `()`, `Reply<T>`, `Option<Reply<T>>` or `Result<Reply<T>, Refusal>`, all others \
            `()` or `Result<(), Refusal>`, and `namespace_if` wants a `bool`"
)]
pub trait Outcome<K: Kind> {
    /// In the server's terms.
    #[doc(hidden)]
    fn into_output(self) -> K::Output;
}

/// An acknowledgement with this value as its argument; with [`Args`](super::Args) as several, with `()` as none. The
/// client's callback is called with it. Ignored when the client asked for no acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply<T>(pub T);

/// What a handler of an event has for the client.
#[doc(hidden)]
#[derive(Debug)]
pub enum Answered {
    /// No acknowledgement.
    Nothing,
    /// This one.
    Value(Encoded),
    /// The error object.
    Failed(Refusal),
}

impl Outcome<Message> for () {
    fn into_output(self) -> Answered {
        Answered::Nothing
    }
}

impl<T: Arguments> Outcome<Message> for Reply<T> {
    fn into_output(self) -> Answered {
        match self.0.encode() {
            Ok(encoded) => Answered::Value(encoded),
            Err(error) => {
                tracing::warn!(%error, "an acknowledgement cannot be encoded");
                Answered::Failed(error.into())
            }
        }
    }
}

impl<T: Outcome<Message>> Outcome<Message> for Option<T> {
    fn into_output(self) -> Answered {
        self.map_or(Answered::Nothing, T::into_output)
    }
}

impl<T: Outcome<Message>, E: Into<Refusal>> Outcome<Message> for Result<T, E> {
    fn into_output(self) -> Answered {
        self.map_or_else(|error| Answered::Failed(error.into()), T::into_output)
    }
}

impl Outcome<Lookup> for bool {
    fn into_output(self) -> bool {
        self
    }
}

macro_rules! passing {
    ($($kind:ident),*) => {$(
        impl Outcome<$kind> for () {
            fn into_output(self) -> Result<(), Refusal> {
                Ok(())
            }
        }

        impl<E: Into<Refusal>> Outcome<$kind> for Result<(), E> {
            fn into_output(self) -> Result<(), Refusal> {
                self.map_err(Into::into)
            }
        }
    )*};
}

passing!(Admission, BeforeEvent, Connected, Disconnected);

/// Not told to the client: it is our fault.
impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::Hub(error) => Self::coded(error.code(), error.to_string()),
            _ => Self::coded("internal", "the server cannot answer"),
        }
    }
}
