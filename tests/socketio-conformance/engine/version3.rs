//! Engine.IO v3, which Socket.IO clients of version 2 speak, where the server allows it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::v3;
use crate::case::{Case, Place, case};
use crate::http::{ask, ask_with};
use crate::polling::arrival;
use crate::subject::{PING_INTERVAL, PING_TIMEOUT, Profile, Subject};
use crate::websocket::{Frame, WebSocket};

const ANATOMY: Place = v3("Anatomy of an Engine.IO session");
const PACKET: Place = v3("Packet");
const PAYLOAD: Place = v3("Payload");
const UPGRADE: Place = v3("Transport upgrading");
const TIMEOUTS: Place = v3("Timeouts");
const SOCKETIO: Place = Place("Socket.IO v4", "Connection");

pub(crate) const CASES: &[Case] = &[
    case!(
        ANATOMY,
        polling_opens_a_session,
        "The open packet is preceded by its length and names sid, upgrades and intervals"
    ),
    case!(ANATOMY, websocket_opens_a_session, "The open packet over WebSocket offers no upgrade"),
    case!(
        ANATOMY,
        version_is_refused_unless_allowed,
        "Where v3 is not allowed it is refused with 400, code 5"
    ),
    case!(
        PACKET,
        pings_of_the_client_are_answered,
        "A ping of the client is answered with a pong, over both transports"
    ),
    case!(PACKET, binary_begins_with_its_type, "Binary over WebSocket begins with the byte 4"),
    case!(PACKET, bad_packets_close, "A packet of an unknown type ends the session"),
    case!(
        PAYLOAD,
        packets_are_counted,
        "Packets of a payload are preceded by their length, in both directions"
    ),
    case!(PAYLOAD, characters_are_utf16_units, "Lengths count UTF-16 units, not bytes"),
    case!(PAYLOAD, binary_is_base64_on_request, "With b64=1 binary goes as b, type and base64"),
    case!(
        PAYLOAD,
        binary_payloads_without_base64,
        "Without b64 a payload with binary is application/octet-stream with its own framing, in both \
         directions"
    ),
    case!(PAYLOAD, wrong_lengths_close, "A payload whose lengths do not fit ends the session"),
    case!(
        UPGRADE,
        websocket_serves_after_the_upgrade,
        "The probe is answered, the GET released, and the session goes on over the WebSocket"
    ),
    case!(
        TIMEOUTS,
        silent_client_is_closed,
        "A client that sends nothing for pingInterval and pingTimeout is closed"
    ),
    case!(TIMEOUTS, server_sends_no_pings, "The server does not ping a v3 client"),
    case!(
        SOCKETIO,
        main_namespace_is_joined_unasked,
        "A session is connected to the main namespace at once, by CONNECT without data"
    ),
    case!(
        SOCKETIO,
        another_namespace_is_joined,
        "Another namespace is joined by CONNECT, with a query in its name"
    ),
    case!(SOCKETIO, refusal_is_an_error_packet, "A refused namespace gets an ERROR packet with its data"),
];

const OPEN: &str = "/socket.io/?EIO=3&transport=polling";
const OPEN_WEBSOCKET: &str = "/socket.io/?EIO=3&transport=websocket";

/// A polling session, connected to the main namespace.
struct Session {
    subject: &'static Subject,
    target: String,
}

impl Session {
    /// With `&b64=1` or nothing more in its query.
    async fn open(subject: &'static Subject, query: &str) -> Self {
        let response = ask(subject.at(Profile::Version3), "GET", &format!("{OPEN}{query}")).await;
        let open = &packets(&response.body)[0];
        let open: Value = serde_json::from_str(open.strip_prefix('0').unwrap()).unwrap();
        let target = format!("{OPEN}{query}&sid={}", open["sid"].as_str().unwrap());
        let session = Self { subject, target };
        // CONNECT may come with the open packet or after it, and the greeting of the application behind it.
        let mut greeted = packets(&response.body).iter().any(|packet| packet.starts_with("42"));
        while !greeted {
            greeted = packets(&session.get().await).iter().any(|packet| packet.starts_with("42"));
        }
        session
    }

    async fn get(&self) -> Vec<u8> {
        ask(self.subject.at(Profile::Version3), "GET", &self.target).await.body
    }

    async fn post(&self, body: impl AsRef<[u8]>) -> u16 {
        let address = self.subject.at(Profile::Version3);
        ask_with(address, "POST", &self.target, &[], body.as_ref()).await.status
    }

    async fn is_gone(&self) {
        assert_eq!(ask(self.subject.at(Profile::Version3), "GET", &self.target).await.refusal(), (400, 1));
    }
}

