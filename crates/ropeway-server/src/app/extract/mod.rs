//! Extractors: the arguments of handlers.

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;

use ropeway_hub::{Answer, Payload};

use super::{DisconnectReason, Inner, Rejection, Socket};
use crate::Handshake;

mod context;
mod values;

pub use context::State;
pub use values::{Auth, Data, Event, Raw};

/// An argument of a handler of the kind `K`. Write your own by way of the others:
///
/// ```
/// use ropeway_server::app::{Auth, Extract, Kind, Parts, Rejection};
/// use serde::Deserialize;
///
/// struct User(String);
///
/// #[derive(Deserialize)]
/// struct Token {
///     token: String,
/// }
///
/// impl<K: Kind> Extract<K> for User {
///     fn extract(parts: &mut Parts<'_>) -> Result<Self, Rejection> {
///         let Auth(Token { token }) = <Auth<Token> as Extract<K>>::extract(parts)?;
///         match &*token {
///             "1234" => Ok(Self("anna".to_owned())),
///             _ => Err(Rejection::bad_argument("who are you?")),
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a handler for `{K}`",
    note = "arguments are `Socket`, `State<S>`, `Auth<T>`, `Arc<Identity>`, `Arc<Handshake>`, `Namespace`; where there is an event also \
            `Data<T>`, `Args<(A, B)>`, `Event`, `Raw`; `Ack` in handlers of events and `DisconnectReason` in \
            `on_disconnect`"
)]
pub trait Extract<K>: Sized {
    /// Takes what it needs. Called on the task of the connection: quick, and without waiting.
    ///
    /// # Errors
    /// Then the handler is not called; see [`Rejection`].
    fn extract(parts: &mut Parts<'_>) -> Result<Self, Rejection>;

    /// The state without which there is none, so that a server need not begin without it.
    #[doc(hidden)]
    fn needs() -> Option<Need> {
        None
    }
}

/// A type of [`State`] and its name.
#[doc(hidden)]
pub type Need = (TypeId, &'static str);

/// The occasion on which a handler is called.
pub struct Parts<'a> {
    pub(super) app: &'a Arc<Inner>,
    pub(super) namespace: &'a str,
    pub(super) handshake: &'a Arc<Handshake>,
    /// JSON text, empty when the client sent none.
    pub(super) auth: Payload<'a>,
    /// Absent in a lookup.
    pub(super) socket: Option<&'a Socket>,
    pub(super) event: Option<EventParts<'a>>,
    pub(super) reason: Option<DisconnectReason>,
}

/// The event that is handled.
pub(super) struct EventParts<'a> {
    pub(super) name: &'a str,
    pub(super) data: Payload<'a>,
    /// Taken by the handler that answers.
    pub(super) answer: Option<Answer>,
}

impl Parts<'_> {
    /// The name of the namespace.
    pub fn namespace(&self) -> &str {
        self.namespace
    }

    /// What the connection's first request said.
    pub fn handshake(&self) -> &Arc<Handshake> {
        self.handshake
    }

    /// The socket; there is none before a namespace was found.
    pub fn socket(&self) -> Option<&Socket> {
        self.socket
    }

    /// The name of the event, when it is one.
    pub fn event(&self) -> Option<&str> {
        self.event.as_ref().map(|event| event.name)
    }

    fn data(&self) -> Payload<'_> {
        self.event.as_ref().map_or(Payload::default(), |event| event.data)
    }
}

impl fmt::Debug for Parts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts")
            .field("namespace", &self.namespace)
            .field("event", &self.event())
            .finish_non_exhaustive()
    }
}
