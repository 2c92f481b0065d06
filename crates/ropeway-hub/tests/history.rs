//! History, recovery and keys, with the memory broker.

#![allow(clippy::unwrap_used)] // tests may stop at the first surprise

mod support;

use std::sync::Arc;
use std::time::Duration;

use ropeway_hub::*;
use support::*;

const SECOND: Duration = Duration::from_secs(1);

fn say_keyed<'a>(room: &'a str, text: &'a str, key: &'a str) -> Publish<'a> {
    Publish { key: Some(key), ..say(room, text) }
}

fn page(peer: &Peer, since: Option<Since<'_>>, limit: usize) -> (Vec<u64>, bool) {
    let page = now(peer.history("h", HistoryQuery { since, limit })).unwrap();
    (page.events.iter().map(|event| event.offset).collect(), page.complete)
}

#[test]
fn who_comes_back_gets_exactly_what_was_missed() {
    let hub = hub();
    let anna = Peer::in_room(&hub, "anna", "h");
    let mut ben = Peer::new(&hub, "ben");
    ben.enter("h").unwrap();
    let seen = anna.say("h", "1").unwrap().position.unwrap();
    assert_eq!(ben.lines(), ["joined h @0", "h/say anna: 1 @1"]);
    drop(ben);
    anna.say("h", "2").unwrap();
    now(anna.publish(&Publish { volatile: true, ..say("h", "typing") })).unwrap();
    anna.say("h", "3").unwrap();
    let mut ben = Peer::new(&hub, "ben");
    ben.come_back("h", &seen).unwrap();
    anna.say("h", "4").unwrap();
    let all = ["joined h @1 recovered", "h/say anna: 2 @2", "h/say anna: 3 @3", "h/say anna: 4 @4"];
    assert_eq!(ben.lines(), all);
}

#[test]
fn a_part_of_what_was_missed_is_never_replayed() {
    let hub = hub();
    let anna = Peer::in_room(&hub, "anna", "h");
    let first = anna.say("h", "1").unwrap().position.unwrap();
    for _ in 0..5 {
        anna.say("h", "more").unwrap();
    }
    let mut ben = Peer::new(&hub, "ben");
    ben.come_back("h", &first).unwrap();
    assert_eq!(ben.lines().len(), 6, "five are kept, and those are all that came after the first");
    drop(ben);
    anna.say("h", "one too many").unwrap();
    let unknown = [
        first.clone(),
        Position { offset: 8, ..first.clone() },
        Position { epoch: "other".into(), offset: 6 },
    ];
    for since in unknown {
        let mut ben = Peer::new(&hub, "ben");
        ben.come_back("h", &since).unwrap();
        assert_eq!(ben.lines(), ["joined h @7"], "{since:?}");
    }
}

#[test]
fn events_and_empty_rooms_grow_old() {
    let time = Time::new();
    let hub = Hub::builder(rules).clock(time.clock()).build();
    let anna = Peer::in_room(&hub, "anna", "h");
    anna.say("h", "1").unwrap();
    time.pass(3599 * SECOND);
    let second = anna.say("h", "2").unwrap().position.unwrap();
    assert_eq!(page(&anna, None, 10), (vec![1, 2], true));
    time.pass(SECOND);
    assert_eq!(page(&anna, None, 10), (vec![2], true));
    hub.tick();
    drop(anna);
    time.pass(3598 * SECOND);
    hub.tick();
    let mut ben = Peer::new(&hub, "ben");
    ben.come_back("h", &second).unwrap();
    assert_eq!(ben.lines(), ["joined h @2 recovered"]);
    time.pass(3600 * SECOND);
    hub.tick();
    ben.come_back("h", &second).unwrap();
    assert_eq!(ben.lines(), ["joined h @2 recovered"], "the room lives as long as somebody is in it");
    drop(ben);
    time.pass(3600 * SECOND);
    hub.tick();
    let mut ben = Peer::new(&hub, "ben");
    ben.come_back("h", &second).unwrap();
    assert_eq!(ben.lines(), ["joined h @0"], "forgotten: a new epoch");
}

#[test]
fn a_restart_changes_the_epoch() {
    let before = now(hub().publish("/", &say("h", "1"))).unwrap().position.unwrap();
    let hub = hub();
    now(hub.publish("/", &say("h", "1"))).unwrap();
    let mut anna = Peer::new(&hub, "anna");
    anna.come_back("h", &before).unwrap();
    assert_eq!(anna.lines(), ["joined h @1"]);
}

