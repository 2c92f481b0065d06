//! The application's door, which a client has to pass.

use std::sync::Arc;

use ropeway_hub::{BoxFuture, OwnedPayload, Socket};

use crate::app::{App, Refusal};
use crate::handshake::Handshake;

/// The native protocol has no namespaces: all its clients are in this one.
pub(super) const NAMESPACE: &str = "/";

/// The application behind the server, and what it may want to know of a client.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) app: App,
    pub(crate) handshake: Arc<Handshake>,
}

/// Whether an application handles the events of the client that is let in.
pub(super) struct Admitted {
    pub(super) is_handled: bool,
}

/// A client at the door or behind it. Boxed where it is kept, since most servers have no application.
pub(super) struct Passage {
    pub(super) app: App,
    /// Whether the application lets the client in, while that is not known. Nothing is read meanwhile.
    pub(super) admission: Option<BoxFuture<Result<Admitted, Refusal>>>,
}

impl Door {
    pub(super) fn pass(self, socket: Socket) -> Passage {
        Passage { app: self.app.clone(), admission: Some(self.admit(socket)) }
    }

    /// Whether the middleware lets a socket in.
    fn admit(self, socket: Socket) -> BoxFuture<Result<Admitted, Refusal>> {
        let Self { app, handshake } = self;
        Box::pin(async move {
            // The protocol has no place for it.
            let auth = OwnedPayload::default();
            let Some(handlers) = app.find(NAMESPACE, &handshake, &auth).await else {
                return Ok(Admitted { is_handled: false });
            };
            app.admit(&handlers, &socket, &handshake, auth, false).await?;
            Ok(Admitted { is_handled: true })
        })
    }
}
