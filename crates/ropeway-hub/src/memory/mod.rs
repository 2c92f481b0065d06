//! The broker of a single node.

mod keys;
mod log;
mod sweep;

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use self::log::Log;
use crate::sync::lock;
use crate::{
    Answers, Broadcast, Broker, CatchUp, Clock, Command, Delivery, Error, HistoryPage, HistoryQuery,
    Publication, Published, RemoteSocket, Reply, RoomRef, Since, Sink, Target, Wakes,
};

const SHARDS: usize = 64;

/// Keeps everything in the memory of this process and answers at once. It never fails.
///
/// A room without history, without a key in the publish, costs nothing here. What rooms that nobody is in still
/// remember is bounded by [`MemoryBroker::bounded`]; with members in it, a room is bounded by its own settings.
pub struct MemoryBroker {
    /// Set by [`Broker::start`].
    started: OnceLock<Started>,
    hasher: RandomState,
    /// Locked to find a log, for a moment, and never while waiting for the lock of a log: a log is locked during
    /// the delivery of an event, which locks rooms of the hub.
    shards: Box<[Mutex<Shard>]>,
    idle_rooms: usize,
    idle_bytes: usize,
}

struct Started {
    sink: Arc<dyn Sink>,
    clock: Clock,
}

/// Logs by namespace and room.
type Shard = HashMap<Box<str>, HashMap<Box<str>, Arc<Entry>>>;

struct Entry {
    /// Whether the hub has members of the room; changed under the lock of the shard. Outside the lock of the log,
    /// because the hub says so while it has locked what the holder of that one may wait for.
    subscribed: AtomicBool,
    /// Held while an event is delivered: it makes the order of deliveries that of the offsets.
    log: Mutex<Log>,
}

impl Default for MemoryBroker {
    fn default() -> Self {
        Self::bounded(100_000, 256 << 20)
    }
}

impl MemoryBroker {
    /// At each tick, forgets rooms that nobody is in, those first that were used longest ago, until at most
    /// `idle_rooms` of them with `idle_bytes` of events and keys are left. The default is 100,000 and 256 MiB.
    pub fn bounded(idle_rooms: usize, idle_bytes: usize) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { started: OnceLock::new(), hasher: RandomState::new(), shards, idle_rooms, idle_bytes }
    }

    fn started(&self) -> Result<&Started, Error> {
        self.started.get().ok_or(Error::Unavailable)
    }

    fn with_log<T>(&self, room: RoomRef<'_>, work: impl FnOnce(&mut Log, Instant) -> T) -> Result<T, Error> {
        let now = (self.started()?.clock)();
        loop {
            let entry = self.entry(room, now);
            let mut log = lock(&entry.log);
            if !log.gone {
                log.refresh(room.settings, now);
                return Ok(work(&mut log, now));
            }
            // Taken out of the map between the two locks: the next one is another.
        }
    }

    fn entry(&self, room: RoomRef<'_>, now: Instant) -> Arc<Entry> {
        let mut shard = lock(self.shard(room));
        match find(&shard, room) {
            Some(entry) => Arc::clone(entry),
            None => Arc::clone(find_or_make(&mut shard, room, now)),
        }
    }

    fn shard(&self, room: RoomRef<'_>) -> &Mutex<Shard> {
        &self.shards[self.hasher.hash_one((room.namespace, room.name)) as usize % SHARDS]
    }

    fn deliver(&self, publication: &Publication<'_>, offset: Option<u64>) -> Result<Wakes, Error> {
        let broadcast = Broadcast {
            target: Target {
                namespace: publication.room.namespace,
                rooms: &[publication.room.name],
                except: &[],
            },
            event: publication.event,
            data: publication.data,
            from: publication.from,
            volatile: publication.volatile,
            local: false,
        };
        Ok(self.started()?.sink.deliver(&Delivery { broadcast, published: true, offset }))
    }

    fn publish_now(&self, publication: &Publication<'_>) -> Result<Published, Error> {
        let kept = publication.room.settings.history.is_some() && !publication.volatile;
        if !kept && publication.key.is_none() {
            drop(self.deliver(publication, None)?);
            return Ok(Published { position: None, duplicate: false });
        }
        let (published, wakes) = self.with_log(publication.room, |log, now| {
            if let Some(repeated) = log.repeated(publication.key) {
                return Ok((repeated, Wakes::default()));
            }
            let published = log.append(publication, now);
            let offset = published.position.as_ref().map(|position| position.offset);
            self.deliver(publication, offset).map(|wakes| (published, wakes))
        })??;
        drop(wakes);
        Ok(published)
    }
}

