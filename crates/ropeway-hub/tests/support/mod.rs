//! A hub that speaks a readable protocol, with a clock that the test sets.
#![allow(dead_code)] // each test uses a part of it
#![allow(clippy::unwrap_used, clippy::panic)] // tests may stop at the first surprise

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use ropeway_hub::*;

/// Writes each message as a line.
#[derive(Default)]
pub(crate) struct Lines {
    pub(crate) id: u64,
    pub(crate) encoded: AtomicUsize,
}

impl Encoder for Lines {
    fn id(&self) -> EncoderId {
        EncoderId(self.id)
    }

    fn encode(&self, _namespace: &str, message: &Outbound<'_>) -> Bytes {
        self.encoded.fetch_add(1, Ordering::Relaxed);
        line(message).into()
    }
}

fn line(message: &Outbound<'_>) -> String {
    match message {
        Outbound::Event(event) => event_line(event),
        Outbound::Joined { room, id, position, recovered, members } => {
            let at = position.map(|position| format!(" @{}", position.offset)).unwrap_or_default();
            let members = members.map(|members| format!(" [{}]", names(members))).unwrap_or_default();
            let recovered = if *recovered { " recovered" } else { "" };
            format!("joined {room}{}{at}{recovered}{members}", hash(*id))
        }
        Outbound::Left { room, id } => format!("left {room}{}", hash(*id)),
        Outbound::MemberJoined { room, member } => format!("+{} {room}", name(member)),
        Outbound::MemberLeft { room, member } => format!("-{} {room}", name(member)),
        Outbound::Members { room, id, members } => format!("members {room} #{id} [{}]", names(members)),
        Outbound::Published { id, published } => format!("published #{id} {published:?}"),
        Outbound::Answer { id, data } => format!("answer #{id} {}", data.text),
        Outbound::Disconnected => "disconnected".into(),
        Outbound::Error { id, error } => format!("error{} {}", hash(*id), error.code()),
        other => format!("{other:?}"),
    }
}

fn event_line(event: &Event<'_>) -> String {
    let room = event.room.map(|room| format!("{room}/")).unwrap_or_default();
    let from = event.from.map(|member| format!("{}: ", name(member))).unwrap_or_default();
    let at = event.offset.map(|offset| format!(" @{offset}")).unwrap_or_default();
    let ack = event.ack.map(|ack| format!(" ?{ack}")).unwrap_or_default();
    let place = event.recovery.map(|place| format!(" ~{place}")).unwrap_or_default();
    format!("{room}{} {from}{}{at}{ack}{place}", event.event, event.data.text)
}

fn hash(id: Option<&str>) -> String {
    id.map(|id| format!(" #{id}")).unwrap_or_default()
}

fn name(member: &Member) -> String {
    let user = member.user.as_ref().map(|user| format!("={user}")).unwrap_or_default();
    let info = member.info.as_ref().map(|info| format!("({info})")).unwrap_or_default();
    format!("{}{user}{info}", member.session)
}

fn names(members: &[Arc<Member>]) -> String {
    let mut names: Vec<_> = members.iter().map(|member| name(member)).collect();
    names.sort();
    names.join(" ")
}

/// A time that only the test moves.
#[derive(Clone)]
pub(crate) struct Time(Arc<Mutex<Instant>>);

impl Time {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    pub(crate) fn clock(&self) -> Clock {
        let time = self.clone();
        Arc::new(move || *time.0.lock().unwrap())
    }

    pub(crate) fn pass(&self, duration: Duration) {
        *self.0.lock().unwrap() += duration;
    }
}

/// Rules that read the name of the room: `h` in it for history, `p` for presence, `x` for closed, `r` for
/// reading only, `u` for users only.
pub(crate) fn rules(_namespace: &str, room: &str) -> Arc<RoomSettings> {
    let access = |closed| if room.contains(closed) { Access::Nobody } else { Access::Anyone };
    Arc::new(RoomSettings {
        join: if room.contains('u') { Access::Users } else { access('x') },
        publish: access('r'),
        presence: room.contains('p'),
        history: room.contains('h').then(|| HistorySettings { events: 5, ..HistorySettings::default() }),
        keys: KeySettings { count: 3, age: Duration::from_secs(60) },
    })
}

