//! Connection state recovery: a client that comes back sees exactly what one sees that was never away.

#![allow(clippy::unwrap_used, clippy::panic)] // tests may stop at the first surprise

mod support;

use std::time::Duration;

use proptest::prelude::*;
use ropeway_hub::*;
use support::*;

const SESSIONS: [&str; 3] = ["s0", "s1", "s2"];
const SECOND: Duration = Duration::from_secs(1);
const NAMES: [&str; 6] = ["a", "b", "p", "s0", "s1", "s2"];

#[derive(Clone, Debug)]
enum Step {
    Broadcast {
        rooms: Vec<usize>,
        except: Vec<usize>,
        volatile: bool,
    },
    Publish(usize),
    Emit(usize),
    Ask(usize),
    Enter(usize, usize),
    Leave(usize, usize),
    Presence(usize),
    Read(usize),
    /// The transport breaks; so many of the frames that were on the way are lost.
    Break(usize, usize),
    Return(usize),
    /// Seconds.
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let socket = 0..SESSIONS.len();
    let names = |most| prop::collection::vec(0..NAMES.len(), 0..=most);
    prop_oneof![
        10 => (names(2), names(1), prop::bool::weighted(0.1))
            .prop_map(|(rooms, except, volatile)| Step::Broadcast { rooms, except, volatile }),
        4 => (0..3usize).prop_map(Step::Publish),
        3 => socket.clone().prop_map(Step::Emit),
        1 => socket.clone().prop_map(Step::Ask),
        6 => (socket.clone(), 0..3usize).prop_map(|(socket, room)| Step::Enter(socket, room)),
        3 => (socket.clone(), 0..3usize).prop_map(|(socket, room)| Step::Leave(socket, room)),
        1 => socket.clone().prop_map(Step::Presence),
        4 => socket.clone().prop_map(Step::Read),
        4 => (socket.clone(), 0..6usize).prop_map(|(socket, lost)| Step::Break(socket, lost)),
        5 => socket.prop_map(Step::Return),
        2 => (1..70u64).prop_map(Step::Pass),
    ]
}

/// A client whose transport breaks, and its twin that does what it does and whose transport never does.
struct Pair {
    session: &'static str,
    /// Absent while it is away.
    peer: Option<Peer>,
    /// What has arrived, in order, and the offset that came last.
    seen: Vec<String>,
    offset: Option<String>,
    /// What the twin has seen.
    twin: Vec<String>,
}

struct World {
    hub: Hub,
    time: Time,
    pairs: Vec<Pair>,
    sent: u32,
    /// A model of the rooms, which stay as they are while a socket is away.
    rooms: Vec<Vec<&'static str>>,
}

fn settings() -> RecoverySettings {
    RecoverySettings { max_disconnection: Duration::from_secs(1_000), ..RecoverySettings::default() }
}

impl Pair {
    /// Takes over what has arrived, but the last `lost` frames.
    fn read(&mut self, lost: usize) {
        let Some(peer) = &mut self.peer else { return };
        let mut lines = peer.lines();
        lines.truncate(lines.len().saturating_sub(lost));
        for line in lines {
            if let Some((event, offset)) = line.rsplit_once(" ~") {
                self.offset = Some(offset.to_owned());
                if !event.contains("volatile") {
                    self.seen.push(event.to_owned());
                }
            }
        }
    }
}

impl World {
    fn new() -> Self {
        let time = Time::new();
        let hub = Hub::builder(rules).clock(time.clock()).recovery(settings()).build();
        let pairs = SESSIONS.map(|session| {
            let peer = Some(Peer::recoverable(&hub, session));
            Pair { session, peer, seen: vec![], offset: None, twin: vec![] }
        });
        Self { hub, time, pairs: pairs.into(), sent: 0, rooms: vec![vec![]; SESSIONS.len()] }
    }

    fn carry_out(&mut self, step: Step) {
        match step {
            Step::Broadcast { rooms, except, volatile } => self.broadcast(&rooms, &except, volatile),
            Step::Publish(room) => self.publish(NAMES[room]),
            Step::Emit(at) => self.emit(at),
            Step::Ask(at) => {
                let Some(peer) = &self.pairs[at].peer else { return };
                peer.emit_with_ack("question", Payload::default(), Duration::from_secs(1)).unwrap();
            }
            Step::Enter(at, room) => self.enter(at, NAMES[room]),
            Step::Leave(at, room) => self.leave(at, NAMES[room]),
            Step::Presence(at) => {
                let Some(peer) = &self.pairs[at].peer else { return };
                assert_eq!(peer.presence("p", "1").is_ok(), self.rooms[at].contains(&"p"));
            }
            Step::Read(at) => self.pairs[at].read(0),
            Step::Break(at, lost) => {
                self.pairs[at].read(lost);
                self.pairs[at].peer = None;
            }
            Step::Return(at) => self.come_back(at),
            Step::Pass(seconds) => {
                self.time.pass(Duration::from_secs(seconds));
                self.hub.tick();
            }
        }
    }

