//! What surrounds an event.

use std::any::{TypeId, type_name};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::{Extract, Need, Parts};
use crate::Handshake;
use crate::app::kind::{Disconnected, HasSocket};
use crate::app::{DisconnectReason, Kind, Namespace, Rejection, Socket};
use crate::auth::Identity;

/// A clone of what was given to [`App::state`](crate::app::App::state). Cheap to clone it should be: an `Arc`, a pool.
/// [`Builder::bind`](crate::Builder::bind) fails when a handler asks for one that was not given.
#[derive(Clone, Copy, Debug)]
pub struct State<S>(pub S);

impl<K: Kind, S: Clone + Send + Sync + 'static> Extract<K> for State<S> {
    fn extract(parts: &mut Parts<'_>) -> Result<Self, Rejection> {
        parts.app.states.find::<S>().map(Self).ok_or_else(|| {
            Rejection::internal(format_args!("no state of type {} was given to the app", type_name::<S>()))
        })
    }

    fn needs() -> Option<Need> {
        Some((TypeId::of::<S>(), type_name::<S>()))
    }
}

impl<K: HasSocket> Extract<K> for Socket {
    fn extract(parts: &mut Parts<'_>) -> Result<Self, Rejection> {
        parts.socket.cloned().ok_or_else(|| Rejection::internal("there is no socket"))
    }
}

impl<K: Kind> Extract<K> for Arc<Handshake> {
    fn extract(parts: &mut Parts<'_>) -> Result<Self, Rejection> {
        Ok(parts.handshake.clone())
    }
}

/// Who the client is; the handler is for clients with credentials only.
impl<K: HasSocket> Extract<K> for Arc<Identity> {
    fn extract(parts: &mut Parts<'_>) -> Result<Self, Rejection> {
        parts
            .socket
            .and_then(Socket::identity)
            .ok_or_else(|| Rejection::unauthorized("this needs credentials"))
    }
}

/// Who the client is, if that is known.
impl<K: HasSocket> Extract<K> for Option<Arc<Identity>> {
    fn extract(parts: &mut Parts<'_>) -> Result<Self, Rejection> {
        Ok(parts.socket.and_then(Socket::identity))
    }
}

impl<K: Kind> Extract<K> for Namespace {
    fn extract(parts: &mut Parts<'_>) -> Result<Self, Rejection> {
        Ok(Self::new(parts.app.clone(), parts.namespace))
    }
}

impl Extract<Disconnected> for DisconnectReason {
    fn extract(parts: &mut Parts<'_>) -> Result<Self, Rejection> {
        parts.reason.ok_or_else(|| Rejection::internal("there is no reason"))
    }
}

impl<S> Deref for State<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.0
    }
}

impl<S> DerefMut for State<S> {
    fn deref_mut(&mut self) -> &mut S {
        &mut self.0
    }
}
