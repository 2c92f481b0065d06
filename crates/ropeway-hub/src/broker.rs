//! What joins the hubs of several nodes, and remembers.

use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use crate::{
    Answers, Broadcast, Clock, Command, Error, Member, PastEvent, Payload, Position, RemoteSocket, Reply,
    RoomSettings, Since, Target,
};

/// Carries events to all nodes and decides what must be the same on all of them: the history of each room with
/// its epoch and offsets, and which keys were used before.
///
/// Three rules that an implementation has to keep:
/// - A request is queued before the method returns, so that the requests of one thread are carried out in their
///   order. It owns what it needs afterwards: the arguments are borrowed.
/// - Events of one room reach [`Sink::deliver`] one after the other, those with offsets in the order of their
///   offsets, on every node the same.
/// - Once [`Broker::catch_up`] has answered with an offset, every event above it is delivered here.
///
/// Presence is kept by each hub for its own members.
pub trait Broker: Send + Sync + 'static {
    /// Called once, before everything else.
    fn start(&self, sink: Arc<dyn Sink>, clock: Clock);

    /// The first member of this node came. Called while the map of rooms is locked: queue it and return, and do
    /// not call the sink.
    fn subscribe(&self, room: RoomRef<'_>);

    /// The last member of this node went. As [`Broker::subscribe`].
    fn unsubscribe(&self, room: RoomRef<'_>);

    /// Publishes to one room: delivered on every node that has members of it, kept in the history when the room
    /// has one and the event is not volatile. A key that was seen before is answered with the position of
    /// the first publish, and nothing is delivered.
    fn publish(&self, publication: &Publication<'_>) -> Reply<Result<Published, Error>>;

    /// Sends to a target on all nodes; not kept, no offset. Never asked for what is [`Broadcast::local`].
    fn broadcast(&self, broadcast: &Broadcast<'_>) -> Reply<Result<(), Error>>;

    /// Sends to a target on all nodes and collects their answers: those of [`Sink::ask`] of each node.
    fn ask(&self, broadcast: &Broadcast<'_>, timeout: Duration) -> Reply<Result<Answers, Error>>;

    /// Has a command carried out on all nodes, by [`Sink::command`].
    fn command(&self, target: &Target<'_>, command: &Command<'_>) -> Reply<Result<(), Error>>;

    /// The sockets of a target on all nodes, from [`Sink::fetch`] of each.
    fn fetch(&self, target: &Target<'_>) -> Reply<Result<Vec<RemoteSocket>, Error>>;

    /// Where the room stands, with all events after `since` if they are all still there. Asked for each join,
    /// after [`Broker::subscribe`]; answered when the subscription works.
    fn catch_up(&self, room: RoomRef<'_>, since: Option<Since<'_>>) -> Reply<Result<CatchUp, Error>>;

    /// Past events of a room that has a history.
    fn history(&self, room: RoomRef<'_>, query: HistoryQuery<'_>) -> Reply<Result<HistoryPage, Error>>;

    /// Forgets what is too old.
    fn tick(&self, now: Instant);
}

/// Where a broker hands over the events for this node.
pub trait Sink: Send + Sync {
    /// Queues an event for the members here. Never blocks for long and never calls the broker. Drop the result
    /// when no lock is held any more: that wakes the connections.
    fn deliver(&self, delivery: &Delivery<'_>) -> Wakes;

    /// Sends to the sockets of a target here and collects their answers until the timeout. Call it under no lock,
    /// as the following two.
    fn ask(&self, broadcast: &Broadcast<'_>, timeout: Duration) -> Reply<Answers>;

    /// Carries out a command for the sockets of a target here. A pending reply must be awaited: something is left
    /// to ask the broker.
    fn command(&self, target: &Target<'_>, command: &Command<'_>) -> Reply<()>;

    /// The sockets of a target here.
    fn fetch(&self, target: &Target<'_>) -> Vec<RemoteSocket>;
}

/// A room and its rules.
#[derive(Clone, Copy, Debug)]
pub struct RoomRef<'a> {
    /// The namespace it belongs to.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its rules.
    pub settings: &'a Arc<RoomSettings>,
}

/// An event to publish to one room.
#[derive(Clone, Copy, Debug)]
pub struct Publication<'a> {
    /// Where to.
    pub room: RoomRef<'a>,
    /// The name of the event.
    pub event: &'a str,
    /// Its data.
    pub data: Payload<'a>,
    /// Who publishes; nobody when it is the server.
    pub from: Option<&'a Arc<Member>>,
    /// Makes it safe to repeat.
    pub key: Option<&'a str>,
    /// Not kept, no offset, dropped for slow consumers.
    pub volatile: bool,
}

/// An event for the members on this node.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// What to send to whom.
    pub broadcast: Broadcast<'a>,
    /// It was published: to exactly one room, whose members alone get it, even if a session has the same name.
    pub published: bool,
    /// Its place in the history; only when published.
    pub offset: Option<u64>,
}

/// The outcome of a publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Its place in the history; absent when it was not kept.
    pub position: Option<Position>,
    /// Its key was used before: nothing was delivered, and the position is that of the first time.
    pub duplicate: bool,
}

/// Where a room stands at the moment of a join.
#[derive(Clone, Debug)]
pub struct CatchUp {
    /// The newest event; absent in a room without history.
    pub position: Option<Position>,
    /// All events after `since`, in order; absent when one of them is gone or `since` was not given.
    pub missed: Option<Vec<Arc<PastEvent>>>,
}

/// Which past events.
#[derive(Clone, Copy, Debug)]
pub struct HistoryQuery<'a> {
    /// Those after this one, oldest first; without it the newest, oldest first.
    pub since: Option<Since<'a>>,
    /// At most this many.
    pub limit: usize,
}

/// Past events.
#[derive(Clone, Debug)]
pub struct HistoryPage {
    /// The newest event of the room.
    pub position: Position,
    /// Oldest first.
    pub events: Vec<Arc<PastEvent>>,
    /// `false` when events after `since` are gone, when the epoch is another one, or when the limit cut
    /// the answer.
    pub complete: bool,
}

impl HistoryPage {
    /// Keeps the newest (or the oldest) events that have at most `most` bytes of data.
    pub(crate) fn cut(mut self, most: usize, newest: bool) -> Self {
        let mut left = most;
        let mut fits = |event: &PastEvent| {
            let size = event.event.len() + event.data.as_payload().size();
            left.checked_sub(size).inspect(|rest| left = *rest).is_some()
        };
        let events = &mut self.events;
        let count = if newest {
            events.iter().rev().take_while(|event| fits(event)).count()
        } else {
            events.iter().take_while(|event| fits(event)).count()
        };
        self.complete &= count == events.len();
        if newest {
            events.drain(..events.len() - count);
        } else {
            events.truncate(count);
        }
        self
    }
}

/// Connections that have something to send; dropping this wakes their tasks. Not to be dropped under a lock:
/// a thousand wakes take a while.
#[derive(Debug, Default)]
#[must_use]
pub struct Wakes(pub(crate) Vec<Waker>);

impl Drop for Wakes {
    fn drop(&mut self) {
        self.0.drain(..).for_each(Waker::wake);
    }
}
