//! Who wants to come in, before it is known who that is.

use std::net::IpAddr;
use std::sync::Arc;

use super::{Identity, Secret};
use crate::Handshake;

/// A client that wants to come in: what its first request said, the token that it showed, and who it is as far as is
/// known. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Applicant {
    handshake: Arc<Handshake>,
    carrier: &'static str,
    protocol: &'static str,
    /// Its protocol can carry a token later, as a message.
    speaks: bool,
    token: Option<Arc<Secret>>,
    identity: Option<Arc<Identity>>,
}

impl Applicant {
    /// A client of the native protocol.
    pub(crate) fn native(handshake: Arc<Handshake>) -> Self {
        Self::new(handshake, "websocket", "ropeway.json")
    }

    /// A client of Socket.IO; `carrier` is `websocket` or `polling`.
    pub(crate) fn socketio(handshake: Arc<Handshake>, carrier: &'static str) -> Self {
        Self::new(handshake, carrier, "socket.io")
    }

    fn new(handshake: Arc<Handshake>, carrier: &'static str, protocol: &'static str) -> Self {
        Self { handshake, carrier, protocol, speaks: true, token: None, identity: None }
    }

    /// The same of a client whose protocol has no message for a token (Engine.IO v3).
    #[must_use]
    pub(crate) fn without_messages(self) -> Self {
        Self { speaks: false, ..self }
    }

    pub(super) fn with_token(self, token: Arc<Secret>) -> Self {
        Self { token: Some(token), ..self }
    }

    pub(super) fn with_identity(self, identity: Option<Arc<Identity>>) -> Self {
        Self { identity, ..self }
    }

    pub(super) fn speaks(&self) -> bool {
        self.speaks
    }

    /// Its first request, with headers and query: secrets among them.
    pub fn handshake(&self) -> &Arc<Handshake> {
        &self.handshake
    }

    /// Its address; see [`Handshake::address`].
    pub fn address(&self) -> Option<IpAddr> {
        self.handshake.address()
    }

    /// `websocket` or `polling`.
    pub fn carrier(&self) -> &'static str {
        self.carrier
    }

    /// `ropeway.json` or `socket.io`.
    pub fn protocol(&self) -> &'static str {
        self.protocol
    }

    /// The token that it showed, in the request or as a message.
    pub fn token(&self) -> Option<&Secret> {
        self.token.as_deref()
    }

    /// Who it is, as the methods before have found.
    pub fn identity(&self) -> Option<&Arc<Identity>> {
        self.identity.as_ref()
    }
}
