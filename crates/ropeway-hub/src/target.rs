//! Who is addressed when several sockets are, and what can be done to them.

use std::sync::Arc;

use crate::{Member, OwnedPayload, Payload};

/// Established sockets of a namespace. A name is that of a room or the session of a socket; who is addressed by
/// several names is addressed once.
#[derive(Clone, Copy, Debug, Default)]
pub struct Target<'a> {
    /// The namespace.
    pub namespace: &'a str,
    /// Rooms and sessions; empty for everybody in the namespace. May name one twice.
    pub rooms: &'a [&'a str],
    /// Rooms and sessions whose sockets are left out.
    pub except: &'a [&'a str],
}

/// An event to publish to one room.
#[derive(Clone, Copy, Debug, Default)]
pub struct Publish<'a> {
    /// Which room.
    pub room: &'a str,
    /// The name of the event.
    pub event: &'a str,
    /// Its data.
    pub data: Payload<'a>,
    /// Makes it safe to repeat: a repetition is answered and not delivered again.
    pub key: Option<&'a str>,
    /// Not kept, no offset, dropped for slow consumers.
    pub volatile: bool,
}

/// An event for the sockets of a target, each of them served once.
#[derive(Clone, Copy, Debug, Default)]
pub struct Broadcast<'a> {
    /// Who gets it.
    pub target: Target<'a>,
    /// The name of the event.
    pub event: &'a str,
    /// Its data.
    pub data: Payload<'a>,
    /// Who sends; nobody when it is the server.
    pub from: Option<&'a Arc<Member>>,
    /// Dropped for slow consumers.
    pub volatile: bool,
    /// Only for sockets of this node.
    pub local: bool,
}

/// What the server can do to all sockets of a target.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Command<'a> {
    /// They become members of these rooms; [`Socket::enter`](crate::Socket::enter).
    Enter(&'a [&'a str]),
    /// They stop being members of these rooms; [`Socket::leave`](crate::Socket::leave).
    Leave(&'a [&'a str]),
    /// They end; [`Socket::disconnect`](crate::Socket::disconnect).
    Disconnect {
        /// And all other sockets of their connections.
        whole_connection: bool,
    },
}

/// A socket of any node, as it was when it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteSocket {
    /// Its public name.
    pub id: Arc<str>,
    /// The name that authentication proved.
    pub user: Option<Arc<str>>,
    /// The rooms that it is in, without the one that has its own name.
    pub rooms: Vec<Arc<str>>,
    /// [`Socket::data`](crate::Socket::data).
    pub data: Option<Arc<str>>,
    /// What the application tells of its handshake: JSON text.
    pub handshake: Option<Box<str>>,
}

/// The answers to a broadcast with acknowledgement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// Sessions and what they answered, in the order in which they did.
    pub answers: Vec<(Arc<str>, OwnedPayload)>,
    /// Sockets that did not answer in time, or ended before.
    pub missing: usize,
}
