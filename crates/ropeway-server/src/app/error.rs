//! Errors of the application's calls, refusals for clients, and arguments that a handler cannot have.

use ropeway_hub::{Answer, Refused};
use serde::Serialize;

/// Why a call of the application failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The application's value has no JSON form, such as a map whose keys are no strings.
    #[error("the value cannot be written as JSON: {0}")]
    Encode(#[source] serde_json::Error),
    /// Clients accept no packet with more attachments than this.
    #[error("more than {limit} attachments in one packet")]
    Attachments {
        /// How many there may be.
        limit: usize,
    },
    /// The name of the event is `connect`, `connect_error`, `disconnect`, `disconnecting`, `newListener` or
    /// `removeListener`, which clients accept from nobody.
    #[error("no event can have this name: clients keep it for themselves")]
    ReservedName,
    /// The client's answer is not what the application expects; the client's fault.
    #[error("the client's answer cannot be read: {0}")]
    Decode(#[source] serde_json::Error),
    /// The [`App`](super::App) was not given to a server yet, or the server has ended.
    #[error("no server runs this application")]
    NotRunning,
    /// The hub refuses it: the socket has gone, a name is too long, too many answers are awaited, no answer came in
    /// time, ...
    #[error(transparent)]
    Hub(#[from] ropeway_hub::Error),
}

impl Error {
    /// Whether a client did not acknowledge in time.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Hub(ropeway_hub::Error::Timeout))
    }

    /// Whether the client has gone.
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Hub(ropeway_hub::Error::Closed))
    }
}

/// A refusal that the client is told.
///
/// Returned by middleware it becomes Socket.IO's `CONNECT_ERROR` (on the client: `connect_error` with `message` and
/// `data`); returned by the handler of an event it is the acknowledgement
/// `{"type":"error","code":..,"message":..,"retry":false,"data":..}`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// `refused` unless the server itself refuses.
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// JSON text.
    pub(crate) data: Option<Box<str>>,
}

impl Refusal {
    /// With a message for people.
    pub fn new(message: impl Into<String>) -> Self {
        Self::coded("refused", message)
    }

    /// Adds what programs read, as `data`. What has no JSON form is left out, with a warning in the log.
    #[must_use]
    pub fn with_data(mut self, data: impl Serialize) -> Self {
        match serde_json::to_string(&data) {
            Ok(text) => self.data = Some(text.into()),
            Err(error) => tracing::warn!(%error, "the data of a refusal cannot be encoded"),
        }
        self
    }

    pub(super) fn answer(self, answer: Answer) {
        let Self { code, message, data } = self;
        answer.refuse(&ropeway_hub::Error::Refused(Box::new(Refused { code, message, data })));
    }

    pub(super) fn coded(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }
}

/// Of authentication: the client reads the code in `data`.
impl From<crate::auth::Refusal> for Refusal {
    fn from(refusal: crate::auth::Refusal) -> Self {
        let data = serde_json::json!({ "code": refusal.code() });
        Self::coded(refusal.code(), refusal.message()).with_data(data)
    }
}

impl From<String> for Refusal {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}

impl From<&str> for Refusal {
    fn from(message: &str) -> Self {
        Self::new(message)
    }
}

/// An argument of a handler that could not be had. The handler is not called: the client that asked for an
/// acknowledgement gets an error object, middleware refuses, otherwise it is logged at debug level.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Rejection {
    code: &'static str,
    message: String,
}

impl Rejection {
    /// The client sent something else than the handler wants (code `bad_argument`). It gets the message.
    pub fn bad_argument(message: impl Into<String>) -> Self {
        Self { code: "bad_argument", message: message.into() }
    }

    /// The client has no credentials (code `unauthorized`). It gets the message.
    pub fn unauthorized(message: impl Into<String>) -> Self {
        Self { code: "unauthorized", message: message.into() }
    }

    /// The server lacks what the handler wants (code `internal`). The client is told no more than that: the message
    /// goes into the log, as an error.
    pub fn internal(message: impl std::fmt::Display) -> Self {
        tracing::error!(%message, "a handler cannot be called");
        Self { code: "internal", message: "the server cannot answer".to_owned() }
    }
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        Self::coded(rejection.code, rejection.message)
    }
}