#[test]
fn pages_of_history() {
    let hub = hub();
    let anna = Peer::in_room(&hub, "anna", "h");
    let epoch = anna.say("h", "1").unwrap().position.unwrap().epoch;
    for text in ["2", "3", "4", "5", "6", "7"] {
        anna.say("h", text).unwrap();
    }
    let since = |offset| Some(Since { epoch: &epoch, offset });
    assert_eq!(page(&anna, None, 10), (vec![3, 4, 5, 6, 7], true));
    assert_eq!(page(&anna, None, 2), (vec![6, 7], false));
    assert_eq!(page(&anna, since(4), 10), (vec![5, 6, 7], true));
    assert_eq!(page(&anna, since(4), 2), (vec![5, 6], false));
    assert_eq!(page(&anna, since(2), 10), (vec![3, 4, 5, 6, 7], true));
    assert_eq!(page(&anna, since(1), 10), (vec![3, 4, 5, 6, 7], false));
    assert_eq!(page(&anna, since(7), 10), (vec![], true));
    assert_eq!(page(&anna, Some(Since { epoch: "no", offset: 6 }), 2), (vec![3, 4], false));
    assert_eq!(now(anna.history("g", HistoryQuery { since: None, limit: 1 })).unwrap_err(), Error::NotJoined);
    anna.enter("a").unwrap();
    assert_eq!(now(anna.history("a", HistoryQuery { since: None, limit: 1 })).unwrap_err(), Error::NoHistory);
}

#[test]
fn a_page_fits_the_outbox() {
    let hub = hub_with(Limits { outbox: 1000, ..Limits::default() });
    let mut anna = Peer::in_room(&hub, "anna", "h");
    let text = "x".repeat(147); // 150 with the name of the event: three fit half of the outbox
    for _ in 0..5 {
        anna.say("h", &text).unwrap();
        anna.lines();
    }
    let page = now(anna.history("h", HistoryQuery { since: None, limit: 10 })).unwrap();
    assert_eq!(page.events.iter().map(|event| event.offset).collect::<Vec<_>>(), [3, 4, 5]);
    let since = Some(Since { epoch: &page.position.epoch, offset: 0 });
    let page = now(anna.history("h", HistoryQuery { since, limit: 10 })).unwrap();
    assert_eq!(page.events.iter().map(|event| event.offset).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(!page.complete);
}

#[test]
fn a_replay_that_does_not_fit_the_outbox_is_no_replay() {
    let hub = hub_with(Limits { outbox: 1000, ..Limits::default() });
    let start = now(hub.publish("/", &say("h", "1"))).unwrap().position.unwrap();
    let text = "x".repeat(300);
    for _ in 0..3 {
        now(hub.publish("/", &say("h", &text))).unwrap();
    }
    let mut anna = Peer::new(&hub, "anna");
    anna.come_back("h", &start).unwrap();
    assert_eq!(anna.lines(), ["joined h @4"]);
    anna.come_back("h", &Position { offset: 2, ..start }).unwrap();
    assert_eq!(anna.lines().len(), 3);
}

#[test]
fn a_repeated_key_is_answered_and_not_delivered() {
    for (room, position) in [("h", true), ("a", false)] {
        let hub = hub();
        let mut anna = Peer::in_room(&hub, "anna", room);
        let first = now(anna.publish(&say_keyed(room, "1", "k"))).unwrap();
        let again = now(hub.publish("/", &say_keyed(room, "1", "k"))).unwrap();
        assert!(!first.duplicate);
        assert_eq!(again, Published { duplicate: true, ..first.clone() });
        assert_eq!(first.position.is_some(), position);
        assert_eq!(anna.lines().len(), 1);
        now(anna.publish(&say_keyed("h2", "1", "k"))).unwrap_err();
        assert!(
            !now(hub.publish("/", &say_keyed("other h", "1", "k"))).unwrap().duplicate,
            "keys are of a room"
        );
    }
}

#[test]
fn keys_are_forgotten_by_age_and_number() {
    let time = Time::new();
    let hub = Hub::builder(rules).clock(time.clock()).build();
    let repeated = |key| now(hub.publish("/", &say_keyed("a", "1", key))).unwrap().duplicate;
    assert_eq!(["1", "2", "3", "1"].map(repeated), [false, false, false, true]);
    assert_eq!(["4", "2", "1"].map(repeated), [false, true, false], "three are remembered");
    time.pass(59 * SECOND);
    assert!(repeated("4"));
    time.pass(SECOND);
    assert!(!repeated("4"));
}

#[test]
fn rooms_that_nobody_is_in_are_bounded() {
    let time = Time::new();
    let broker = Arc::new(MemoryBroker::bounded(2, 1000));
    let hub = Hub::builder(rules).clock(time.clock()).broker(broker).build();
    let stays = Peer::in_room(&hub, "anna", "h0");
    let mut positions = vec![stays.say("h0", "1").unwrap().position.unwrap()];
    for room in ["h1", "h2", "h3"] {
        time.pass(SECOND);
        positions.push(now(hub.publish("/", &say(room, "1"))).unwrap().position.unwrap());
    }
    hub.tick();
    let kept = |(at, room): (usize, &str)| {
        let mut peer = Peer::new(&hub, "ben");
        peer.come_back(room, &positions[at]).unwrap();
        peer.lines()[0].contains("recovered")
    };
    let rooms = ["h0", "h1", "h2", "h3"];
    assert_eq!(rooms.into_iter().enumerate().map(kept).collect::<Vec<_>>(), [true, false, true, true]);
}