pub(crate) fn hub() -> Hub {
    Hub::builder(rules).build()
}

pub(crate) fn hub_with(limits: Limits) -> Hub {
    Hub::builder(rules).limits(limits).build()
}

/// A connection with one socket.
pub(crate) struct Peer {
    pub(crate) connection: Connection,
    pub(crate) socket: Socket,
}

impl std::ops::Deref for Peer {
    type Target = Socket;

    fn deref(&self) -> &Socket {
        &self.socket
    }
}

impl Peer {
    pub(crate) fn new(hub: &Hub, session: &str) -> Self {
        Self::with(hub, session, Arc::new(Lines::default()))
    }

    pub(crate) fn with(hub: &Hub, session: &str, encoder: Arc<dyn Encoder>) -> Self {
        let connection = hub.connect(encoder);
        let socket = connection.open("/", session, None, None).unwrap();
        socket.establish().unwrap();
        Self { connection, socket }
    }

    /// One that may come back, under its session as its secret.
    pub(crate) fn recoverable(hub: &Hub, session: &str) -> Self {
        let connection = hub.connect(Arc::new(Lines::default()));
        let socket = connection.open("/", session, None, None).unwrap();
        assert!(socket.make_recoverable(session));
        socket.establish().unwrap();
        Self { connection, socket }
    }

    /// One that was away.
    pub(crate) fn come_back_as(hub: &Hub, session: &str, offset: Option<&str>) -> Option<Self> {
        let connection = hub.connect(Arc::new(Lines::default()));
        let socket = connection.recover("/", session, offset, None, None)?;
        socket.establish().ok()?;
        Some(Self { connection, socket })
    }

    /// Joined to a room, the answer taken away.
    pub(crate) fn in_room(hub: &Hub, session: &str, room: &str) -> Self {
        let mut peer = Self::new(hub, session);
        peer.enter(room).unwrap();
        peer.lines();
        peer
    }

    pub(crate) fn enter(&self, room: &str) -> Result<(), Error> {
        now(self.join(&Join { room, ..Join::default() }))
    }

    pub(crate) fn come_back(&self, room: &str, since: &Position) -> Result<(), Error> {
        let since = Some(Since { epoch: &since.epoch, offset: since.offset });
        now(self.join(&Join { room, since, ..Join::default() }))
    }

    pub(crate) fn say(&self, room: &str, text: &str) -> Result<Published, Error> {
        now(self.publish(&say(room, text)))
    }

    /// What waits, as lines.
    pub(crate) fn lines(&mut self) -> Vec<String> {
        let (lines, end) = self.drain();
        assert_eq!(end, None, "closed after {lines:?}");
        lines
    }

    /// What waits, and the close if there is one.
    pub(crate) fn drain(&mut self) -> (Vec<String>, Option<Close>) {
        let mut frames = Vec::new();
        let mut cx = Context::from_waker(Waker::noop());
        let end = loop {
            match self.connection.poll_drain(&mut cx, &mut frames, 1 << 16) {
                Poll::Ready(Drained::Frames) => {}
                Poll::Ready(Drained::Closed(close)) => break Some(close),
                Poll::Pending => break None,
            }
        };
        (frames.iter().map(|frame| String::from_utf8(frame.to_vec()).unwrap()).collect(), end)
    }
}

pub(crate) fn say<'a>(room: &'a str, text: &'a str) -> Publish<'a> {
    Publish { room, event: "say", data: Payload::text(text), ..Publish::default() }
}

/// The answer of a broker that answers at once.
pub(crate) fn now<T>(reply: Reply<T>) -> T {
    match reply {
        Reply::Ready(answer) => answer,
        Reply::Pending(_) => panic!("not answered at once"),
    }
}

/// Counts how often a task was woken.
#[derive(Default)]
pub(crate) struct Alarm(AtomicUsize);

impl std::task::Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Alarm {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}
