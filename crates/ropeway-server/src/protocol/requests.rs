//! Carrying out what clients ask for: the same for every protocol.

use std::task::{Context, Poll};

use bytes::Bytes;
use ropeway_hub::{BoxFuture, Error, HistoryQuery, Join, Outbound, Payload, Publish, Reply, Socket};

use super::request::{Request, Seen};
use crate::auth::Identity;

/// The requests of one connection. Each is answered through the outbox of its socket, in the order in which they came
/// as far as this node alone can answer them.
#[derive(Default)]
pub(super) struct Requests {
    /// Those that another machine has to answer. Filled by the messages of one read, since the carrier reads no further
    /// before they are done. Boxed, since nearly all connections have none at nearly all times.
    #[expect(clippy::box_collection, reason = "an empty vector takes three words of each connection")]
    later: Option<Box<Vec<BoxFuture<()>>>>,
}

impl Requests {
    /// Carries out a request about a room; `attachments` are those that its data refers to. With an `id` the answer is
    /// queued, without one only a failure is.
    pub(super) fn carry_out(
        &mut self,
        socket: &Socket,
        id: Option<&str>,
        request: &Request<'_>,
        attachments: &[Bytes],
    ) {
        match request {
            Request::Join { room, since, info } => {
                let join = Join { room, id, since: since.as_ref().map(Seen::as_since), info: *info };
                let reply = socket.join(&join);
                self.when_done(socket, reply, id, |_, _, ()| {});
            }
            Request::Leave { room } => answer(socket, id, socket.leave(room, id)),
            Request::Publish { room, event, data, key, volatile } => {
                let data = Payload { attachments, ..Payload::text(data) };
                let publish = Publish { room, event, data, key: key.as_deref(), volatile: *volatile };
                self.publish(socket, id, &publish);
            }
            Request::Presence { room } => answer(socket, id, socket.presence(room, id.unwrap_or_default())),
            Request::History { room, limit, since } => {
                let query = HistoryQuery {
                    since: since.as_ref().map(Seen::as_since),
                    limit: limit.unwrap_or(usize::MAX),
                };
                self.history(socket, id, room, query);
            }
            // About the connection or the application, not about a room.
            Request::Emit { .. } | Request::Ping | Request::Auth { .. } => {}
        }
    }

    /// Brings a socket into the rooms that its credentials name, and out of those that the ones before named and these do
    /// not.
    pub(super) fn follow(&mut self, socket: &Socket, before: Option<&Identity>, now: &Identity) {
        let before = before.map_or(&[][..], Identity::rooms);
        let gone = before.iter().filter(|room| !now.rooms().contains(room));
        // Such a room may have been left already.
        gone.for_each(|room| drop(socket.leave(room, None)));
        if socket.is_connected() {
            let inside = socket.rooms();
            let new = now.rooms().iter().filter(|room| !inside.contains(room));
            new.for_each(|room| self.enter(socket, room));
        }
    }

    /// Enters a room because the server wants it; the client is told as if it had joined.
    fn enter(&mut self, socket: &Socket, room: &str) {
        let reply = socket.enter(room);
        self.when_done(socket, reply, None, |_, _, ()| {});
    }

    /// Whether another machine has still to answer some.
    pub(super) fn are_under_way(&self) -> bool {
        self.later.is_some()
    }

    /// Counts as a request that is under way until it ends.
    pub(super) fn wait(&mut self, wait: BoxFuture<()>) {
        self.later.get_or_insert_default().push(wait);
    }

    /// Moves on those that are under way, or registers the task to be woken when one can be.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) {
        let Some(later) = &mut self.later else { return };
        later.retain_mut(|request| matches!(request.as_mut().poll(cx), Poll::Pending));
        if later.is_empty() {
            self.later = None;
        }
    }

    fn publish(&mut self, socket: &Socket, id: Option<&str>, publish: &Publish<'_>) {
        let reply = socket.publish(publish);
        self.when_done(socket, reply, id, |socket, id, published| {
            if let Some(id) = id {
                socket.send(&Outbound::Published { id, published: &published });
            }
        });
    }

    fn history(&mut self, socket: &Socket, id: Option<&str>, room: &str, query: HistoryQuery<'_>) {
        let reply = socket.history(room, query);
        let room = room.to_owned();
        self.when_done(socket, reply, id, move |socket, id, page| {
            let id = id.unwrap_or_default();
            socket.send(&Outbound::History { room: &room, id, page: &page });
        });
    }

    /// Calls `succeed` with the answer, now or later; a failure is told to the client.
    fn when_done<T, F>(
        &mut self,
        socket: &Socket,
        reply: Reply<Result<T, Error>>,
        id: Option<&str>,
        succeed: F,
    ) where
        T: Send + 'static,
        F: FnOnce(&Socket, Option<&str>, T) + Send + 'static,
    {
        let finish = |socket: &Socket, id: Option<&str>, answer: Result<T, Error>, succeed: F| match answer {
            Ok(value) => succeed(socket, id, value),
            Err(error) => socket.send(&Outbound::Error { id, error: &error }),
        };
        match reply {
            Reply::Ready(answer) => finish(socket, id, answer, succeed),
            Reply::Pending(later) => {
                let (socket, id) = (socket.clone(), id.map(str::to_owned));
                self.wait(Box::pin(async move { finish(&socket, id.as_deref(), later.await, succeed) }));
            }
        }
    }
}

/// For requests whose success the hub itself answers.
pub(super) fn answer(socket: &Socket, id: Option<&str>, result: Result<(), Error>) {
    if let Err(error) = result {
        socket.send(&Outbound::Error { id, error: &error });
    }
}
