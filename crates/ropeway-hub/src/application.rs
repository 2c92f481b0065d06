//! The application behind the server.

use crate::{Answer, DisconnectReason, Payload, Socket};

/// Receives the events that clients emit to it. Called on the task of the connection: hand over what takes
/// time, and keep the [`Answer`] until it is known.
pub trait Application: Send + Sync + 'static {
    /// `socket` sent an event. An answer that is dropped instead of sent is reported as
    /// [`Error::Unavailable`](crate::Error::Unavailable).
    fn event(&self, socket: &Socket, event: &str, data: Payload<'_>, answer: Answer);

    /// An established socket is about to end: it accepts nothing any more, but [`Socket::rooms`] still tells
    /// where it is. Called once, before [`Application::disconnected`], by whoever ends the socket.
    fn disconnecting(&self, _socket: &Socket, _reason: DisconnectReason) {}

    /// An established socket has ended, whoever ended it. Called once, on the thread that did it (which may be
    /// within a call of the application to the hub), under no lock.
    fn disconnected(&self, _socket: &Socket, _reason: DisconnectReason) {}

    /// What [`Hub::fetch_sockets`](crate::Hub::fetch_sockets) tells of the handshake of a socket: JSON text.
    fn handshake(&self, _socket: &Socket) -> Option<Box<str>> {
        None
    }
}