    fn broadcast(&mut self, rooms: &[usize], except: &[usize], volatile: bool) {
        let names = |names: &[usize]| names.iter().map(|at| NAMES[*at]).collect::<Vec<_>>();
        let (rooms, except) = (names(rooms), names(except));
        let event = self.next_event(volatile);
        let target = Target { namespace: "/", rooms: &rooms, except: &except };
        now(self.hub.broadcast(&Broadcast { target, event: &event, volatile, ..Broadcast::default() }))
            .unwrap();
        let only = matches!(rooms[..], [room] if !SESSIONS.contains(&room)).then(|| rooms[0]);
        for at in (0..SESSIONS.len()).filter(|_| !volatile) {
            let bears = |names: &[&str]| {
                names.iter().any(|name| *name == SESSIONS[at] || self.rooms[at].contains(name))
            };
            if (rooms.is_empty() || bears(&rooms)) && !bears(&except) {
                let room = only.map(|room| format!("{room}/")).unwrap_or_default();
                self.pairs[at].twin.push(format!("{room}{event} "));
            }
        }
    }

    fn next_event(&mut self, volatile: bool) -> String {
        self.sent += 1;
        format!("{}{}", if volatile { "volatile" } else { "" }, self.sent)
    }

    fn publish(&mut self, room: &'static str) {
        let event = self.next_event(false);
        now(self.hub.publish("/", &Publish { room, event: &event, ..Publish::default() })).unwrap();
        for (pair, _) in self.pairs.iter_mut().zip(&self.rooms).filter(|(_, rooms)| rooms.contains(&room)) {
            pair.twin.push(format!("{room}/{event} "));
        }
    }

    fn emit(&mut self, at: usize) {
        let event = self.next_event(false);
        let pair = &mut self.pairs[at];
        let Some(peer) = &pair.peer else { return };
        peer.emit(&event, Payload::default());
        pair.twin.push(format!("{event} "));
    }

    fn enter(&mut self, at: usize, room: &'static str) {
        let Some(peer) = &self.pairs[at].peer else { return };
        now(peer.socket.enter(room)).unwrap();
        self.rooms[at].retain(|name| *name != room);
        self.rooms[at].push(room);
    }

    fn leave(&mut self, at: usize, room: &'static str) {
        let Some(peer) = &self.pairs[at].peer else { return };
        let _ = peer.leave(room, None);
        self.rooms[at].retain(|name| *name != room);
    }

    fn come_back(&mut self, at: usize) {
        let pair = &mut self.pairs[at];
        if pair.peer.is_some() {
            return;
        }
        match Peer::come_back_as(&self.hub, pair.session, pair.offset.as_deref()) {
            Some(peer) => {
                assert!(peer.is_recovered() && peer.id() == pair.session);
                let mut rooms: Vec<_> = peer.rooms().iter().map(ToString::to_string).collect();
                let mut expected = self.rooms[at].clone();
                rooms.sort_unstable();
                expected.sort_unstable();
                assert_eq!(rooms, expected);
                pair.peer = Some(peer);
            }
            None => panic!("{} was not away for so long", pair.session),
        }
    }

