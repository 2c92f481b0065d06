//! Namespaces, parsers, and what closes the connection.

use std::time::Duration;

use bytes::Bytes;
use ropeway_socketio::engine::Version;

use super::{Client, between, hub};
use crate::protocol::Session as _;

#[test]
fn connect_is_answered_with_a_public_id() {
    let mut client = Client::new(&hub());
    let told = client.says(r#"0{"token":"abc"}"#);
    let sid = between(&told, r#"40{"sid":""#, r#""}"#);
    assert!(
        sid.len() == 20 && sid.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)),
        "{told}"
    );
}

#[test]
fn a_connection_is_in_several_namespaces() {
    let mut client = Client::connected(&hub());
    assert!(client.says("0/other,").starts_with(r#"40/other,{"sid":""#));
    assert_eq!(client.says("1/other,"), "");
    assert!(client.says("0/other,").starts_with("40/other,"), "and may come back");
    assert_eq!(
        client.says("2/other,5[\"leave\",\"demo:a\"]"),
        r#"43/other,5[{"type":"error","code":"not_joined","message":"not a member of this room","retry":false}]"#
    );
    assert_eq!(client.says("1"), "", "the connection stays without any");
}

#[test]
fn unknown_namespaces_are_refused_and_the_connection_stays() {
    let mut client = Client::new(&hub());
    assert_eq!(client.says("0/secret,"), r#"44/secret,{"message":"Invalid namespace"}"#);
    assert_eq!(client.says("0/?token=1,"), r#"44/?token=1,{"message":"Invalid namespace"}"#);
    assert!(client.says("0").starts_with("40{"));
}

#[test]
fn what_cannot_come_now_closes_the_whole_connection() {
    for packets in [
        &["0", "0"][..],
        &["2[\"e\"]"],
        &["3 1[]"],
        &["0", "2/other,[\"e\"]"],
        &["0", "1/other,"],
        &["0", "4{\"message\":\"x\"}"],
        &["0", "1", "2[\"e\"]"],
        &["0", "nonsense"],
        &["0", "2[\"disconnect\"]"],
        &["0", "51-[\"e\",{\"_placeholder\":true,\"num\":0}]", "2[\"e\"]"],
        &["0", "51-[\"e\",{\"_placeholder\":true,\"num\":1}]"],
        &["0", "50-[\"e\"]"],
        &["0[]"],
    ] {
        let hub = hub();
        let mut client = Client::new(&hub);
        let told = packets.iter().map(|packet| client.says(packet)).collect::<Vec<_>>();
        assert!(told.last().is_some_and(|told| told.starts_with("close 1008 ")), "{packets:?}: {told:?}");
        client.session.text("0/other,");
        assert!(client.told().starts_with("close 1008 "), "and nothing is answered any more");
    }
}

#[test]
fn binary_without_a_packet_closes() {
    let mut client = Client::connected(&hub());
    client.session.binary(Bytes::from_static(b"x"));
    assert_eq!(client.told(), "close 1008 invalid packet");
}

#[test]
fn a_client_that_joins_no_namespace_is_closed() {
    let mut client = Client::new(&hub());
    let deadline = client.session.poll_timeout().unwrap();
    client.session.handle_timeout(deadline - Duration::from_millis(1));
    assert_eq!(client.says("0/secret,"), r#"44/secret,{"message":"Invalid namespace"}"#);
    client.session.handle_timeout(deadline);
    assert_eq!(client.told(), "close 1008 no namespace joined in time");

    let client = Client::connected(&hub());
    assert_eq!(client.session.poll_timeout(), None);
}

#[test]
fn clients_with_msgpack_are_known_by_their_first_packet() {
    let hub = hub();
    let mut client = Client::new(&hub);
    // {"type":0,"nsp":"/"}
    client.session.binary(Bytes::from_static(b"\x82\xa4type\x00\xa3nsp\xa1/"));
    let told = client.told();
    // {"type":0,"nsp":"/","data":{"sid":"..
    assert!(
        told.starts_with("83a474797065 00a36e7370a12fa46461746181a3736964b4".replace(' ', "").as_str()),
        "{told}"
    );
    // {"type":2,"nsp":"/","data":["join","demo:m"],"id":1}
    client
        .session
        .binary(Bytes::from_static(b"\x84\xa4type\x02\xa3nsp\xa1/\xa4data\x92\xa4join\xa6demo:m\xa2id\x01"));
    assert!(client.told().contains("a474797065a66a6f696e6564"), "type: joined");
    client.session.text("0/other,");
    assert_eq!(client.told(), "close 1008 invalid packet", "text is not of this parser");
}

#[test]
fn clients_of_engine_io_3_are_in_the_main_namespace_at_once() {
    let hub = hub();
    let mut client = Client::of_version(&hub, Version::V3);
    assert_eq!(client.told(), "40");
    assert_eq!(client.says("0/other?token=a%20b,"), "40/other,");
    assert_eq!(client.says("0/secret,"), r#"44/secret,"Invalid namespace""#);
    client.says(r#"20["join","demo:a"]"#);
    client.session.text(r#"51-["publish","demo:a","file",{"_placeholder":true,"num":0}]"#);
    client.session.binary(Bytes::from_static(b"\xff"));
    assert!(client.told().ends_with("\n04ff"), "binary messages have a type");
}
