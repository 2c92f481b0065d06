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
