//! Sockets of any node, as other sockets and the application see them.

use std::sync::Arc;

use ropeway_hub::RemoteSocket as Fetched;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::arguments::read_first;
use super::seat::Seat;
use super::{Arguments, Broadcast, Error, Inner, Namespace, Rooms};

/// A socket on this node or another one, as it was when it was asked for: one of those that
/// [`fetch_sockets`](Broadcast::fetch_sockets) gives.
#[derive(Clone, Debug)]
pub struct RemoteSocket {
    namespace: Namespace,
    fetched: Fetched,
}

impl RemoteSocket {
    pub(super) fn new(namespace: Namespace, fetched: Fetched) -> Self {
        Self { namespace, fetched }
    }

    /// Its public name.
    pub fn id(&self) -> &str {
        &self.fetched.id
    }

    /// The rooms that it was in, without the one that has its own name.
    pub fn rooms(&self) -> &[Arc<str>] {
        &self.fetched.rooms
    }

    /// What [`Socket::set_data`](super::Socket::set_data) was given; nothing is `null`.
    ///
    /// # Errors
    /// It is not a `T`.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let text = self.fetched.data.as_deref().unwrap_or("null");
        read_first(ropeway_hub::Payload::text(text)).map_err(Error::Decode)
    }

    /// What its connection's first request said, as Socket.IO shows it: `headers`, `time`, `address`, `xdomain`,
    /// `secure`, `issued`, `url`, `query`, `auth`.
    pub fn handshake(&self) -> Option<Value> {
        serde_json::from_str(self.fetched.handshake.as_deref()?).ok()
    }

    /// Sends an event to it.
    ///
    /// # Errors
    /// Those of [`Broadcast::emit`].
    pub fn emit(&self, event: &str, arguments: impl Arguments) -> Result<(), Error> {
        self.alone().emit(event, arguments)
    }

    /// Makes it a member of rooms.
    ///
    /// # Errors
    /// Those of [`Broadcast::sockets_join`].
    pub fn join(&self, rooms: impl Rooms) -> Result<(), Error> {
        self.alone().sockets_join(rooms)
    }

    /// Ends its membership of rooms.
    ///
    /// # Errors
    /// Those of [`Broadcast::sockets_leave`].
    pub fn leave(&self, rooms: impl Rooms) -> Result<(), Error> {
        self.alone().sockets_leave(rooms)
    }

    /// Disconnects it; see [`Socket::disconnect`](super::Socket::disconnect).
    ///
    /// # Errors
    /// Those of [`Broadcast::disconnect_sockets`].
    pub fn disconnect(&self, close: bool) -> Result<(), Error> {
        self.alone().disconnect_sockets(close)
    }

    fn alone(&self) -> Broadcast {
        self.namespace.to(self.id())
    }
}

/// The handshake as the reference shows it.
pub(super) fn handshake_json(seat: &Seat) -> Option<Box<str>> {
    let handshake = &seat.handshake;
    let object = |pairs: &mut dyn Iterator<Item = (String, String)>| -> Map<String, Value> {
        pairs.map(|(name, value)| (name, Value::String(value))).collect()
    };
    let headers = object(&mut handshake.headers().map(|(name, value)| (name.to_owned(), value.to_owned())));
    let query =
        object(&mut handshake.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())));
    let auth: Option<&RawValue> = serde_json::from_str(seat.auth().text).ok();
    let shown = json!({
        "headers": headers,
        "time": handshake.issued(),
        "address": handshake.address(),
        "xdomain": handshake.is_cross_domain(),
        "secure": handshake.is_secure(),
        "issued": handshake.issued(),
        "url": handshake.url(),
        "query": query,
        "auth": auth.and_then(|auth| serde_json::from_str::<Value>(auth.get()).ok()).unwrap_or_else(|| json!({})),
    });
    Some(shown.to_string().into())
}

impl Inner {
    /// The namespace exists in the hub, if a server runs this; otherwise it will when one does.
    pub(super) fn add_to_hub(&self, namespace: &str) -> bool {
        let Some(running) = self.running.get() else { return false };
        let added = running.hub.has_namespace(namespace) || running.hub.add_namespace(namespace).is_ok();
        if !added {
            tracing::warn!(namespace, "there are as many namespaces as there may be");
        }
        added
    }
}
