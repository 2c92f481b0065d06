//! Namespaces, rooms, events, presence, history and recovery behind a real-time server.

mod acks;
mod application;
mod broker;
mod connection;
mod error;
mod hub;
mod memory;
mod message;
mod reply;
mod settings;
mod socket;

pub use acks::{Acknowledgement, Answer};
pub use application::Application;
pub use broker::{
    Broadcast, Broker, CatchUp, Delivery, HistoryPage, HistoryQuery, Publication, Published, RoomRef, Sink,
    Wakes,
};
pub use connection::{Close, Connection, Drained};
pub use error::Error;
pub use hub::{Builder, Hub, Publish, Stats};
pub use memory::MemoryBroker;
pub use message::{
    Encoder, EncoderId, Event, Member, Outbound, OwnedPayload, PastEvent, Payload, Position, Since,
};
pub use reply::{BoxFuture, Reply, ReplyFuture};
pub use settings::{
    Access, Action, Clock, HistorySettings, KeySettings, Limits, Policy, RoomSettings, SlowConsumer,
};
pub use socket::{Join, Socket};
