//! The WebSocket transport.

use super::v4;
use crate::case::{Case, Place, case};
use crate::client::{Client, ending};
use crate::subject::{Profile, Subject};
use crate::websocket::{CLOSE, Frame, PING, TEXT, WebSocket, frame};

const WEBSOCKET: Place = v4("WebSocket");
const ENCODING: Place = v4("Packet encoding, WebSocket");
const REFERENCE: Place = Place("npm engine.io", "transports/websocket");
const RFC: Place = Place("RFC 6455", "5.4 and 5.5");

pub(crate) const CASES: &[Case] = &[
    case!(
        WEBSOCKET,
        each_packet_has_a_frame,
        "Each packet is one WebSocket frame, also of several that are sent together"
    ),
    case!(ENCODING, binary_is_sent_as_it_is, "Binary goes as a binary frame without a packet type"),
    case!(ENCODING, text_is_utf8, "Text is UTF-8 whatever is in it; invalid UTF-8 ends the connection"),
    case!(ENCODING, bad_packets_close, "A packet of an unknown type ends the session: parse error"),
    case!(ENCODING, separators_have_no_meaning, "0x1e is an ordinary character in a WebSocket frame"),
    case!(
        REFERENCE,
        oversized_messages_close,
        "A message over maxHttpBufferSize ends the connection with 1009"
    ),
    case!(REFERENCE, largest_message_is_taken, "A message of exactly maxHttpBufferSize is taken"),
    case!(REFERENCE, closing_frame_ends_the_session, "A closing handshake ends the session: transport close"),
    case!(REFERENCE, lost_connection_ends_the_session, "A connection that breaks off ends the session"),
    case!(REFERENCE, compression_is_off_by_default, "permessage-deflate is not negotiated unless it is on"),
    case!(
        REFERENCE,
        compression_is_negotiated_when_on,
        "permessage-deflate is negotiated where it is on, and small messages go uncompressed"
    ),
    case!(RFC, websocket_pings_are_answered, "A ping of the WebSocket protocol is answered with its payload"),
    case!(
        RFC,
        fragments_are_joined,
        "A message may come in fragments, however its characters are split, with pings in between"
    ),
];

async fn each_packet_has_a_frame(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    let frames = ["1", "2", "3"].map(|n| frame(TEXT, format!(r#"42["message",{n}]"#).as_bytes()));
    client.raw(frames.concat()).await;
    for n in ["1", "2", "3"] {
        client.hears(&format!(r#"42["message-back",{n}]"#)).await;
    }
}

async fn binary_is_sent_as_it_is(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.text(r#"451-["message",{"_placeholder":true,"num":0}]"#).await;
    client.binary(&[4, 0, 255, 0x1e]).await;
    client.hears(r#"451-["message-back",{"_placeholder":true,"num":0}]"#).await;
    client.hears_binary(&[4, 0, 255, 0x1e]).await;
}

async fn text_is_utf8(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.text(r#"42["message","€ 🐎 \u0000 \ud83d\udc0e"]"#).await;
    let heard = client.hear().await;
    let heard: serde_json::Value = serde_json::from_str(&heard[2..]).unwrap();
    assert_eq!(heard, serde_json::json!(["message-back", "€ 🐎 \0 🐎"]));
    client.raw(frame(TEXT, b"42[\"message\",\"\xff\"]")).await;
    assert_eq!(client.closes().await, Some(1007));
}

async fn bad_packets_close(subject: &'static Subject) {
    for packet in ["abc", "7", "", "9hello", "\u{0}", "é"] {
        let mut client = Client::connect(subject.at(Profile::Default)).await;
        client.text(packet).await;
        client.closes().await;
        assert_eq!(ending(subject.at(Profile::Default), &client.sid).await, "parse error", "{packet:?}");
    }
}

async fn separators_have_no_meaning(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.text("40/a\u{1e}b,").await;
    client.hears("44/a\u{1e}b,{\"message\":\"Invalid namespace\"}").await;
}

async fn oversized_messages_close(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Limited)).await;
    client.text(&"4".repeat(10_001)).await;
    assert_eq!(client.closes().await, Some(1009));
}

async fn largest_message_is_taken(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Limited)).await;
    let filling = "x".repeat(10_000 - r#"420["message-with-ack",""]"#.len());
    client.text(&format!(r#"420["message-with-ack","{filling}"]"#)).await;
    client.hears(&format!(r#"430["{filling}"]"#)).await;
}

async fn closing_frame_ends_the_session(subject: &'static Subject) {
    let address = subject.at(Profile::Default);
    let mut client = Client::connect(address).await;
    client.raw(frame(CLOSE, &1000_u16.to_be_bytes())).await;
    assert_eq!(client.closes().await, Some(1000));
    assert_eq!(ending(address, &client.sid).await, "transport close");
}

async fn lost_connection_ends_the_session(subject: &'static Subject) {
    let address = subject.at(Profile::Default);
    let client = Client::connect(address).await;
    let sid = client.sid.clone();
    drop(client);
    let reason = ending(address, &sid).await;
    assert!(matches!(reason.as_str(), "transport close" | "transport error"), "{reason}");
}

const OFFER: &[(&str, &str)] =
    &[("Sec-WebSocket-Extensions", "permessage-deflate; server_no_context_takeover")];

async fn compression_is_off_by_default(subject: &'static Subject) {
    let opened = WebSocket::open_with(subject.at(Profile::Default), crate::client::OPEN, OFFER).await;
    let (_, response) = opened.unwrap();
    assert_eq!(response.header("sec-websocket-extensions"), None);
}

async fn compression_is_negotiated_when_on(subject: &'static Subject) {
    let opened = WebSocket::open_with(subject.at(Profile::Deflate), crate::client::OPEN, OFFER).await;
    let (socket, response) = opened.unwrap();
    assert!(response.header("sec-websocket-extensions").unwrap().starts_with("permessage-deflate"));
    // The kit knows no compressed frames and would stop at one.
    let mut client = Client::over(socket).await;
    client.join("/").await;
    client.works().await;
}

async fn websocket_pings_are_answered(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.raw(frame(PING, b"are you there")).await;
    assert_eq!(client.frame().await, Frame::Pong(b"are you there".to_vec()));
}

async fn fragments_are_joined(subject: &'static Subject) {
    const CONTINUATION: u8 = 0x00;
    const FINAL: u8 = 0x80;
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    let message = r#"42["message","€🐎"]"#.as_bytes();
    client.raw(frame(TEXT & !FINAL, &message[..1])).await;
    client.raw(frame(PING, b"")).await;
    for byte in &message[1..] {
        client.raw(frame(CONTINUATION, &[*byte])).await;
    }
    client.raw(frame(CONTINUATION | FINAL, b"")).await;
    assert_eq!(client.frame().await, Frame::Pong(Vec::new()));
    client.hears(r#"42["message-back","€🐎"]"#).await;
}