impl Broker for MemoryBroker {
    fn start(&self, sink: Arc<dyn Sink>, clock: Clock) {
        self.started.get_or_init(|| Started { sink, clock });
    }

    fn subscribe(&self, room: RoomRef<'_>) {
        let Ok(Started { clock, .. }) = self.started() else { return };
        if room.settings.history.is_some() {
            let mut shard = lock(self.shard(room));
            find_or_make(&mut shard, room, clock()).subscribed.store(true, Ordering::Relaxed);
        }
    }

    fn unsubscribe(&self, room: RoomRef<'_>) {
        if let Some(entry) = find(&lock(self.shard(room)), room) {
            entry.subscribed.store(false, Ordering::Relaxed);
        }
    }

    fn publish(&self, publication: &Publication<'_>) -> Reply<Result<Published, Error>> {
        Reply::Ready(self.publish_now(publication))
    }

    fn broadcast(&self, broadcast: &Broadcast<'_>) -> Reply<Result<(), Error>> {
        let delivery = Delivery { broadcast: *broadcast, published: false, offset: None };
        Reply::Ready(self.started().map(|started| drop(started.sink.deliver(&delivery))))
    }

    fn ask(&self, broadcast: &Broadcast<'_>, timeout: Duration) -> Reply<Result<Answers, Error>> {
        match self.started() {
            Ok(started) => started.sink.ask(broadcast, timeout).map(Ok),
            Err(error) => Reply::Ready(Err(error)),
        }
    }

    fn command(&self, target: &Target<'_>, command: &Command<'_>) -> Reply<Result<(), Error>> {
        match self.started() {
            Ok(started) => started.sink.command(target, command).map(Ok),
            Err(error) => Reply::Ready(Err(error)),
        }
    }

    fn fetch(&self, target: &Target<'_>) -> Reply<Result<Vec<RemoteSocket>, Error>> {
        Reply::Ready(self.started().map(|started| started.sink.fetch(target)))
    }

    fn catch_up(&self, room: RoomRef<'_>, since: Option<Since<'_>>) -> Reply<Result<CatchUp, Error>> {
        Reply::Ready(match room.settings.history {
            Some(_) => self.with_log(room, |log, _| log.catch_up(since)),
            None => Ok(CatchUp { position: None, missed: None }),
        })
    }

    fn history(&self, room: RoomRef<'_>, query: HistoryQuery<'_>) -> Reply<Result<HistoryPage, Error>> {
        Reply::Ready(match room.settings.history {
            Some(_) => self.with_log(room, |log, _| log.page(query)),
            None => Err(Error::NoHistory),
        })
    }

    fn tick(&self, now: Instant) {
        self.sweep(now);
    }
}

impl fmt::Debug for MemoryBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryBroker")
    }
}

fn find<'a>(shard: &'a Shard, room: RoomRef<'_>) -> Option<&'a Arc<Entry>> {
    shard.get(room.namespace)?.get(room.name)
}

fn find_or_make<'a>(shard: &'a mut Shard, room: RoomRef<'_>, now: Instant) -> &'a Arc<Entry> {
    let rooms = shard.entry(room.namespace.into()).or_default();
    rooms.entry(room.name.into()).or_insert_with(|| {
        let log = Mutex::new(Log::new(Arc::clone(room.settings), now));
        Arc::new(Entry { subscribed: AtomicBool::new(false), log })
    })
}
