//! Limits of the hub and rules of its rooms.

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::{Member, RoomRef};

/// What the hub is bounded by. All sizes are bytes.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Rooms that one socket may be in (100).
    pub rooms_per_socket: usize,
    /// Sockets, that is namespaces, of one connection (16).
    pub sockets_per_connection: usize,
    /// Length of a room's name (200). Control characters are never allowed in it.
    pub room_name: usize,
    /// Length of the `key` of a publish (128).
    pub key: usize,
    /// Size of the `info` of a member (1 KiB).
    pub info: usize,
    /// What may wait in the outbox of a connection (1 MiB), counting 64 bytes on top of each frame.
    pub outbox: usize,
    /// What happens when more than that would wait.
    pub slow_consumer: SlowConsumer,
    /// Members named in the answer to a join or a presence request (1,000).
    pub members_listed: usize,
    /// Events in one answer to a history request (1,000). The answer is also cut at half of `outbox`.
    pub history_page: usize,
    /// Acknowledgements that one socket may wait for, and those that may be waited for from it (64 each).
    pub pending_acks: usize,
    /// How long the application may take to answer an event (10 s). See [`Hub::tick`](crate::Hub::tick) for
    /// how exact that is.
    pub answer_timeout: Duration,
    /// Namespaces (10,000): clients can make them come where an application allows it.
    pub namespaces: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rooms_per_socket: 100,
            sockets_per_connection: 16,
            room_name: 200,
            key: 128,
            info: 1 << 10,
            outbox: 1 << 20,
            slow_consumer: SlowConsumer::Close,
            members_listed: 1_000,
            history_page: 1_000,
            pending_acks: 64,
            answer_timeout: Duration::from_secs(10),
            namespaces: 10_000,
        }
    }
}

/// Connection state recovery: what a namespace remembers for sockets whose transport broke, so that they come back as
/// if nothing had happened. See [`Connection::recover`](crate::Connection::recover). All sizes are bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoverySettings {
    /// How long a socket may be away (2 min).
    pub max_disconnection: Duration,
    /// How much earlier than its end a socket may have stopped to receive (65 s): the ping interval and twice the
    /// ping timeout. Events are kept for so much longer.
    pub slack: Duration,
    /// Events kept for one namespace (10,000). Who missed more than is kept cannot recover.
    pub events: usize,
    /// Their names, data and targets (16 MiB).
    pub bytes: usize,
    /// Sockets of one namespace that may be away (10,000); the one that went first is forgotten.
    pub sessions: usize,
    /// What is remembered of them: data and rooms (16 MiB).
    pub session_bytes: usize,
}

impl Default for RecoverySettings {
    fn default() -> Self {
        Self {
            max_disconnection: Duration::from_secs(120),
            slack: Duration::from_secs(65),
            events: 10_000,
            bytes: 16 << 20,
            sessions: 10_000,
            session_bytes: 16 << 20,
        }
    }
}

/// What happens when the outbox of a connection is full. Answers to requests and changes of presence are never
/// dropped: when they alone do not fit, the connection is closed under every policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SlowConsumer {
    /// Close the connection with 4002 `slow consumer` and forget what was queued. The client recovers what it
    /// missed from the history.
    #[default]
    Close,
    /// Forget the oldest queued events until 7/8 of the limit is in use. The client sees gaps in the offsets.
    DropOldest,
    /// Forget queued events that are followed by a newer one of the same room and name; when that is not
    /// enough, the oldest as with `DropOldest`. For state updates where only the newest matters.
    Conflate,
}

/// The rules of one room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomSettings {
    /// Who may become a member (nobody). Being asked for presence and history needs membership.
    pub join: Access,
    /// Which members may publish (nobody).
    pub publish: Access,
    /// Whether members learn who is there, who comes and who goes (no).
    ///
    /// Every join and every departure is a message to each member: a thousand connections that join one room
    /// cause half a million deliveries. Meant for rooms of some hundred members.
    pub presence: bool,
    /// What is kept for those who come back (nothing).
    pub history: Option<HistorySettings>,
    /// How long the keys of publishes are remembered.
    pub keys: KeySettings,
}

/// Who may do something in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Access {
    /// Only the server itself.
    #[default]
    Nobody,
    /// Those whose [`Grants`] name the room.
    Granted,
    /// Whoever has proved a user name, unless its [`Grants`] leave the room out.
    Users,
    /// Everybody whose [`Grants`] do not leave the room out.
    Anyone,
}

impl Access {
    /// What was granted can open a room to those of [`Access::Granted`], and close every other.
    fn allows(self, member: &Member, granted: Option<bool>) -> bool {
        match self {
            Self::Nobody => false,
            Self::Granted => granted == Some(true),
            Self::Users => member.user.is_some() && granted != Some(false),
            Self::Anyone => granted != Some(false),
        }
    }
}

/// Bounds of a room's history; the one that is reached first counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistorySettings {
    /// Events that are kept (100).
    pub events: usize,
    /// Bytes of event names and data that are kept (1 MiB).
    pub bytes: usize,
    /// How long an event is kept (1 h). A room is forgotten when for this long nobody was in it or
    /// published to it.
    pub age: Duration,
}

impl Default for HistorySettings {
    fn default() -> Self {
        Self { events: 100, bytes: 1 << 20, age: Duration::from_secs(3600) }
    }
}

/// Bounds of the memory for keys of publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySettings {
    /// Keys of one room (1,000).
    pub count: usize,
    /// How long one is remembered (5 min).
    pub age: Duration,
}

impl Default for KeySettings {
    fn default() -> Self {
        Self { count: 1_000, age: Duration::from_secs(300) }
    }
}

/// What a socket wants to do in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Become a member.
    Join,
    /// Publish an event as a member.
    Publish,
}

/// The rules of rooms, given by the server. Called often and while a socket is locked: answer from memory and
/// do not call the hub.
pub trait Policy: Send + Sync + 'static {
    /// The rules of a room; kept as long as the room has members.
    fn settings(&self, namespace: &str, room: &str) -> Arc<RoomSettings>;

    /// Whether `member` may do this; `granted` is what its [`Grants`] say. Only asked for what sockets do; the server
    /// itself may do everything.
    fn allows(&self, action: Action, member: &Member, granted: Option<bool>, room: RoomRef<'_>) -> bool {
        match action {
            Action::Join => room.settings.join.allows(member, granted),
            Action::Publish => room.settings.publish.allows(member, granted),
        }
    }
}

/// What the credentials of one client allow, beside what the [`Policy`] says of rooms: the policy opens, grants narrow.
/// Called as often as a policy, and under the same condition.
pub trait Grants: Any + Send + Sync {
    /// Whether the credentials allow this; `None` when they say nothing about it.
    fn allows(&self, action: Action, namespace: &str, room: &str) -> Option<bool>;
}

impl<F> Policy for F
where
    F: Fn(&str, &str) -> Arc<RoomSettings> + Send + Sync + 'static,
{
    fn settings(&self, namespace: &str, room: &str) -> Arc<RoomSettings> {
        self(namespace, room)
    }
}

/// Where the hub and its broker read the time, so that tests can write it.
pub type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;
