//! Conversations with a session, packet by packet, without I/O.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use ropeway_hub::{Close, Drained, Hub, Payload, Publish};
use ropeway_socketio::engine::Version;

use super::{Protocol, Session};
use crate::config::{Config, Sources};
use crate::handshake::Handshake;
use crate::policy::Rules;
use crate::protocol::Session as _;

/// The rooms of the development profile, and a namespace besides `/`.
fn config() -> Config {
    Sources::new().flag("-", "socketio.namespaces", "/, /other").load().unwrap()
}

fn hub() -> Hub {
    Hub::builder(Rules::new(&config())).namespace("/other").build()
}

/// A client and its session, with what it is told as literal packets.
struct Client {
    session: Session,
}

impl Client {
    fn new(hub: &Hub) -> Self {
        Self::of_version(hub, Version::V4)
    }

    fn of_version(hub: &Hub, version: Version) -> Self {
        let protocol = Arc::new(Protocol::new(hub.clone(), None, &config().socketio));
        let request = http::Request::get("/socket.io/?EIO=4&transport=websocket").body(()).unwrap();
        let handshake = Arc::new(Handshake::new(&request, SystemTime::UNIX_EPOCH));
        Self { session: Session::new(protocol, handshake, version, None, Instant::now()) }
    }

    /// A client in `/`.
    fn connected(hub: &Hub) -> Self {
        let mut client = Self::new(hub);
        client.session.text("0");
        assert!(client.told().starts_with("40{\"sid\":\""));
        client
    }

    /// Says something and returns what is told then.
    fn says(&mut self, packet: &str) -> String {
        self.session.text(packet);
        self.told()
    }

    /// Everything that waits, a line for each frame; binary frames in hexadecimal.
    fn told(&mut self) -> String {
        let (frames, end) = self.drain();
        let mut lines = frames.iter().flat_map(|frame| lines(frame)).collect::<Vec<_>>();
        if let Some(close) = end {
            lines.push(format!("close {} {}", close.code, close.reason));
        }
        lines.join("\n")
    }

    fn drain(&mut self) -> (Vec<Bytes>, Option<Close>) {
        let mut frames = Vec::new();
        let mut cx = Context::from_waker(Waker::noop());
        loop {
            match self.session.poll_drain(&mut cx, &mut frames, usize::MAX) {
                Poll::Ready(Drained::Frames) => {}
                Poll::Ready(Drained::Closed(close)) => return (frames, Some(close)),
                Poll::Pending => return (frames, None),
            }
        }
    }
}

/// The payloads of frames that stand back to back.
fn lines(mut frames: &[u8]) -> Vec<String> {
    let mut lines = Vec::new();
    while let [opcode, len, rest @ ..] = frames {
        let (len, rest) = match len {
            126 => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), &rest[2..]),
            len => (usize::from(*len), rest),
        };
        let (payload, rest) = rest.split_at(len);
        frames = rest;
        lines.push(match opcode {
            0x81 => String::from_utf8(payload.to_vec()).unwrap(),
            0x82 => payload.iter().map(|byte| format!("{byte:02x}")).collect(),
            other => panic!("a whole message instead of {other:#x}"),
        });
    }
    lines
}

/// What stands between two texts.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("{before:?} in {text:?}")).1;
    rest.split_once(after).unwrap_or_else(|| panic!("{after:?} in {text:?}")).0
}