/// The texts of a payload of either kind.
fn packets(payload: &[u8]) -> Vec<String> {
    if payload.first() == Some(&0) { binary_packets(payload) } else { text_packets(payload) }
}

fn text_packets(payload: &[u8]) -> Vec<String> {
    let mut rest = std::str::from_utf8(payload).unwrap();
    let mut packets = Vec::new();
    while let Some((length, behind)) = rest.split_once(':') {
        let units = behind.encode_utf16().take(length.parse().unwrap()).collect::<Vec<_>>();
        let packet = String::from_utf16(&units).unwrap();
        rest = &behind[packet.len()..];
        packets.push(packet);
    }
    packets
}

/// 0 for text, the digits of the length, 255, the packet.
fn binary_packets(mut payload: &[u8]) -> Vec<String> {
    let mut packets = Vec::new();
    while !payload.is_empty() {
        let end = payload.iter().position(|byte| *byte == 255).unwrap();
        let length = payload[1..end].iter().fold(0, |length, digit| length * 10 + usize::from(*digit));
        let (packet, behind) = payload[end + 1..].split_at(length);
        packets.push(String::from_utf8_lossy(packet).into_owned());
        payload = behind;
    }
    packets
}

async fn polling_opens_a_session(subject: &'static Subject) {
    let response = ask(subject.at(Profile::Version3), "GET", &format!("{OPEN}&b64=1")).await;
    let (length, rest) = response.text().split_once(':').unwrap();
    let open: Value = serde_json::from_str(&rest[1..length.parse().unwrap()]).unwrap();
    assert_eq!(open["upgrades"], json!(["websocket"]));
    assert_eq!((&open["pingInterval"], &open["pingTimeout"]), (&json!(500), &json!(4000)));
    assert!(open["sid"].is_string());
}

/// A WebSocket and the payload of its open packet.
async fn open_websocket(subject: &'static Subject) -> (WebSocket, Value) {
    let mut socket = WebSocket::open(subject.at(Profile::Version3), OPEN_WEBSOCKET).await;
    let Frame::Text(open) = socket.next().await else { panic!("no open packet") };
    (socket, serde_json::from_str(open.strip_prefix('0').unwrap()).unwrap())
}

