//! The application behind the server.

use crate::{Answer, Payload, Socket};

/// Receives the events that clients emit to it. Called on the task of the connection: hand over what takes
/// time, and keep the [`Answer`] until it is known.
pub trait Application: Send + Sync + 'static {
    /// `socket` sent an event. An answer that is dropped instead of sent is reported as
    /// [`Error::Unavailable`](crate::Error::Unavailable).
    fn event(&self, socket: &Socket, event: &str, data: Payload<'_>, answer: Answer);
}
