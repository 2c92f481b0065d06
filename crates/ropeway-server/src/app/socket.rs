//! A client in a namespace.

use std::fmt;
use std::sync::Arc;

use super::runner::Seat;
use super::{Arguments, Error, Namespace};
use crate::Handshake;

/// A client in a namespace: a handle, cheap to clone, usable from every thread and for as long as one likes. When the
/// client has gone, what is sent goes nowhere.
#[derive(Clone)]
pub struct Socket {
    pub(super) hub: ropeway_hub::Socket,
    pub(super) seat: Arc<Seat>,
}

impl Socket {
    /// The public name of this socket, unique in the cluster: Socket.IO's `socket.id`. It is also the name of a room
    /// that only this socket is in.
    pub fn id(&self) -> &str {
        &self.hub.member().session
    }

    /// Its namespace.
    pub fn namespace(&self) -> Namespace {
        Namespace::new(self.seat.app.clone(), self.hub.namespace())
    }

    /// What the connection's first request said.
    pub fn handshake(&self) -> &Arc<Handshake> {
        &self.seat.handshake
    }

    /// Whether it was missing for a moment and has its name, rooms and data back, and got what it missed (connection
    /// state recovery).
    pub fn recovered(&self) -> bool {
        self.seat.recovered
    }

    /// Sends an event to this client alone.
    ///
    /// # Errors
    /// [`Error::Encode`], [`Error::Attachments`].
    pub fn emit(&self, event: &str, arguments: impl Arguments) -> Result<(), Error> {
        let encoded = arguments.encode()?;
        self.hub.emit(event, encoded.as_payload());
        Ok(())
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("id", &self.id()).field("namespace", &self.hub.namespace()).finish()
    }
}