/// A WebSocket that has been greeted.
async fn connected_websocket(subject: &'static Subject) -> WebSocket {
    let (mut socket, _) = open_websocket(subject).await;
    assert_eq!(socket.next().await, Frame::Text("40".to_owned()));
    assert_eq!(socket.next().await, Frame::Text(r#"42["auth",{}]"#.to_owned()));
    socket
}

async fn websocket_opens_a_session(subject: &'static Subject) {
    let (_, open) = open_websocket(subject).await;
    assert_eq!(open["upgrades"], json!([]));
    assert!(open["sid"].is_string());
}

async fn version_is_refused_unless_allowed(subject: &'static Subject) {
    assert_eq!(ask(subject.at(Profile::Default), "GET", OPEN).await.refusal(), (400, 5));
}

async fn pings_of_the_client_are_answered(subject: &'static Subject) {
    let session = Session::open(subject, "&b64=1").await;
    for _ in 0..3 {
        assert_eq!(session.post("1:2").await, 200);
        assert_eq!(packets(&session.get().await), ["3"]);
    }
    let mut socket = connected_websocket(subject).await;
    for _ in 0..3 {
        socket.text("2").await;
        assert_eq!(socket.next().await, Frame::Text("3".to_owned()));
    }
}

const BINARY_EVENT: &str = r#"451-["message",{"_placeholder":true,"num":0}]"#;
const BINARY_ANSWER: &str = r#"451-["message-back",{"_placeholder":true,"num":0}]"#;

async fn binary_begins_with_its_type(subject: &'static Subject) {
    let mut socket = connected_websocket(subject).await;
    socket.text(BINARY_EVENT).await;
    socket.binary(&[4, 1, 2, 3]).await;
    assert_eq!(socket.next().await, Frame::Text(BINARY_ANSWER.to_owned()));
    assert_eq!(socket.next().await, Frame::Binary(vec![4, 1, 2, 3]));
}

async fn bad_packets_close(subject: &'static Subject) {
    let session = Session::open(subject, "&b64=1").await;
    session.post("3:abc").await;
    session.is_gone().await;
    let mut socket = connected_websocket(subject).await;
    socket.text("abc").await;
    let frame = socket.next().await;
    assert!(matches!(frame, Frame::Close(_) | Frame::End), "{frame:?}");
}

async fn packets_are_counted(subject: &'static Subject) {
    let session = Session::open(subject, "&b64=1").await;
    session.post("15:42[\"message\",1]15:42[\"message\",2]").await;
    let expected = "20:42[\"message-back\",1]20:42[\"message-back\",2]";
    assert_eq!(String::from_utf8(session.get().await).unwrap(), expected);
}

async fn characters_are_utf16_units(subject: &'static Subject) {
    let session = Session::open(subject, "&b64=1").await;
    // A horse takes two units and four bytes, a euro sign one unit and three bytes.
    session.post("19:42[\"message\",\"🐎€\"]15:42[\"message\",2]").await;
    let expected = "24:42[\"message-back\",\"🐎€\"]20:42[\"message-back\",2]";
    assert_eq!(String::from_utf8(session.get().await).unwrap(), expected);
}

async fn binary_is_base64_on_request(subject: &'static Subject) {
    let session = Session::open(subject, "&b64=1").await;
    session.post(format!("{}:{BINARY_EVENT}10:b4AQIDBA==", BINARY_EVENT.len())).await;
    let expected = format!("{}:{BINARY_ANSWER}10:b4AQIDBA==", BINARY_ANSWER.len());
    assert_eq!(String::from_utf8(session.get().await).unwrap(), expected);
}

/// A packet of a binary payload.
fn counted(kind: u8, packet: &[u8]) -> Vec<u8> {
    let digits = packet.len().to_string().bytes().map(|digit| digit - b'0').collect::<Vec<_>>();
    [&[kind][..], &digits, &[255], packet].concat()
}

async fn binary_payloads_without_base64(subject: &'static Subject) {
    let session = Session::open(subject, "").await;
    let payload = |text: &str| [counted(0, text.as_bytes()), counted(1, &[4, 1, 2, 255])].concat();
    let headers = [("Content-Type", "application/octet-stream")];
    let address = subject.at(Profile::Version3);
    let posted = ask_with(address, "POST", &session.target, &headers, &payload(BINARY_EVENT)).await;
    assert_eq!(posted.status, 200);
    let response = ask(address, "GET", &session.target).await;
    assert_eq!(response.header("content-type"), Some("application/octet-stream"));
    assert_eq!(response.body, payload(BINARY_ANSWER));
}

async fn wrong_lengths_close(subject: &'static Subject) {
    for payload in ["abc", "3:42", "-1:4", "99999999999999999999:4", ":4"] {
        let session = Session::open(subject, "&b64=1").await;
        session.post(payload).await;
        session.is_gone().await;
    }
}

async fn websocket_serves_after_the_upgrade(subject: &'static Subject) {
    let session = Session::open(subject, "&b64=1").await;
    let target = session.target.replace("transport=polling", "transport=websocket");
    let waiting = {
        let (address, target) = (subject.at(Profile::Version3), session.target.clone());
        tokio::spawn(async move { ask(address, "GET", &target).await })
    };
    arrival(subject.at(Profile::Version3)).await;
    let mut socket = WebSocket::open(subject.at(Profile::Version3), &target).await;
    socket.text("2probe").await;
    assert_eq!(socket.next().await, Frame::Text("3probe".to_owned()));
    assert_eq!(waiting.await.unwrap().text(), "1:6");
    socket.text("5").await;
    socket.text(r#"42["message",1]"#).await;
    assert_eq!(socket.next().await, Frame::Text(r#"42["message-back",1]"#.to_owned()));
}

async fn silent_client_is_closed(subject: &'static Subject) {
    let opened = Instant::now();
    let mut socket = connected_websocket(subject).await;
    let frame = socket.next().await;
    assert!(matches!(frame, Frame::Close(_) | Frame::End), "{frame:?}");
    let lasted = opened.elapsed();
    assert!(lasted > (PING_INTERVAL + PING_TIMEOUT).mul_f32(0.9), "{lasted:?}");
}

async fn server_sends_no_pings(subject: &'static Subject) {
    let mut socket = connected_websocket(subject).await;
    let opened = Instant::now();
    while opened.elapsed() < PING_INTERVAL * 2 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        socket.text("2").await;
        assert_eq!(socket.next().await, Frame::Text("3".to_owned()));
    }
}

async fn main_namespace_is_joined_unasked(subject: &'static Subject) {
    connected_websocket(subject).await;
    Session::open(subject, "").await;
}

async fn another_namespace_is_joined(subject: &'static Subject) {
    let mut socket = connected_websocket(subject).await;
    socket.text("40/custom?token=123,").await;
    assert_eq!(socket.next().await, Frame::Text("40/custom,".to_owned()));
    assert_eq!(socket.next().await, Frame::Text(r#"42/custom,["auth",{"token":"123"}]"#.to_owned()));
}

async fn refusal_is_an_error_packet(subject: &'static Subject) {
    let mut socket = connected_websocket(subject).await;
    socket.text("40/guarded").await;
    assert_eq!(socket.next().await, Frame::Text(r#"44/guarded,{"reason":"token"}"#.to_owned()));
}
