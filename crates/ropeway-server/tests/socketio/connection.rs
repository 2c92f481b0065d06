//! Connections and their namespaces.

use std::time::{Duration, Instant};

use crate::peer::{Peer, between, status};
use crate::running::Running;

#[test]
fn the_public_id_is_not_the_one_of_the_session() {
    let server = Running::start();
    let mut peer = Peer::open(&server);
    let told = peer.ask("0");
    let sid = between(&told, "\"sid\":\"", "\"");
    assert!(sid.len() == 20 && sid != peer.engine, "{told}");
}

#[test]
fn a_connection_is_in_several_namespaces_at_once() {
    let server = Running::with(&[("socketio.namespaces", "/, /admin")]);
    let mut peer = Peer::connect(&server);
    assert!(peer.ask("0/admin,").starts_with("0/admin,{\"sid\":\""));
    assert_eq!(peer.ask("0/none,{}"), r#"4/none,{"message":"Invalid namespace"}"#);
    assert!(peer.ask(r#"2/admin,1["join","demo:a"]"#).starts_with(r#"3/admin,1[{"type":"joined""#));
    let mut other = Peer::in_room(&server, "demo:a");
    other.ask(r#"2["publish","demo:a","e",1]"#);
    assert!(peer.ask("2/admin,2[\"presence\",\"demo:a\"]").matches("session").count() == 1, "another room");
    peer.send("1/admin,");
    peer.nothing_more();
    assert!(peer.ask("0/admin,").starts_with("0/admin,"));
}

#[test]
fn one_connection_is_in_as_many_namespaces_as_it_may() {
    let namespaces = ("socketio.namespaces", "/, /a, /b");
    let server = Running::with(&[namespaces, ("limits.namespaces_per_connection", "2")]);
    let mut peer = Peer::connect(&server);
    assert!(peer.ask("0/a,").starts_with("0/a,"));
    assert_eq!(peer.ask("0/b,"), r#"4/b,{"message":"too many namespaces on this connection"}"#);
    peer.send("1/a,");
    assert!(peer.ask("0/b,").starts_with("0/b,"));
}

#[test]
fn what_breaks_the_protocol_closes_the_whole_connection() {
    let server = Running::start();
    for packets in [
        &["0"][..],
        &["0/none,", "2/none,[\"e\"]"],
        &["4{\"message\":\"no\"}"],
        &["1", "2[\"e\"]"],
        &["3/none,0[]"],
        &["9"],
        &["2{}"],
        &["2[\"connect\"]"],
        &["511-[\"e\"]"],
        &["51-[\"e\",{\"_placeholder\":true,\"num\":1}]"],
        &["51-[\"e\",{\"_placeholder\":true,\"num\":0}]", "2[\"e\"]"],
    ] {
        let mut peer = Peer::connect(&server);
        packets.iter().for_each(|packet| peer.send(packet));
        peer.closed();
    }
    let mut peer = Peer::connect(&server);
    peer.attach(b"alone");
    peer.closed();
}

#[test]
fn who_enters_no_namespace_is_closed() {
    let server = Running::with(&[("socketio.connect_timeout", "100ms")]);
    let begun = Instant::now();
    Peer::open(&server).closed();
    assert!(begun.elapsed() >= Duration::from_millis(100));
    let mut peer = Peer::connect(&server);
    std::thread::sleep(Duration::from_millis(300));
    peer.nothing_more();
}

#[test]
fn nothing_is_left_of_connections_that_have_gone() {
    let server = Running::start();
    let peers = (0..50).map(|n| Peer::in_room(&server, &format!("demo:{n}"))).collect::<Vec<_>>();
    assert_eq!((status(&server, "connections"), status(&server, "rooms")), (50, 50));
    peers.into_iter().for_each(Peer::break_off);
    let deadline = Instant::now() + Duration::from_secs(10);
    while (status(&server, "connections"), status(&server, "rooms")) != (0, 0) {
        assert!(Instant::now() < deadline, "connections or rooms are left");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn answers_that_nobody_asked_for_are_ignored() {
    let server = Running::start();
    let mut peer = Peer::connect(&server);
    (0..1000).for_each(|id| peer.send(&format!("3{id}[]")));
    peer.nothing_more();
}
