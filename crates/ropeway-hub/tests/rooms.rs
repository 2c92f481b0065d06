//! Joining, leaving, publishing: who gets what, and in which order.

mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Waker};

use ropeway_hub::*;
use support::*;

#[test]
fn everybody_in_the_room_gets_the_event_the_sender_included() {
    let hub = hub();
    let (mut anna, mut ben) = (Peer::in_room(&hub, "anna", "a"), Peer::in_room(&hub, "ben", "a"));
    let mut carl = Peer::in_room(&hub, "carl", "b");
    anna.say("a", "1").unwrap();
    now(hub.publish("/", &say("a", "2"))).unwrap();
    ben.say("a", "3").unwrap();
    let all = ["a/say anna: 1", "a/say 2", "a/say ben: 3"];
    assert_eq!((anna.lines(), ben.lines()), (all.map(String::from).to_vec(), all.map(String::from).to_vec()));
    assert!(carl.lines().is_empty());
}

#[test]
fn the_answer_to_a_join_comes_before_what_follows_and_left_after_what_came() {
    let hub = hub();
    let mut anna = Peer::new(&hub, "anna");
    now(anna.join(&Join { room: "a", id: Some("7"), info: Some("{}"), ..Join::default() })).unwrap();
    anna.say("a", "1").unwrap();
    anna.leave("a", Some("8")).unwrap();
    now(hub.publish("/", &say("a", "2"))).unwrap();
    assert_eq!(anna.lines(), ["joined a #7", "a/say anna({}): 1", "left a #8"]);
    assert_eq!(anna.leave("a", None), Err(Error::NotJoined));
    assert_eq!(anna.say("a", "3"), Err(Error::NotJoined));
}

#[test]
fn joining_again_is_answered_again_and_doubles_nothing() {
    let hub = hub();
    let mut anna = Peer::in_room(&hub, "anna", "a");
    anna.enter("a").unwrap();
    anna.say("a", "1").unwrap();
    anna.leave("a", None).unwrap();
    assert_eq!(anna.lines(), ["joined a", "a/say anna: 1", "left a"]);
    assert_eq!(hub.stats().rooms, 0);
}

#[test]
fn a_broadcast_to_several_rooms_reaches_each_socket_once() {
    let hub = hub();
    let mut both = Peer::in_room(&hub, "both", "a");
    both.enter("b").unwrap();
    both.lines();
    let (mut one, mut not) = (Peer::in_room(&hub, "one", "b"), Peer::in_room(&hub, "not", "b"));
    let rooms = ["b", "nobody", "a", "b"];
    let broadcast = Broadcast {
        target: Target { namespace: "/", rooms: &rooms, except: &["not"] },
        event: "hey",
        ..Broadcast::default()
    };
    now(hub.broadcast(&broadcast)).unwrap();
    assert_eq!(both.lines(), ["hey "]);
    assert_eq!(one.lines(), ["hey "]);
    assert!(not.lines().is_empty());
}

#[test]
fn an_event_is_encoded_once_for_each_encoding() {
    let hub = hub();
    let encoders = [0, 1].map(|id| Arc::new(Lines { id, ..Lines::default() }));
    let encoder = |at: usize| Arc::clone(&encoders[at % 2]) as Arc<dyn Encoder>;
    let mut peers: Vec<_> = (0..10).map(|at| Peer::with(&hub, &at.to_string(), encoder(at))).collect();
    peers.iter().for_each(|peer| peer.enter("a").unwrap());
    encoders.iter().for_each(|encoder| encoder.encoded.store(0, Ordering::Relaxed));
    now(hub.publish("/", &say("a", "1"))).unwrap();
    assert_eq!(encoders.map(|encoder| encoder.encoded.load(Ordering::Relaxed)), [1, 1]);
    assert!(peers.iter_mut().all(|peer| peer.lines() == ["joined a", "a/say 1"]));
}

#[test]
fn a_task_is_woken_once_for_a_batch() {
    let hub = hub();
    let mut anna = Peer::in_room(&hub, "anna", "a");
    let alarm = Arc::new(Alarm::default());
    let waker = Waker::from(Arc::clone(&alarm));
    let mut cx = Context::from_waker(&waker);
    for round in 1..4 {
        let mut frames = Vec::new();
        while anna.connection.poll_drain(&mut cx, &mut frames, 1).is_ready() {}
        assert_eq!(frames.len(), if round == 1 { 0 } else { 3 });
        (0..3).for_each(|_| drop(now(hub.publish("/", &say("a", "1")))));
        assert_eq!(alarm.count(), round);
    }
}

