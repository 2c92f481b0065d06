//! Many threads at once.

#![allow(clippy::unwrap_used)] // tests may stop at the first surprise

mod support;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use ropeway_hub::*;
use support::*;

const PUBLISHERS: usize = 3;
const EVENTS: usize = 2_000;
const VISITS: usize = 200;

/// The offset at the end of a line.
fn offset(line: &str) -> Option<u64> {
    line.split(" @").nth(1)?.split(' ').next()?.parse().ok()
}

/// Joins and leaves with `since` while others publish, and checks that the offsets it sees have no gap and no
/// repetition over all its visits. How often everything missed was replayed.
fn visit(hub: &Hub, name: &str) -> usize {
    let mut recoveries = 0;
    let mut seen: Option<Position> = None;
    for _ in 0..VISITS {
        let mut peer = Peer::new(hub, name);
        match &seen {
            Some(seen) => peer.come_back("h", seen).unwrap(),
            None => peer.enter("h").unwrap(),
        }
        let mut lines = peer.lines();
        thread::yield_now();
        lines.extend(peer.lines());
        let epoch = now(peer.history("h", HistoryQuery { since: None, limit: 0 })).unwrap().position.epoch;
        peer.leave("h", None).unwrap();
        lines.extend(peer.lines());
        assert_eq!(lines.pop().unwrap(), "left h");
        let mut at = offset(&lines[0]).unwrap();
        if let Some(seen) = seen.filter(|_| lines[0].contains("recovered")) {
            assert_eq!(at, seen.offset);
            recoveries += 1;
        }
        for line in &lines[1..] {
            assert_eq!(offset(line), Some(at + 1), "{lines:?}");
            at += 1;
        }
        seen = Some(Position { epoch, offset: at });
    }
    recoveries
}

/// Counts itself out, also when its test fails: the publishers wait for it.
struct Visitor<'a>(&'a AtomicUsize);

impl Drop for Visitor<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[test]
fn joins_among_publishes_see_no_gap_and_nothing_twice() {
    let rules = |_: &str, _: &str| {
        let history = Some(HistorySettings { events: 500, ..HistorySettings::default() });
        let (join, publish) = (Access::Anyone, Access::Anyone);
        Arc::new(RoomSettings { join, publish, history, presence: false, ..RoomSettings::default() })
    };
    let hub = Hub::builder(rules).limits(Limits { outbox: 1 << 30, ..Limits::default() }).build();
    let mut stays = Peer::in_room(&hub, "stays", "h");
    let visitors = AtomicUsize::new(2);
    let published = AtomicUsize::new(0);
    thread::scope(|scope| {
        let (hub, visitors, published) = (&hub, &visitors, &published);
        for publisher in 0..PUBLISHERS {
            scope.spawn(move || {
                for number in 0.. {
                    if visitors.load(Ordering::Relaxed) == 0 {
                        break;
                    }
                    now(hub.publish("/", &say("h", &format!("{publisher} {number}")))).unwrap();
                    published.fetch_add(1, Ordering::Relaxed);
                    thread::yield_now();
                }
            });
        }
        for name in ["a", "b"] {
            scope.spawn(move || {
                let _visitor = Visitor(visitors);
                assert!(visit(hub, name) > 0);
            });
        }
    });
    let lines = stays.lines();
    let offsets: Vec<_> = lines.iter().filter_map(|line| offset(line)).collect();
    assert_eq!(offsets, (1..=published.into_inner() as u64).collect::<Vec<_>>());
    let mut next = HashMap::new();
    for line in &lines {
        let mut words = line.split(' ').skip(1);
        let (publisher, number) = (words.next().unwrap(), words.next().unwrap());
        let expected = next.entry(publisher).or_insert(0usize);
        assert_eq!(number.parse(), Ok(*expected), "each publisher's events stay in order");
        *expected += 1;
    }
}

#[test]
fn all_members_see_the_same_order_with_broadcasts_to_several_rooms() {
    let hub = hub();
    let peers = ["both", "a", "b"].map(|name| Peer::new(&hub, name));
    for (peer, rooms) in peers.iter().zip([&["a", "b"][..], &["a"], &["b"]]) {
        rooms.iter().for_each(|room| peer.enter(room).unwrap());
    }
    thread::scope(|scope| {
        for rooms in [["a", "b"], ["b", "a"], ["a", "b"]] {
            let hub = &hub;
            scope.spawn(move || {
                for number in 0..EVENTS {
                    let event = format!("{:?} {number}", thread::current().id());
                    let broadcast = Broadcast {
                        target: Target { namespace: "/", rooms: &rooms, except: &[] },
                        event: &event,
                        ..Broadcast::default()
                    };
                    now(hub.broadcast(&broadcast)).unwrap();
                }
            });
        }
    });
    let [both, a, b] = peers.map(|mut peer| peer.lines());
    assert_eq!(both.len(), 2 + 3 * EVENTS);
    assert!(both[2..] == a[1..] && both[2..] == b[1..]);
}

