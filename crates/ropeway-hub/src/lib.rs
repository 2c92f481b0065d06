//! Namespaces, rooms, events, presence, history and recovery behind a real-time server.
//!
//! The hub stands between protocols, which know how messages look, and a [`Broker`], which knows other nodes. It knows
//! nothing of transports, of HTTP or of WebSockets, has no task and no timer, and reads no clock but the one it is
//! given.
//!
//! ```text
//!  Socket::join, leave, publish, ..       Hub::publish, broadcast, enter, fetch_sockets, ..
//!          │                                               │
//!          ▼                                               ▼
//!   ┌─ Namespace ──────────────┐   publish, catch_up   ┌─ Broker ───────────────────┐
//!   │ sockets by session       │ ────────────────────▶ │ epoch, offsets, history,   │
//!   │ rooms by name, in shards │                       │ keys; other nodes          │
//!   │  ┌─ Room ─────────────┐  │   Sink::deliver,      │ (MemoryBroker: none)       │
//!   │  │ members in order   │◀─┼── ask, command, ..─── └────────────────────────────┘
//!   │  └──┬──────────────┬──┘  │
//!   │ log for those who come   │
//!   │ back (recovery)          │
//!   └─────┼──────────────┼─────┘
//!         ▼ Encoder, once per encoding, then a pointer each
//!      Outbox         Outbox          bounded in bytes
//!         ▼ Connection::poll_drain
//!      the connection's task
//! ```
//!
//! # What holds
//! - All members of a room see its events in the same order, which is that of the offsets.
//! - A [`Target`] serves each of its sockets once. What one thread sends to a socket arrives in that order.
//! - A client whose transport broke and that comes back ([`Connection::recover`]) sees exactly what one sees that was
//!   never away, in the same order, or is told that it cannot.
//! - A join is answered first, then what was missed follows, then what happens, without a gap and without
//!   repetition. What was missed is replayed completely or not at all.
//! - An event is encoded once per [`EncoderId`]; a connection is woken once however much waits for it.
//! - Every collection that a peer can make grow has a limit, in [`Limits`], [`RoomSettings`] or
//!   [`RecoverySettings`].
//! - An idle connection that is a member of one room takes about 570 bytes here, and nothing when it is gone.
//!
//! # How to use it
//! Build a [`Hub`] with a [`Policy`], call [`Hub::tick`] about once a second. For each connection,
//! [`Hub::connect`] it, [`Connection::open`] a namespace, [`Socket::establish`] the socket when it is admitted, carry out its requests on the [`Socket`], and have its task
//! send what [`Connection::poll_drain`] yields. Answers whose order matters (joined, left, members) are queued by the
//! hub; others are returned, and the protocol layer sends them through [`Socket::send`]. Say by [`Socket::end`] or
//! [`Connection::end`] why something ended.
//!
//! # How it is built
//! Each room knows those below it only; a namespace knows its sockets as residents that have a name and a link.
//!
//! ```text
//! hub/        Hub, Connection; node: the namespaces here; delivery: what the broker asks of this node
//! socket/     Socket and its verbs, a file each: establish, join, departure, emit, acks
//! namespace/  rooms by name, sockets by session; addressing: whom a target means
//! room/       who is in it, held: what waits for the answer to a join
//! acks/       answers that are waited for       common.rs   limits, policy, broker, clock, of all
//! outbox/     what waits for a connection; link: with its encoder; frames: encode once
//! recovery/   the log for those who come back   memory/     the broker of a single node
//! ```
//!
//! The other files are the vocabulary: messages, targets, settings, errors, ends.
//!
//! ```
//! use std::sync::Arc;
//! use std::task::{Context, Waker};
//!
//! use bytes::Bytes;
//! use ropeway_hub::*;
//!
//! struct Words;
//!
//! impl Encoder for Words {
//!     fn id(&self) -> EncoderId {
//!         EncoderId(1)
//!     }
//!
//!     fn encode(&self, _namespace: &str, message: &Outbound<'_>) -> Bytes {
//!         match message {
//!             Outbound::Event(event) => format!("{} {}", event.event, event.data.text).into(),
//!             _ => Bytes::new(), // not sent
//!         }
//!     }
//! }
//!
//! # fn main() -> Result<(), Error> {
//! let open = |_: &str, _: &str| Arc::new(RoomSettings { join: Access::Anyone, ..RoomSettings::default() });
//! let hub = Hub::builder(open).build();
//! let mut connection = hub.connect(Arc::new(Words));
//! let socket = connection.open("/", "session 1", None, None)?;
//! socket.establish()?;
//! let _joined = socket.join(&Join { room: "news", ..Join::default() });
//!
//! let data = Payload::text("\"hello\"");
//! let _published = hub.publish("/", &Publish { room: "news", event: "say", data, ..Publish::default() });
//!
//! let mut frames = Vec::new();
//! let _ = connection.poll_drain(&mut Context::from_waker(Waker::noop()), &mut frames, 65_536);
//! assert_eq!(frames, ["say \"hello\""]);
//! # Ok(())
//! # }
//! ```

mod acks;
mod application;
mod broker;
mod close;
mod common;
mod ending;
mod error;
mod hub;
mod memory;
mod message;
mod namespace;
mod outbox;
mod recovery;
mod reply;
mod room;
mod settings;
mod socket;
mod sync;
mod target;

pub use acks::Acknowledgement;
pub use application::Application;
pub use broker::{
    Broker, CatchUp, Delivery, HistoryPage, HistoryQuery, Publication, Published, RoomRef, Sink, Wakes,
};
pub use close::{Close, Drained};
pub use ending::DisconnectReason;
pub use error::{Error, Refused};
pub use hub::{Builder, Connection, Hub, Stats};
pub use memory::MemoryBroker;
pub use message::{
    Encoder, EncoderId, Event, Member, Outbound, OwnedPayload, PastEvent, Payload, Position, Since,
};
pub use reply::{BoxFuture, Reply, ReplyFuture};
pub use settings::{
    Access, Action, Clock, Grants, HistorySettings, KeySettings, Limits, Policy, RecoverySettings,
    RoomSettings, SlowConsumer,
};
pub use socket::{Answer, Join, Socket};
pub use target::{Answers, Broadcast, Command, Publish, RemoteSocket, Target};
