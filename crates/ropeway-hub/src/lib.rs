//! Namespaces, rooms, events, presence, history and recovery behind a real-time server.

mod acks;
mod application;
mod broker;
mod connection;
mod delivery;
mod error;
mod frames;
mod held;
mod hub;
mod join;
mod memory;
mod message;
mod namespace;
mod outbox;
mod reply;
mod room;
mod settings;
mod socket;
mod sync;

pub use acks::{Acknowledgement, Answer};
pub use application::Application;
pub use broker::{
    Broadcast, Broker, CatchUp, Delivery, HistoryPage, HistoryQuery, Publication, Published, RoomRef, Sink,
    Wakes,
};
pub use connection::{Close, Connection, Drained};
pub use error::Error;
pub use hub::{Builder, Hub, Publish, Stats};
pub use join::Join;
pub use memory::MemoryBroker;
pub use message::{
    Encoder, EncoderId, Event, Member, Outbound, OwnedPayload, PastEvent, Payload, Position, Since,
};
pub use reply::{BoxFuture, Reply, ReplyFuture};
pub use settings::{
    Access, Action, Clock, HistorySettings, KeySettings, Limits, Policy, RoomSettings, SlowConsumer,
};
pub use socket::Socket;
