//! A client in a namespace.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::arguments::{FromArguments, encode_event, read_auth, read_first};
use super::broadcast::{TIMEOUT, settle};
use super::rooms::names;
use super::seat::Seat;
use super::{Acknowledgement, Arguments, Broadcast, Error, Namespace, Rooms};
use crate::Handshake;
use crate::auth::{self, Applicant, Identity, Secret};

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
        self.hub.id()
    }

    /// The name of the user that the client's credentials prove.
    pub fn user(&self) -> Option<&str> {
        self.hub.member().user.as_deref()
    }

    /// Who the client is and what it may do, as its credentials say; it changes when the client renews them. Absent for
    /// clients without credentials.
    pub fn identity(&self) -> Option<Arc<Identity>> {
        Identity::of(&self.hub)
    }

    /// Its namespace, to send to everybody in it, this socket included.
    pub fn namespace(&self) -> Namespace {
        Namespace::new(self.seat.app.clone(), self.hub.namespace())
    }

    /// What the connection's first request said.
    pub fn handshake(&self) -> &Arc<Handshake> {
        &self.seat.handshake
    }

    /// What the client sent as `auth` when it connected to the namespace; nothing is `null`.
    ///
    /// # Errors
    /// [`Error::Decode`]: it is not a `T`.
    pub fn auth<T: DeserializeOwned>(&self) -> Result<T, Error> {
        read_auth(self.seat.auth()).map_err(Error::Decode)
    }

    /// Gives this socket the credentials of a fresh token of the same user, which its client has sent: they decide from
    /// now on what it may do, and until when. A client of Socket.IO whose credentials end is disconnected from the
    /// namespace; one of the native protocol renews them itself, with `auth`. Cancel-safe: until it has ended, nothing
    /// has changed.
    ///
    /// # Errors
    /// The token is not good, or for another user; the socket came in without credentials, or without a name and the token
    /// has one, which it can have only by connecting anew; no server runs this application.
    pub async fn authenticate(&self, token: &str) -> Result<Arc<Identity>, auth::Refusal> {
        let running = self.seat.app.running.get();
        let running = running.ok_or_else(|| auth::Refusal::unavailable("no server runs this application"))?;
        let carrier = match self.handshake().query("transport").as_deref() {
            Some("polling") => "polling",
            _ => "websocket",
        };
        let applicant = Applicant::socketio(self.handshake().clone(), carrier);
        running.auth.renew(&applicant, &self.hub, Secret::new(token)).await
    }

    /// Whether it was missing for a moment and has its name, rooms and data back, and got what it missed (connection
    /// state recovery).
    pub fn recovered(&self) -> bool {
        self.hub.is_recovered()
    }

    /// Whether it has entered the namespace and has not gone.
    pub fn connected(&self) -> bool {
        self.hub.is_connected()
    }

    /// What was said of this socket with [`set_data`](Self::set_data); nothing is `null`.
    ///
    /// # Errors
    /// [`Error::Decode`]: it is not a `T`.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let text = self.hub.data();
        read_first(ropeway_hub::Payload::text(text.as_deref().unwrap_or("null"))).map_err(Error::Decode)
    }

    /// Says something of this socket that all nodes learn by [`fetch_sockets`](Broadcast::fetch_sockets), and that
    /// connection state recovery brings back: `socket.data` in Socket.IO. Replaces what was said before.
    ///
    /// # Errors
    /// [`Error::Encode`].
    pub fn set_data(&self, data: impl Serialize) -> Result<(), Error> {
        self.hub.set_data(&serde_json::to_string(&data).map_err(Error::Encode)?);
        Ok(())
    }

    /// Values by type that belong to this socket and stay on this node, such as who the client is. They are dropped
    /// after `on_disconnect`, so they may well hold a handle of this socket.
    pub fn extensions(&self) -> Extensions<'_> {
        Extensions(&self.seat)
    }

    /// Becomes a member of rooms: at once, or when the broker of the cluster has answered.
    ///
    /// # Errors
    /// Of the hub: a name is not valid, the socket is in as many rooms as it may be, or has gone. Rooms that were named
    /// before the one that failed are entered.
    pub fn join(&self, rooms: impl Rooms) -> Result<(), Error> {
        names(rooms).iter().try_for_each(|room| settle(&self.seat.app, self.hub.enter(room)))
    }

    /// Stops being a member of rooms. Those that it is not in do not matter.
    pub fn leave(&self, rooms: impl Rooms) {
        for room in names(rooms) {
            // Not being in it is what was asked for.
            let _ = self.hub.leave(&room, None);
        }
    }

    /// The rooms that it is in, without the one that has its own name; in `on_disconnect` those that it was in.
    pub fn rooms(&self) -> Vec<Arc<str>> {
        self.seat.noted_rooms().unwrap_or_else(|| self.hub.rooms())
    }

    /// Ends this socket: the client gets `disconnect` with the reason `io server disconnect` and does not come back by
    /// itself. With `close` all other sockets of the connection are ended as well, and the connection is closed.
    ///
    /// A client of the native protocol is closed in both cases.
    pub fn disconnect(&self, close: bool) {
        self.hub.disconnect(close);
    }

    /// Sends an event to this client alone. It is queued when this returns.
    ///
    /// # Errors
    /// [`Error::Encode`], [`Error::Attachments`], [`Error::ReservedName`].
    pub fn emit(&self, event: &str, arguments: impl Arguments) -> Result<(), Error> {
        let encoded = encode_event(event, &arguments)?;
        self.hub.emit(event, encoded.as_payload());
        Ok(())
    }

    /// Sends an event to this client and waits for its acknowledgement, 10 s long; see [`Emitter::emit_with_ack`].
    ///
    /// # Errors
    /// Those of [`Emitter::emit_with_ack`].
    pub fn emit_with_ack<T: FromArguments>(
        &self,
        event: &str,
        arguments: impl Arguments,
    ) -> Acknowledgement<T> {
        Emitter { socket: self, volatile: false, timeout: None }.emit_with_ack(event, arguments)
    }

    /// Sends to this client alone, or on to others, dropping the event for who does not read as fast as it is sent to.
    pub fn volatile(&self) -> Emitter<'_> {
        Emitter { socket: self, volatile: true, timeout: None }
    }

    /// Sends to this client alone, or on to others, and waits this long for acknowledgements.
    pub fn timeout(&self, timeout: Duration) -> Emitter<'_> {
        Emitter { socket: self, volatile: false, timeout: Some(timeout) }
    }

    /// Addresses the sockets of these rooms, but not this one.
    pub fn to(&self, rooms: impl Rooms) -> Broadcast {
        self.broadcast().to(rooms)
    }

    /// The same as [`to`](Self::to), for where it reads better (`in` in Socket.IO).
    pub fn in_room(&self, rooms: impl Rooms) -> Broadcast {
        self.to(rooms)
    }

    /// Addresses all sockets of the namespace but those of these rooms and this one.
    pub fn except(&self, rooms: impl Rooms) -> Broadcast {
        self.broadcast().except(rooms)
    }

    /// Addresses all sockets of this node, but not this one.
    pub fn local(&self) -> Broadcast {
        self.broadcast().local()
    }

    /// Addresses all sockets of the namespace but this one.
    pub fn broadcast(&self) -> Broadcast {
        Broadcast::new(self.namespace()).except(self.id())
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("id", &self.id()).field("namespace", &self.hub.namespace()).finish()
    }
}

