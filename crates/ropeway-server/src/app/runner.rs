//! The handlers of one socket, in the order of its events.

use std::sync::Arc;

use ropeway_hub::OwnedPayload;

use super::Inner;
use super::definition::Handlers;
use crate::Handshake;

/// What the application keeps for a socket; attached to it in the hub.
pub(super) struct Seat {
    pub(super) app: Arc<Inner>,
    pub(super) handlers: Arc<Handlers>,
    pub(super) handshake: Arc<Handshake>,
    /// Absent when the client sent none.
    pub(super) auth: Option<Box<OwnedPayload>>,
    pub(super) recovered: bool,
}
