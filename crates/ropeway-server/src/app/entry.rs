//! What protocol sessions and the hub call.
//!
//! A session that wants to enter a namespace asks [`App::find`] for its handlers, opens a socket in the hub, has it
//! [admitted](App::admit), establishes it, queues its protocol's answer, and calls [`App::connected`]. From then on the
//! hub passes on events and the end. After each event the session asks [`App::congestion`].

use std::sync::Arc;

use ropeway_hub::{BoxFuture, Hub, OwnedPayload, Reply};

use super::{App, Handlers, Refusal};
use crate::Handshake;

impl App {
    /// Begins to serve a hub.
    pub(crate) fn start(&self, hub: Hub) {
        if self.0.hub.set(hub).is_err() {
            tracing::warn!("an application was given to two servers; it speaks to the first one only");
        }
    }

    /// Whether a namespace of this name, or of a pattern that fits it, is defined.
    pub(crate) fn has_namespace(&self, name: &str) -> bool {
        self.0.registry.has(name)
    }

    /// The handlers of a namespace: of its name, of a pattern or of a function. The namespace exists in the hub then.
    /// Nothing when the application does not know it. Should the hub not find it a moment later (its last socket left
    /// meanwhile), ask again.
    pub(crate) fn find(
        &self,
        namespace: &str,
        handshake: &Arc<Handshake>,
        auth: &OwnedPayload,
    ) -> Reply<Option<Arc<Handlers>>> {
        let _ = (handshake, auth);
        Reply::Ready(self.0.registry.fixed(namespace).map(|definition| definition.handlers()))
    }

    /// Makes the socket one of the application, and runs the middleware: the socket is open in the hub and not
    /// established. A recovered socket has passed before; whether it does again is for the configuration to say.
    pub(crate) fn admit(
        &self,
        handlers: &Arc<Handlers>,
        socket: &ropeway_hub::Socket,
        handshake: &Arc<Handshake>,
        auth: OwnedPayload,
        recovered: bool,
    ) -> Reply<Result<(), Refusal>> {
        let _ = (handlers, socket, handshake, auth, recovered);
        Reply::Ready(Ok(()))
    }

    /// The admitted socket is established, and the answer is queued.
    pub(crate) fn connected(&self, socket: &ropeway_hub::Socket) {
        let _ = socket;
    }

    /// Whether so much waits for this socket's handlers that its connection shall not be read: then until when. To be
    /// asked after each event that was dispatched. It ends as well when a handler waits for an acknowledgement, which
    /// only comes when the connection is read.
    pub(crate) fn congestion(&self, socket: &ropeway_hub::Socket) -> Option<BoxFuture<()>> {
        let _ = socket;
        None
    }
}