    fn compare(&mut self) {
        (0..SESSIONS.len()).for_each(|at| self.come_back(at));
        for pair in &mut self.pairs {
            pair.read(0);
            assert_eq!(pair.seen, pair.twin, "{}", pair.session);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn nothing_is_lost_and_nothing_comes_twice(steps in prop::collection::vec(step(), 1..80)) {
        let mut world = World::new();
        let mut passed = 0;
        for step in steps {
            // Nobody is away for too long in this test.
            if let Step::Pass(seconds) = step {
                passed += seconds;
                if passed > 900 {
                    passed = seconds;
                    world.compare();
                }
            }
            world.carry_out(step);
        }
        world.compare();
    }
}

fn lasting(settings: RecoverySettings) -> (Hub, Time) {
    let time = Time::new();
    (Hub::builder(rules).clock(time.clock()).recovery(settings).build(), time)
}

fn broadcast(hub: &Hub, rooms: &[&str], event: &str) {
    let target = Target { namespace: "/", rooms, except: &[] };
    now(hub.broadcast(&Broadcast { target, event, ..Broadcast::default() })).unwrap();
}

/// The offset at the end of a line.
fn offset(line: &str) -> String {
    line.rsplit_once(" ~").unwrap().1.to_owned()
}

/// What comes to one that returns, without the places; `None` when it cannot.
fn missed(hub: &Hub, session: &str, offset: Option<&str>) -> Option<Vec<String>> {
    let mut peer = Peer::come_back_as(hub, session, offset)?;
    let words = |line: String| line.split(' ').next().unwrap().to_owned();
    Some(peer.lines().into_iter().map(words).collect())
}

#[test]
fn an_old_offset_of_a_quiet_connection_is_good() {
    let (hub, time) = lasting(RecoverySettings::default());
    let mut anna = Peer::recoverable(&hub, "anna");
    broadcast(&hub, &[], "1");
    let seen = offset(&anna.lines()[0]);
    let _ben = Peer::recoverable(&hub, "ben");
    for _ in 0..100 {
        time.pass(60 * SECOND);
        broadcast(&hub, &["ben"], "not for anna");
        hub.tick();
    }
    drop(anna);
    time.pass(60 * SECOND);
    broadcast(&hub, &[], "2");
    assert_eq!(missed(&hub, "anna", Some(&seen)).unwrap(), ["2"]);
}

#[test]
fn without_an_offset_everything_of_the_session_is_missed() {
    let (hub, _) = lasting(RecoverySettings::default());
    let _ben = Peer::recoverable(&hub, "ben");
    broadcast(&hub, &[], "before");
    let anna = Peer::recoverable(&hub, "anna");
    broadcast(&hub, &[], "1");
    now(anna.socket.enter("a")).unwrap();
    broadcast(&hub, &["a"], "2");
    drop(anna);
    broadcast(&hub, &["a"], "3");
    assert_eq!(missed(&hub, "anna", None).unwrap(), ["1", "a/2", "a/3"]);
}

#[test]
fn an_offset_of_another_life_counts_as_none_and_nonsense_is_refused() {
    let (hub, _) = lasting(RecoverySettings::default());
    for (offset, expected) in [("0badcafe-77", Some(vec!["1".to_owned()])), ("77", None), ("x-y", None)] {
        let anna = Peer::recoverable(&hub, "anna");
        drop(anna);
        broadcast(&hub, &[], "1");
        assert_eq!(missed(&hub, "anna", Some(offset)), expected, "{offset}");
    }
    let mut anna = Peer::recoverable(&hub, "anna");
    broadcast(&hub, &[], "1");
    let future = format!("{}9", offset(&anna.lines()[0]));
    drop(anna);
    assert_eq!(missed(&hub, "anna", Some(&future)), None, "it was not given yet");
}

#[test]
fn who_missed_more_than_is_kept_gets_nothing_of_it() {
    let (hub, time) = lasting(RecoverySettings { events: 3, ..RecoverySettings::default() });
    let [mut anna, ben] = ["anna", "ben"].map(|session| Peer::recoverable(&hub, session));
    broadcast(&hub, &[], "1");
    let seen = offset(&anna.lines()[0]);
    drop((anna, ben));
    ["2", "3", "4"].iter().for_each(|event| broadcast(&hub, &[], event));
    assert_eq!(missed(&hub, "anna", Some(&seen)).unwrap(), ["2", "3", "4"]);
    assert_eq!(missed(&hub, "ben", None), None);

    let old = Peer::recoverable(&hub, "old");
    let mut quiet = Peer::recoverable(&hub, "quiet");
    (0..10).for_each(|_| broadcast(&hub, &["old"], "cut"));
    time.pass(186 * SECOND);
    hub.tick();
    drop((old, quiet.lines()));
    drop(quiet);
    assert_eq!(missed(&hub, "quiet", None).unwrap(), [""; 0], "what was cut is too old to be missed");
}

#[test]
fn who_is_away_for_too_long_or_ended_otherwise_cannot_come_back() {
    let (hub, time) = lasting(RecoverySettings { sessions: 2, ..RecoverySettings::default() });
    drop(Peer::recoverable(&hub, "late"));
    time.pass(121 * SECOND);
    assert_eq!(missed(&hub, "late", None), None, "also without a tick");

    let reasons = [DisconnectReason::ClientNamespaceDisconnect, DisconnectReason::ParseError];
    for reason in reasons {
        Peer::recoverable(&hub, "anna").connection.end(reason);
        assert_eq!(missed(&hub, "anna", None), None, "{reason}");
    }
    Peer::recoverable(&hub, "anna").disconnect(true);
    assert_eq!(missed(&hub, "anna", None), None);
    Peer::recoverable(&hub, "anna").end(DisconnectReason::PingTimeout);
    assert!(missed(&hub, "anna", None).is_some());

    for session in ["first", "second", "third"] {
        drop(Peer::recoverable(&hub, session));
    }
    let back = ["first", "second", "third"].map(|session| missed(&hub, session, None).is_some());
    assert_eq!(back, [false, true, true], "there is place for two");
    assert!(missed(&hub, "nobody", None).is_none());
}

#[test]
fn a_session_comes_back_whole_and_once() {
    let (hub, _) = lasting(RecoverySettings::default());
    let connection = hub.connect(std::sync::Arc::new(Lines::default()));
    let socket = connection.open("/", "anna", Some("ada"), None).unwrap();
    assert!(socket.make_recoverable("secret"));
    socket.establish().unwrap();
    socket.set_data("{\"a\":1}");
    now(socket.join(&Join { room: "p", info: Some("7"), ..Join::default() })).unwrap();
    let mut ben = Peer::in_room(&hub, "ben", "p");
    drop(connection);
    assert_eq!(ben.lines(), ["-anna=ada(7) p"]);

    let connection = hub.connect(std::sync::Arc::new(Lines::default()));
    assert!(connection.recover("/", "anna", None, None, None).is_none(), "the name is not the secret");
    let socket = connection.recover("/", "secret", None, Some("ada"), None).unwrap();
    assert!(connection.recover("/", "secret", None, Some("ada"), None).is_none());
    assert!(ben.lines().is_empty() && !socket.is_connected(), "not before it is established");
    assert!(!socket.make_recoverable("other"), "it keeps its secret");
    socket.establish().unwrap();
    assert_eq!(ben.lines(), ["+anna=ada(7) p"]);
    assert_eq!((socket.id(), socket.member().user.as_deref()), ("anna", Some("ada")));
    assert_eq!(socket.data().as_deref(), Some("{\"a\":1}"));
    assert_eq!(socket.rooms(), ["p".into()]);
    drop(connection);
    let connection = hub.connect(std::sync::Arc::new(Lines::default()));
    assert!(connection.recover("/", "secret", None, Some("ada"), None).is_some(), "and another time");
}

#[test]
fn what_does_not_fit_is_not_sent_in_part() {
    let limits = Limits { outbox: 1_000, ..Limits::default() };
    let hub = Hub::builder(rules).limits(limits).recovery(RecoverySettings::default()).build();
    drop(Peer::recoverable(&hub, "anna"));
    (0..20).for_each(|_| broadcast(&hub, &[], "a long story"));
    let connection = hub.connect(std::sync::Arc::new(Lines::default()));
    let socket = connection.recover("/", "anna", None, None, None).unwrap();
    assert_eq!(socket.establish(), Err(Error::Unavailable));
    let mut peer = Peer { connection, socket };
    assert!(peer.lines().is_empty() && !peer.is_connected());
}

#[test]
fn a_namespace_stays_as_long_as_somebody_may_come_back() {
    let (hub, time) = lasting(RecoverySettings::default());
    hub.add_namespace("/chat").unwrap();
    let connection = hub.connect(std::sync::Arc::new(Lines::default()));
    let socket = connection.open("/chat", "anna", None, None).unwrap();
    socket.make_recoverable("anna");
    socket.establish().unwrap();
    assert!(!hub.remove_namespace("/chat"), "somebody is in it");
    drop(connection);
    assert!(!hub.remove_namespace("/chat"), "she may come back");
    time.pass(60 * SECOND);
    hub.tick();
    assert!(hub.has_namespace("/chat"));
    time.pass(61 * SECOND);
    hub.tick();
    assert!(!hub.has_namespace("/chat"));
}

#[test]
fn a_hub_without_recovery_has_none() {
    let hub = hub();
    let anna = Peer::new(&hub, "anna");
    assert!(!anna.make_recoverable("anna"));
    drop(anna);
    assert!(Peer::come_back_as(&hub, "anna", None).is_none());
    let mut ben = Peer::new(&hub, "ben");
    broadcast(&hub, &[], "1");
    assert_eq!(ben.lines(), ["1 "], "without a place");
}
