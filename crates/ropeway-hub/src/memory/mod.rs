//! The broker of a single node.

use std::sync::Arc;
use std::time::Instant;

use crate::{
    Broadcast, Broker, CatchUp, Clock, Error, HistoryPage, HistoryQuery, Publication, Published, Reply,
    RoomRef, Since, Sink,
};

/// Keeps everything in the memory of this process and answers at once.
#[derive(Debug, Default)]
pub struct MemoryBroker(());

impl Broker for MemoryBroker {
    fn start(&self, _sink: Arc<dyn Sink>, _clock: Clock) {}

    fn subscribe(&self, _room: RoomRef<'_>) {}

    fn unsubscribe(&self, _room: RoomRef<'_>) {}

    fn publish(&self, _publication: &Publication<'_>) -> Reply<Result<Published, Error>> {
        Reply::Ready(Err(Error::Unavailable))
    }

    fn broadcast(&self, _broadcast: &Broadcast<'_>) -> Reply<Result<(), Error>> {
        Reply::Ready(Err(Error::Unavailable))
    }

    fn catch_up(&self, _room: RoomRef<'_>, _since: Option<Since<'_>>) -> Reply<Result<CatchUp, Error>> {
        Reply::Ready(Err(Error::Unavailable))
    }

    fn history(&self, _room: RoomRef<'_>, _query: HistoryQuery<'_>) -> Reply<Result<HistoryPage, Error>> {
        Reply::Ready(Err(Error::Unavailable))
    }

    fn tick(&self, _now: Instant) {}
}
