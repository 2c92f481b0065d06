//! A member that does not read, under each policy, and what it means for the others.

#![allow(clippy::unwrap_used)] // tests may stop at the first surprise

mod support;

use ropeway_hub::*;
use support::*;

fn limits(slow_consumer: SlowConsumer) -> Limits {
    Limits { outbox: 800, slow_consumer, ..Limits::default() }
}

/// Publishes 20 events of two names to `h`, which the first peer reads all the time and the second not at all.
fn flood(slow_consumer: SlowConsumer) -> (Vec<String>, (Vec<String>, Option<Close>)) {
    let hub = hub_with(limits(slow_consumer));
    let (mut quick, mut slow) = (Peer::in_room(&hub, "quick", "h"), Peer::in_room(&hub, "slow", "h"));
    let mut read = Vec::new();
    for number in 0..20 {
        let event = if number % 2 == 0 { "even" } else { "odd" };
        now(hub.publish("/", &Publish { room: "h", event, ..Publish::default() })).unwrap();
        read.extend(quick.lines());
    }
    slow.send(&Outbound::Error { id: Some("1"), error: &Error::Timeout });
    (read, slow.drain())
}

#[test]
fn closing() {
    let (read, slow) = flood(SlowConsumer::Close);
    assert_eq!(read.len(), 20);
    assert_eq!(slow, (vec![], Some(Close { code: 4002, reason: "slow consumer".into() })));
}

#[test]
fn dropping_the_oldest() {
    let (read, (slow, close)) = flood(SlowConsumer::DropOldest);
    assert_eq!((read.len(), close), (20, None));
    let (answer, events) = slow.split_last().unwrap();
    assert_eq!(answer, "error #1 timeout");
    assert!((5..11).contains(&events.len()), "{events:?}");
    assert_eq!(events, &read[20 - events.len()..], "the newest, in order");
}

#[test]
fn conflating() {
    let (read, (slow, close)) = flood(SlowConsumer::Conflate);
    assert_eq!((read.len(), close), (20, None));
    let (answer, events) = slow.split_last().unwrap();
    assert_eq!(answer, "error #1 timeout");
    assert!(events.len() < 11);
    assert_eq!(&events[events.len() - 2..], &read[18..], "the newest of both names");
    let mut in_order = events.to_vec();
    in_order.sort_by_key(|line| read.iter().position(|other| other == line));
    assert_eq!(in_order, events);
}

#[test]
fn volatile_events_leave_half_of_the_outbox_to_the_others() {
    let hub = hub_with(limits(SlowConsumer::Close));
    let mut slow = Peer::in_room(&hub, "slow", "a");
    for _ in 0..100 {
        now(hub.publish("/", &Publish { volatile: true, ..say("a", "typing") })).unwrap();
    }
    now(hub.publish("/", &say("a", "1"))).unwrap();
    let lines = slow.lines();
    assert!((5..8).contains(&lines.len()), "{lines:?}");
    assert_eq!(lines.last().unwrap(), "a/say 1");
}

#[test]
fn who_was_closed_recovers() {
    let hub = hub_with(limits(SlowConsumer::Close));
    let mut slow = Peer::in_room(&hub, "slow", "h");
    let seen = now(hub.publish("/", &say("h", "1"))).unwrap().position.unwrap();
    slow.lines();
    let text = "x".repeat(250);
    (0..4).for_each(|_| drop(now(hub.publish("/", &say("h", &text)))));
    assert!(slow.drain().1.is_some());
    drop(slow);
    let mut slow = Peer::new(&hub, "slow");
    let later = Position { offset: seen.offset + 2, ..seen };
    slow.come_back("h", &later).unwrap();
    assert_eq!(slow.lines().len(), 3);
}