fn publish(hub: &Hub, event: &str, data: &str) {
    let data = Payload::text(data);
    let _ = hub.publish("/", &Publish { room: "demo:a", event, data, ..Publish::default() });
}

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
fn rooms_are_joined_and_heard() {
    let hub = hub();
    let mut ada = Client::new(&hub);
    let told = ada.says("0");
    let sid = between(&told, "\"sid\":\"", "\"").to_owned();
    let joined = ada.says(r#"21["join",{"room":"demo:a","info":{"name":"Ada"}}]"#);
    let epoch = between(&joined, r#""epoch":""#, r#"""#);
    assert_eq!(
        joined,
        format!(
            r#"431[{{"type":"joined","room":"demo:a","epoch":"{epoch}","offset":0,"recovered":false,"members":[{{"session":"{sid}","info":{{"name":"Ada"}}}}]}}]"#
        )
    );

    let mut bob = Client::connected(&hub);
    assert!(bob.says(r#"20["join","demo:a"]"#).starts_with(r#"430[{"type":"joined","room":"demo:a""#));
    assert!(
        ada.told().starts_with(r#"42["presence",{"type":"presence","room":"demo:a","joined":[{"session":""#)
    );

    let said = format!(
        r#"42["say",{{"a":[1]}},{{"room":"demo:a","from":{{"session":"{sid}","info":{{"name":"Ada"}}}},"offset":1}}]"#
    );
    assert_eq!(
        ada.says(r#"22["publish",{"room":"demo:a","event":"say","data":{"a":[1]}}]"#),
        format!("{said}\n432[{{\"type\":\"ack\",\"data\":{{\"epoch\":\"{epoch}\",\"offset\":1}}}}]")
    );
    assert_eq!(bob.told(), said);

    publish(&hub, "news", "null");
    assert_eq!(bob.told(), r#"42["news",null,{"room":"demo:a","offset":2}]"#);

    assert_eq!(bob.says(r#"23["leave","demo:a"]"#), r#"433[{"type":"left","room":"demo:a"}]"#);
    ada.told();
    publish(&hub, "news", "1");
    assert_eq!(
        (bob.told().as_str(), ada.told().as_str()),
        ("", r#"42["news",1,{"room":"demo:a","offset":3}]"#)
    );
}

#[test]
fn questions_are_answered() {
    let mut client = Client::connected(&hub());
    client.says(r#"20["join","demo:q"]"#);
    client.says(r#"2["publish","demo:q","e",[]]"#);
    assert!(
        client
            .says(r#"21["presence","demo:q"]"#)
            .starts_with(r#"431[{"type":"presence","room":"demo:q","members":[{"#)
    );
    let history = client.says(r#"22["history",{"room":"demo:q","limit":1}]"#);
    assert!(history.starts_with(r#"432[{"type":"history","room":"demo:q","epoch":"#), "{history}");
    assert!(
        history.contains(r#""events":[{"type":"event","room":"demo:q","event":"e","from":"#),
        "{history}"
    );
}

#[test]
fn what_cannot_be_carried_out_is_told() {
    let mut client = Client::connected(&hub());
    let error = |code: &str, message: &str| {
        format!(r#"{{"type":"error","code":"{code}","message":"{message}","retry":false}}"#)
    };
    for (event, code, message) in [
        (r#"["join","secret"]"#, "forbidden", "not allowed in this room"),
        (r#"["join",{"room":5}]"#, "bad_message", "`room` must be a string"),
        (r#"["join"]"#, "bad_message", "an argument is missing: an object, or the name of a room"),
        (r#"["join",null]"#, "bad_message", "`room` must be a string"),
        (r#"["publish","demo:a","e"]"#, "bad_message", "`data` is missing"),
        (r#"["publish","demo:a","e",1]"#, "not_joined", "not a member of this room"),
        (r#"["fly",1]"#, "no_handler", "nobody handles this event"),
    ] {
        assert_eq!(client.says(&format!("27{event}")), format!("437[{}]", error(code, message)));
        assert_eq!(client.says(&format!("2{event}")), format!("42[\"error\",{}]", error(code, message)));
    }
    let question = error("bad_message", "`presence` is a question: it needs a callback");
    assert_eq!(client.says(r#"2["presence","demo:a"]"#), format!("42[\"error\",{question}]"));
}

#[test]
fn binary_goes_through_rooms() {
    let hub = hub();
    let (mut ada, mut bob) = (Client::connected(&hub), Client::connected(&hub));
    ada.says(r#"20["join","demo:b"]"#);
    bob.says(r#"20["join",{"room":"demo:b","info":{"_placeholder":true,"num":7}}]"#);
    ada.told();
    ada.session.text(r#"52-1["publish",{"room":"demo:b","event":"file","data":[{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]}]"#);
    ada.session.binary(Bytes::from_static(b"\x01\x02"));
    assert_eq!(ada.told(), "");
    ada.session.binary(Bytes::from_static(b"\xff"));
    let told = ada.told();
    let sid = between(&told, r#""session":""#, "\"");
    let event = format!(
        "452-[\"file\",[{{\"_placeholder\":true,\"num\":1}},{{\"_placeholder\":true,\"num\":0}}],{{\"room\":\"demo:b\",\"from\":{{\"session\":\"{sid}\"}},\"offset\":1}}]\n0102\nff"
    );
    assert!(told.starts_with(&format!("{event}\n431[")), "{told}");
    assert_eq!(bob.told(), event);

    // What a member says of itself cannot pass for an attachment.
    bob.session.text(r#"51-["publish","demo:b","file",{"_placeholder":true,"num":0}]"#);
    bob.session.binary(Bytes::from_static(b"\x00"));
    let told = ada.told();
    assert!(
        told.starts_with(r#"451-["file",{"_placeholder":true,"num":0},{"room":"demo:b","from":{"session":""#),
        "{told}"
    );
    assert!(!told.contains("num\":7"), "{told}");
}

#[test]
fn names_that_clients_take_for_a_fault_are_not_sent() {
    let hub = hub();
    let mut client = Client::connected(&hub);
    client.says(r#"20["join","demo:a"]"#);
    for name in ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"] {
        publish(&hub, name, "1");
    }
    publish(&hub, "e", "1");
    assert_eq!(client.told(), r#"42["e",1,{"room":"demo:a","offset":7}]"#);
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

#[test]
fn memberships_end_with_the_namespace_and_with_the_connection() {
    let hub = hub();
    let mut client = Client::connected(&hub);
    client.says(r#"20["join","demo:a"]"#);
    assert_eq!(hub.stats().rooms, 1);
    client.says("1");
    assert_eq!((hub.stats().rooms, hub.stats().connections), (0, 1));
    client.says("0");
    client.says(r#"20["join","demo:a"]"#);
    drop(client);
    assert_eq!((hub.stats().rooms, hub.stats().connections), (0, 0));
}
