//! What connections cost, and that it is given back. Alone in its file because it watches the whole heap.

#![allow(clippy::unwrap_used)] // tests may stop at the first surprise

mod support;

use std::sync::Arc;

use dhat::HeapStats;
use ropeway_hub::*;
use support::*;

#[global_allocator]
static HEAP: dhat::Alloc = dhat::Alloc;

const CONNECTIONS: usize = 2_000;

fn heap() -> usize {
    HeapStats::get().curr_bytes
}

/// Idle connections, each joined to the room that `room` names, after they have read their answer.
fn connect(hub: &Hub, encoder: &Arc<Lines>, room: impl Fn(usize) -> String) -> Vec<Peer> {
    let session = |at| format!("{at:022}"); // as long as 128 bits in base64
    let connect = |at| {
        let mut peer = Peer::with(hub, &session(at), Arc::clone(encoder) as Arc<dyn Encoder>);
        peer.enter(&room(at)).unwrap();
        assert_eq!(peer.lines().len(), 1);
        peer
    };
    (0..CONNECTIONS).map(connect).collect()
}

/// Bytes of an idle connection, and bytes that are left when all are gone.
fn measure(hub: &Hub, room: impl Fn(usize) -> String) -> (usize, usize) {
    let encoder = Arc::new(Lines::default());
    let before = heap();
    let mut peers = connect(hub, &encoder, room);
    let each = (heap() - before) / CONNECTIONS; // with the handles, which are part of the connection's task
    let texts = |peer: &mut Peer| peer.lines().len();
    (0..3).for_each(|_| drop(now(hub.publish("/", &say("a", "1")))));
    peers.iter_mut().map(texts).for_each(drop);
    assert!(heap() <= before + (each + 1) * CONNECTIONS, "an outbox that was read owns nothing");
    drop(peers);
    (each, heap().saturating_sub(before))
}

#[test]
fn connections_are_small_and_give_everything_back() {
    let _profiler = dhat::Profiler::builder().testing().build();
    let time = Time::new();
    let hub = Hub::builder(rules).clock(time.clock()).build();
    let (in_one_room, left) = measure(&hub, |_| "a".into());
    println!("{in_one_room} bytes for a connection in a room of {CONNECTIONS}, {left} left over");
    assert!(in_one_room <= 600, "{in_one_room}");
    assert!(left < 2_000, "{left}");

    let (own_room, left) = measure(&hub, |at| format!("own{at}"));
    println!("{own_room} bytes for a connection in a room of its own, {left} left over");
    assert!(own_room <= 1_000, "{own_room}");
    assert!(left < 64 * 1_024, "{left}");

    let before = heap();
    let mut peers = connect(&hub, &Arc::new(Lines::default()), |_| "a".into());
    peers.truncate(10);
    peers.shrink_to_fit();
    assert!(heap() < before + 10 * 1_000, "a room that was large is small again");
    drop(peers);

    let before = heap();
    let (with_history, left) = measure(&hub, |at| format!("h{at}"));
    println!("{with_history} bytes for a connection in a room of its own with history, {left} left over");
    time.pass(std::time::Duration::from_secs(3600));
    hub.tick();
    assert!(heap() < before + 64 * 1_024, "rooms that nobody is in are forgotten after an hour");

    let before = heap();
    let names: Vec<_> = (0..CONNECTIONS).map(|at| format!("/chat/{at}")).collect();
    names.iter().for_each(|name| hub.add_namespace(name).unwrap());
    let each = (heap() - before) / CONNECTIONS;
    println!("{each} bytes for a namespace");
    assert!(each <= 1_400, "{each}");
    assert!(names.iter().all(|name| hub.remove_namespace(name)));
    assert!(heap() < before + 300 * 1_024, "{}", heap() - before); // the map, and the names here
    drop((names, hub));
    recovery_gives_everything_back(&time);
}

/// Clients that come back, and those that never do.
fn recovery_gives_everything_back(time: &Time) {
    let hub = Hub::builder(rules).clock(time.clock()).recovery(RecoverySettings::default()).build();
    let before = heap();
    let say = |text: &str| {
        let target = Target { namespace: "/", ..Target::default() };
        let data = Payload::text(text);
        now(hub.broadcast(&Broadcast { target, event: "say", data, ..Broadcast::default() })).unwrap();
    };
    say(&"x".repeat(100_000));
    assert!(heap() < before + 1_024, "nothing is logged for nobody");
    let come = |at: usize| {
        let mut peer = Peer::recoverable(&hub, &format!("{at:022}"));
        peer.enter("a").unwrap();
        peer.lines();
        peer
    };
    let peers: Vec<Peer> = (0..CONNECTIONS).map(come).collect();
    let each = (heap() - before) / CONNECTIONS;
    assert!(each <= 1_000, "{each} bytes for a connection that may come back");
    drop(peers);
    let each = (heap() - before) / CONNECTIONS;
    assert!(each <= 600, "{each} bytes for one that is away");
    say("a");
    let back: Vec<_> =
        (0..100).filter_map(|at| Peer::come_back_as(&hub, &format!("{at:022}"), None)).collect();
    assert_eq!(back.len(), 100);
    time.pass(std::time::Duration::from_secs(1_000));
    hub.tick();
    drop(back);
    time.pass(std::time::Duration::from_secs(1_000));
    hub.tick();
    assert!(heap() < before + 2_048, "{}", heap() - before);
}
