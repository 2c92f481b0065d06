//! A socket: the membership of a connection in a namespace.

use std::time::Duration;

use crate::{
    Acknowledgement, Close, Error, HistoryPage, HistoryQuery, Member, Outbound, Payload, Publish, Published,
    Reply, Since,
};

/// A handle of one socket, cheap to clone, usable from every thread. After the connection has ended everything
/// answers [`Error::Closed`].
#[derive(Clone, Debug)]
pub struct Socket(Member);

/// A request to join a room.
#[derive(Clone, Copy, Debug, Default)]
pub struct Join<'a> {
    /// Which room.
    pub room: &'a str,
    /// Goes into the answer.
    pub id: Option<&'a str>,
    /// What the client has seen already.
    pub since: Option<Since<'a>>,
    /// JSON text that the other members see.
    pub info: Option<&'a str>,
}

impl Socket {
    /// The public name of this socket and the user behind it.
    pub fn member(&self) -> &Member {
        &self.0
    }

    /// The name of its namespace.
    pub fn namespace(&self) -> &str {
        ""
    }

    /// Becomes a member of a room. Queues [`Outbound::Joined`], then the missed events, then live ones, without
    /// gap or repetition. A member that joins again is answered in the same way; the others do not notice, and its
    /// `info` stays as it was.
    ///
    /// What was missed is replayed completely or, when a part of it is gone or it is more than the outbox
    /// can hold, not at all.
    ///
    /// A pending reply must be awaited: until then the socket gets nothing from the room. Dropping it leaves
    /// the room.
    ///
    /// # Errors
    /// [`Error::InvalidRoom`], [`Error::TooLarge`] (info), [`Error::Forbidden`], [`Error::TooManyRooms`],
    /// [`Error::Unavailable`] (the broker cannot tell where the room stands, or a join of the same room is
    /// under way), [`Error::Closed`]. Nothing is queued then.
    pub fn join(&self, join: &Join<'_>) -> Reply<Result<(), Error>> {
        let _ = join;
        Reply::Ready(Err(Error::Unavailable))
    }

    /// Stops being a member. Queues [`Outbound::Left`]; nothing from the room follows it.
    ///
    /// # Errors
    /// [`Error::NotJoined`].
    pub fn leave(&self, room: &str, id: Option<&str>) -> Result<(), Error> {
        let _ = (room, id);
        Err(Error::NotJoined)
    }

    /// Publishes to a room as its member. The event is queued for all members, this socket included, before the
    /// answer is there. The answer is not queued: send [`Outbound::Published`] when the client wants it.
    ///
    /// # Errors
    /// [`Error::NotJoined`], [`Error::Forbidden`], [`Error::TooLarge`] (key), [`Error::Unavailable`] (the broker
    /// did not take it; with a key it is safe to try again).
    pub fn publish(&self, publish: &Publish<'_>) -> Reply<Result<Published, Error>> {
        let _ = publish;
        Reply::Ready(Err(Error::Unavailable))
    }

    /// Queues [`Outbound::Members`].
    ///
    /// # Errors
    /// [`Error::NotJoined`], [`Error::NoPresence`], [`Error::Unavailable`] while a join is under way.
    pub fn presence(&self, room: &str, id: &str) -> Result<(), Error> {
        let _ = (room, id);
        Err(Error::NotJoined)
    }

    /// Past events of a room that the socket is in. Not queued: send [`Outbound::History`].
    ///
    /// # Errors
    /// [`Error::NotJoined`], [`Error::NoHistory`], [`Error::Unavailable`].
    pub fn history(&self, room: &str, query: HistoryQuery<'_>) -> Reply<Result<HistoryPage, Error>> {
        let _ = (room, query);
        Reply::Ready(Err(Error::NotJoined))
    }

    /// Hands an event of this client to the application. With an `id` the answer is queued as
    /// [`Outbound::Answer`] or [`Outbound::Error`], once.
    ///
    /// # Errors
    /// [`Error::NoHandler`], [`Error::Unavailable`] (too many wait for an answer), [`Error::Closed`].
    pub fn dispatch(&self, event: &str, data: Payload<'_>, id: Option<&str>) -> Result<(), Error> {
        let _ = (event, data, id);
        Err(Error::NoHandler)
    }

    /// Sends an event to this client alone.
    pub fn emit(&self, event: &str, data: Payload<'_>) {
        let _ = (event, data);
    }

    /// Sends an event to this client and waits for its answer. The timeout is looked at by
    /// [`Hub::tick`](crate::Hub::tick).
    ///
    /// # Errors
    /// [`Error::Unavailable`] (too many are awaited), [`Error::Closed`].
    pub fn emit_with_ack(
        &self,
        event: &str,
        data: Payload<'_>,
        timeout: Duration,
    ) -> Result<Acknowledgement, Error> {
        let _ = (event, data, timeout);
        Err(Error::Unavailable)
    }

    /// The client has answered the event with this [`ack`](crate::Event::ack). Unknown ids, and a second answer,
    /// are ignored.
    pub fn acknowledge(&self, ack: u64, data: Payload<'_>) {
        let _ = (ack, data);
    }

    /// Queues a message of the protocol layer behind what waits already.
    pub fn send(&self, message: &Outbound<'_>) {
        let _ = message;
    }

    /// Leaves the namespace: ends all memberships of this socket, silently towards the client.
    pub fn close(&self) {}

    /// Ends the whole connection, as [`Connection::close`](crate::Connection::close).
    pub fn close_connection(&self, close: Close) {
        let _ = close;
    }
}
