//! What travels through the hub: payloads, members, and the messages that leave it for a connection.

use std::sync::Arc;

use bytes::Bytes;

use crate::{Error, Published};

/// The data of an event as it came: JSON text that the hub never interprets, and binary attachments that the
/// text refers to as `{"_placeholder":true,"num":i}` (Socket.IO). Empty text means that there is no data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Payload<'a> {
    /// JSON text: one value, or with `list` any number of values with commas between them.
    pub text: &'a str,
    /// Binary parts; the text refers to them by their number.
    pub attachments: &'a [Bytes],
    /// The text is the inside of an array: the arguments of a Socket.IO event.
    pub list: bool,
}

impl<'a> Payload<'a> {
    /// One JSON value.
    pub fn text(text: &'a str) -> Self {
        Self { text, attachments: &[], list: false }
    }

    /// Any number of JSON values with commas between them, none at all included.
    pub fn list(text: &'a str) -> Self {
        Self { text, attachments: &[], list: true }
    }

    /// Copies the text; attachments are shared.
    pub fn to_owned(self) -> OwnedPayload {
        OwnedPayload { text: self.text.into(), attachments: self.attachments.into(), list: self.list }
    }

    /// Bytes of text and attachments.
    pub fn size(&self) -> usize {
        self.text.len() + self.attachments.iter().map(Bytes::len).sum::<usize>()
    }
}

/// A [`Payload`] that outlives the message it came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnedPayload {
    /// JSON text: one value, or with `list` any number of values with commas between them.
    pub text: Box<str>,
    /// Binary parts.
    pub attachments: Box<[Bytes]>,
    /// The text is the inside of an array.
    pub list: bool,
}

impl OwnedPayload {
    /// The borrowed form.
    pub fn as_payload(&self) -> Payload<'_> {
        Payload { text: &self.text, attachments: &self.attachments, list: self.list }
    }
}

/// Who is in a room, as the others see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The public name of the socket, unique in the cluster.
    pub session: Arc<str>,
    /// The name that authentication proved.
    pub user: Option<Arc<str>>,
    /// JSON text: what the client said of itself when it joined.
    pub info: Option<Arc<str>>,
}

/// A place in the history of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Changes when the history was lost; offsets of different epochs have nothing to do with each other.
    pub epoch: Arc<str>,
    /// Of the newest event; the first one has offset 1.
    pub offset: u64,
}

/// A place in a history that a client remembers: the offset of the last event that it has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Since<'a> {
    /// As it was given in [`Position::epoch`].
    pub epoch: &'a str,
    /// Events above this one are asked for.
    pub offset: u64,
}

/// An event on its way to a connection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Event<'a> {
    /// The room it was sent to; absent when sent to one socket, to several rooms at once or to everybody.
    pub room: Option<&'a str>,
    /// The name of the event.
    pub event: &'a str,
    /// Its data.
    pub data: Payload<'a>,
    /// The member that published it; absent when the server did.
    pub from: Option<&'a Member>,
    /// Its place in the history; absent when it is not kept.
    pub offset: Option<u64>,
    /// Set when the receiver shall answer with [`Socket::acknowledge`](crate::Socket::acknowledge).
    pub ack: Option<u64>,
    /// It went to the room by a publish, of a member or of the server, and not by a broadcast.
    pub published: bool,
    /// What the client shall show when it comes back, to get what it missed after this event
    /// ([`Connection::recover`](crate::Connection::recover)).
    pub recovery: Option<&'a str>,
}

/// An event in the history of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastEvent {
    /// Its place in the history.
    pub offset: u64,
    /// The name of the event.
    pub event: Box<str>,
    /// Its data.
    pub data: OwnedPayload,
    /// The member that published it; absent when the server did.
    pub from: Option<Arc<Member>>,
}

impl PastEvent {
    /// The event as it is sent to a member of `room`.
    pub fn as_event<'a>(&'a self, room: &'a str) -> Event<'a> {
        Event {
            room: Some(room),
            event: &self.event,
            data: self.data.as_payload(),
            from: self.from.as_deref(),
            offset: Some(self.offset),
            published: true,
            ..Event::default()
        }
    }
}

/// A message that the hub, or the protocol layer through [`Socket::send`](crate::Socket::send), has for a
/// connection. `id` is that of the request which is answered.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Outbound<'a> {
    /// An event.
    Event(Event<'a>),
    /// The join succeeded; missed events and then live ones follow.
    Joined {
        /// Which room.
        room: &'a str,
        /// The request.
        id: Option<&'a str>,
        /// Where the stream of events that follows begins; absent in a room without history.
        position: Option<&'a Position>,
        /// Whether all missed events follow.
        recovered: bool,
        /// The other members and the new one itself, in a room with presence; bounded by
        /// [`Limits::members_listed`](crate::Limits::members_listed).
        members: Option<&'a [Arc<Member>]>,
    },
    /// The membership has ended.
    Left {
        /// Which room.
        room: &'a str,
        /// The request; absent when the server ended it.
        id: Option<&'a str>,
    },
    /// Somebody came to a room.
    MemberJoined {
        /// Which room.
        room: &'a str,
        /// Who.
        member: &'a Member,
    },
    /// Somebody left a room.
    MemberLeft {
        /// Which room.
        room: &'a str,
        /// Who.
        member: &'a Member,
    },
    /// The answer to a presence request.
    Members {
        /// Which room.
        room: &'a str,
        /// The request.
        id: &'a str,
        /// Bounded by [`Limits::members_listed`](crate::Limits::members_listed).
        members: &'a [Arc<Member>],
    },
    /// The answer to a history request.
    History {
        /// Which room.
        room: &'a str,
        /// The request.
        id: &'a str,
        /// What the broker found.
        page: &'a crate::HistoryPage,
    },
    /// A publish succeeded.
    Published {
        /// The request.
        id: &'a str,
        /// Its place in the history, and whether it is a repetition.
        published: &'a Published,
    },
    /// The application answered an event that it was sent.
    Answer {
        /// The request.
        id: &'a str,
        /// What it answered.
        data: Payload<'a>,
    },
    /// The server has ended this socket; the connection and its other sockets stay. A protocol that encodes this
    /// as nothing has its connection closed instead ([`Close::DISCONNECTED`](crate::Close::DISCONNECTED)).
    Disconnected,
    /// A request failed.
    Error {
        /// The request, when it had an id.
        id: Option<&'a str>,
        /// Why.
        error: &'a Error,
    },
}

/// The identity of an encoding: protocol, framing of the carrier and compression parameters. Two encoders with
/// the same identity must produce the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EncoderId(pub u64);

/// Turns messages of the hub into frames that a connection sends as they are.
pub trait Encoder: Send + Sync + 'static {
    /// Asked once per connection.
    fn id(&self) -> EncoderId;

    /// The ready frame, carrier header included. Empty bytes mean that the protocol has no such message: it is
    /// not sent. Called while a room is locked: encode and return, do not call the hub.
    fn encode(&self, namespace: &str, message: &Outbound<'_>) -> Bytes;
}