/// Breaks and comes back, and checks that the numbers it sees have no gap and no repetition.
fn break_and_return(hub: &Hub, session: &str) {
    let mut peer = Peer::recoverable(hub, session);
    let (mut offset, mut next): (Option<String>, Option<u64>) = (None, None);
    for visit in 0..VISITS {
        thread::yield_now();
        let lines = peer.lines();
        // Some of what was on the way is lost.
        let arrived = lines.len() - lines.len() * (visit % 3) / 3;
        for line in &lines[..arrived] {
            let (event, place) = line.rsplit_once(" ~").unwrap();
            let number: u64 = event.split(' ').next().unwrap().trim_start_matches("a/").parse().unwrap();
            assert_eq!(number, *next.get_or_insert(number), "{line}");
            (offset, next) = (Some(place.to_owned()), Some(number + 1));
        }
        drop(peer);
        thread::yield_now();
        peer = Peer::come_back_as(hub, session, offset.as_deref()).unwrap();
    }
}

#[test]
fn who_comes_back_among_broadcasts_sees_no_gap_and_nothing_twice() {
    let recovery = RecoverySettings { events: 1 << 20, bytes: 1 << 30, ..RecoverySettings::default() };
    let limits = Limits { outbox: 1 << 30, ..Limits::default() };
    let hub = Hub::builder(rules).limits(limits).recovery(recovery).build();
    let visitors = AtomicUsize::new(3);
    thread::scope(|scope| {
        let (hub, visitors) = (&hub, &visitors);
        scope.spawn(move || {
            for number in 0u64.. {
                if visitors.load(Ordering::Relaxed) == 0 {
                    break;
                }
                let (event, rooms) = (number.to_string(), [["a"], ["nobody"]]);
                let everybody = Target { namespace: "/", ..Target::default() };
                let others = Target { except: &rooms[1], ..everybody };
                let target = if number % 2 == 0 { everybody } else { others };
                now(hub.broadcast(&Broadcast { target, event: &event, ..Broadcast::default() })).unwrap();
                thread::yield_now();
            }
        });
        for session in ["s0", "s1", "s2"] {
            scope.spawn(move || {
                let _visitor = Visitor(visitors);
                break_and_return(hub, session);
            });
        }
    });
}

#[test]
fn namespaces_come_and_go() {
    let hub = hub();
    thread::scope(|scope| {
        for thread in 0..4 {
            let hub = &hub;
            scope.spawn(move || {
                for round in 0..1_000 {
                    let name = ["/a", "/b"][round % 2];
                    let session = format!("{thread}.{round}");
                    let connection = hub.connect(Arc::new(Lines::default()));
                    let socket = loop {
                        hub.add_namespace(name).unwrap();
                        if let Ok(socket) = connection.open(name, &session, None, None) {
                            break socket;
                        }
                    };
                    socket.establish().unwrap();
                    let mut peer = Peer { connection, socket };
                    now(peer.socket.enter("room")).unwrap();
                    let rooms = ["room", session.as_str()];
                    let target = Target { namespace: name, rooms: &rooms, except: &[] };
                    let event = session.as_str();
                    now(hub.broadcast(&Broadcast { target, event, ..Broadcast::default() })).unwrap();
                    let mine = format!("{session} ");
                    assert_eq!(peer.lines().iter().filter(|line| **line == mine).count(), 1);
                    drop(peer);
                    hub.remove_namespace(name);
                }
            });
        }
    });
    assert_eq!(hub.stats(), Stats::default());
    assert_eq!(hub.namespaces(), ["/".into()]);
}

#[test]
fn sockets_end_from_everywhere_at_once() {
    let hub = hub();
    thread::scope(|scope| {
        for thread in 0..4 {
            let hub = &hub;
            scope.spawn(move || {
                for round in 0..500 {
                    let mut peer = Peer::new(hub, &format!("{thread}.{round}"));
                    let _ended_meanwhile = peer.enter("a");
                    let target = Target { namespace: "/", rooms: &["a"], except: &[] };
                    now(hub.enter(&target, &["b"])).unwrap();
                    now(hub.disconnect(&target, round % 2 == 0)).unwrap();
                    let mut lines = Vec::new();
                    loop {
                        let (more, end) = peer.drain();
                        lines.extend(more);
                        if end.is_some() || lines.iter().any(|line| line == "disconnected") {
                            break; // else another thread is about to say so
                        }
                        thread::yield_now();
                    }
                    lines.extend(peer.drain().0);
                    let end = lines.iter().position(|line| line == "disconnected");
                    assert!(
                        end.is_none_or(|end| end == lines.len() - 1),
                        "nothing comes after it: {lines:?}"
                    );
                }
            });
        }
    });
    assert_eq!(hub.stats(), Stats::default());
}

#[test]
fn rooms_come_and_go() {
    let hub = hub();
    thread::scope(|scope| {
        for thread in 0..4 {
            let hub = &hub;
            scope.spawn(move || {
                for round in 0..1_000 {
                    let mut peer = Peer::new(hub, &format!("{thread}.{round}"));
                    peer.enter("hp").unwrap();
                    peer.say("hp", "1").unwrap();
                    assert!(
                        peer.lines()
                            .iter()
                            .any(|line| line.starts_with(&format!("hp/say {thread}.{round}: 1")))
                    );
                    if round % 2 == 0 {
                        peer.leave("hp", None).unwrap();
                    }
                }
            });
        }
    });
    assert_eq!(hub.stats(), Stats::default());
}