/// Sends in a certain way: to one socket, or to others than that one.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `emit` or `emit_with_ack` is called"]
pub struct Emitter<'a> {
    socket: &'a Socket,
    volatile: bool,
    timeout: Option<Duration>,
}

impl Emitter<'_> {
    /// Drops the event when the client does not read as fast as it is sent to. An event that is to be acknowledged is
    /// not dropped.
    pub fn volatile(self) -> Self {
        Self { volatile: true, ..self }
    }

    /// Sets how long the acknowledgement is waited for.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout: Some(timeout), ..self }
    }

    /// Addresses the sockets of these rooms, but not this one.
    pub fn to(&self, rooms: impl Rooms) -> Broadcast {
        self.broadcast().to(rooms)
    }

    /// The same as [`to`](Self::to), for where it reads better (`in` in Socket.IO).
    pub fn in_room(&self, rooms: impl Rooms) -> Broadcast {
        self.to(rooms)
    }

    /// Addresses all sockets of the namespace but those of these rooms and this one.
    pub fn except(&self, rooms: impl Rooms) -> Broadcast {
        self.broadcast().except(rooms)
    }

    /// Addresses all sockets of this node, but not this one.
    pub fn local(&self) -> Broadcast {
        self.broadcast().local()
    }

    /// Addresses all sockets of the namespace but this one.
    pub fn broadcast(&self) -> Broadcast {
        self.socket.broadcast().with(self.volatile, self.timeout)
    }

    /// Sends an event.
    ///
    /// # Errors
    /// [`Error::Encode`], [`Error::Attachments`], [`Error::ReservedName`].
    pub fn emit(&self, event: &str, arguments: impl Arguments) -> Result<(), Error> {
        let encoded = encode_event(event, &arguments)?;
        if self.volatile {
            self.socket.hub.emit_volatile(event, encoded.as_payload());
        } else {
            self.socket.hub.emit(event, encoded.as_payload());
        }
        Ok(())
    }

    /// Sends an event and waits for its acknowledgement, of which `T` is the first argument (or several, as
    /// [`Args`](super::Args)). The event is queued when this returns; awaiting brings the answer. Cancel-safe; dropping
    /// it gives up the answer.
    ///
    /// To be awaited on a tokio runtime with a timer. A handler may await it: acknowledgements are read while events
    /// wait.
    ///
    /// # Errors
    /// [`Error::Encode`], [`Error::Attachments`], [`Error::ReservedName`], [`Error::Decode`], and of the hub: no answer
    /// came in time, the client has gone, or more than 64 answers of this client are awaited.
    pub fn emit_with_ack<T: FromArguments>(
        &self,
        event: &str,
        arguments: impl Arguments,
    ) -> Acknowledgement<T> {
        let asked = self.socket.seat.clone().ask();
        let timeout = self.timeout.unwrap_or(TIMEOUT);
        let sent = encode_event(event, &arguments).and_then(|encoded| {
            self.socket.hub.emit_with_ack(event, encoded.as_payload(), timeout).map_err(Error::Hub)
        });
        Acknowledgement::new(async move {
            let _asked = asked;
            // The hub looks at the time once a second only.
            let answer = tokio::time::timeout(timeout, sent?).await;
            let answer = answer.unwrap_or(Err(ropeway_hub::Error::Timeout))?;
            T::decode(answer.as_payload()).map_err(Error::Decode)
        })
    }
}

/// Values by type; see [`Socket::extensions`].
#[derive(Debug)]
pub struct Extensions<'a>(&'a Seat);

impl Extensions<'_> {
    /// Sets the value of its type, and gives the one that was there.
    pub fn insert<T: Clone + Send + Sync + 'static>(&self, value: T) -> Option<T> {
        self.0.extensions().insert(value)
    }

    /// A clone of the value of this type.
    pub fn get<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.0.extensions().get().cloned()
    }

    /// Takes the value of this type away.
    pub fn remove<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.0.extensions().remove()
    }
}