#[test]
fn one_connection_has_sockets_in_several_namespaces() {
    let hub = Hub::builder(rules).namespace("/admin").build();
    let mut anna = Peer::in_room(&hub, "anna", "a");
    let admin = anna.connection.open("/admin", "anna2", Some("root"), None).unwrap();
    now(admin.join(&Join { room: "a", ..Join::default() })).unwrap();
    now(hub.publish("/admin", &say("a", "secret"))).unwrap();
    now(admin.publish(&say("a", "1"))).unwrap();
    assert_eq!(anna.lines(), ["joined a", "a/say secret", "a/say anna2=root: 1"]);
    admin.end(DisconnectReason::TransportClose);
    now(hub.publish("/admin", &say("a", "secret"))).unwrap();
    now(hub.publish("/", &say("a", "2"))).unwrap();
    assert_eq!(anna.lines(), ["a/say 2"]);
    assert_eq!(now(admin.join(&Join { room: "a", ..Join::default() })), Err(Error::Closed));
    assert_eq!(anna.connection.open("/no", "x", None, None).unwrap_err(), Error::NoNamespace);
}

#[test]
fn the_policy_decides_who_may() {
    let hub = hub();
    let mut anna = Peer::new(&hub, "anna");
    assert_eq!(anna.enter("x"), Err(Error::Forbidden));
    assert_eq!(anna.enter("u"), Err(Error::Forbidden));
    anna.enter("r").unwrap();
    assert_eq!(anna.say("r", "1"), Err(Error::Forbidden));
    now(hub.publish("/", &say("r", "2"))).unwrap();
    assert_eq!(anna.lines(), ["joined r", "r/say 2"]);
    let user = anna.connection.open("/", "user", Some("u1"), None).unwrap();
    now(user.join(&Join { room: "u", ..Join::default() })).unwrap();
    assert_eq!(hub.stats(), Stats { connections: 1, rooms: 2 });
}

#[test]
fn limits_hold() {
    let limits = Limits {
        rooms_per_socket: 2,
        sockets_per_connection: 2,
        room_name: 3,
        key: 2,
        info: 2,
        ..Limits::default()
    };
    let hub = hub_with(limits);
    let anna = Peer::in_room(&hub, "anna", "a");
    for name in ["", "aaaa", "a\n", "\u{85}"] {
        assert_eq!(anna.enter(name), Err(Error::InvalidRoom), "{name:?}");
        assert_eq!(now(hub.publish("/", &say(name, ""))), Err(Error::InvalidRoom));
    }
    let info = now(anna.join(&Join { room: "b", info: Some("123"), ..Join::default() }));
    assert_eq!(info, Err(Error::TooLarge { what: "info", limit: 2 }));
    let key = now(anna.publish(&Publish { key: Some("123"), ..say("a", "1") }));
    assert_eq!(key, Err(Error::TooLarge { what: "key", limit: 2 }));
    anna.enter("b").unwrap();
    assert_eq!(anna.enter("c"), Err(Error::TooManyRooms));
    anna.enter("b").unwrap();
    let second = anna.connection.open("/", "2", None, None).unwrap();
    assert_eq!(anna.connection.open("/", "3", None, None).unwrap_err(), Error::TooManySockets);
    second.end(DisconnectReason::TransportClose);
    anna.connection.open("/", "3", None, None).unwrap();
}

#[test]
fn the_end_of_a_connection_ends_everything_of_it() {
    let hub = hub();
    let anna = Peer::in_room(&hub, "anna", "a");
    let handle = anna.socket.clone();
    assert_eq!(hub.stats(), Stats { connections: 1, rooms: 1 });
    drop(anna);
    assert_eq!(hub.stats(), Stats { connections: 0, rooms: 0 });
    assert_eq!(now(handle.join(&Join { room: "a", ..Join::default() })), Err(Error::Closed));
    assert_eq!(now(handle.publish(&say("a", "1"))), Err(Error::NotJoined));
    handle.emit("x", Payload::default());
}

#[test]
fn a_close_comes_after_what_was_queued_and_nothing_after_it() {
    let hub = hub();
    let mut anna = Peer::in_room(&hub, "anna", "a");
    anna.say("a", "1").unwrap();
    anna.connection.push("pong".into());
    let bye = Close { code: 1001, reason: "bye".into() };
    anna.close_connection(bye.clone());
    anna.close_connection(Close { code: 1000, reason: "".into() });
    now(hub.publish("/", &say("a", "2"))).unwrap();
    assert_eq!(anna.drain(), (vec!["a/say anna: 1".into(), "pong".into()], Some(bye.clone())));
    assert_eq!(anna.drain(), (vec![], Some(bye)));
}
