//! What a peer may not do, and what becomes of it.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;
use tungstenite::{Message, WebSocket};

use crate::client::{Client, SOON, closed, open, refused};
use crate::http::post;
use crate::running::Running;

#[test]
fn only_own_and_listed_pages_may_connect() {
    let server = Running::start();
    assert_eq!(refused(&server, "/ws", &[("origin", "https://evil.example")]), 403);
    assert_eq!(refused(&server, "/ws", &[("origin", "null")]), 403);
    assert!(open(&server, "/ws", &[("origin", "https://app.example")]).is_ok());
    assert!(open(&server, "/ws", &[("origin", &format!("http://{}", server.address))]).is_ok());
}

#[test]
fn one_connection_too_many_is_answered_with_503() {
    let server = Running::with(&[("server.max_connections", "1")]);
    let first = Client::connect(&server);
    assert_eq!(refused(&server, "/ws", &[]), 503);
    drop(first);
    let deadline = Instant::now() + SOON;
    while open(&server, "/ws", &[]).is_err() {
        assert!(Instant::now() < deadline, "the place of a connection that has gone is not given away");
    }
}

#[test]
fn a_message_over_the_limit_is_1009() {
    let server = Running::with(&[("limits.message", "1KiB")]);
    for path in ["/ws", "/echo"] {
        let mut socket = open(&server, path, &[]).unwrap();
        socket.send(Message::text("x".repeat(1024))).unwrap();
        socket.send(Message::text("x".repeat(1025))).unwrap();
        assert_eq!(closed(&mut socket).0, 1009, "{path}");
    }
}

#[test]
fn a_message_over_the_limit_in_parts_is_1009() {
    let server = Running::with(&[("limits.message", "1KiB")]);
    for path in ["/ws", "/echo"] {
        let mut socket = open(&server, path, &[]).unwrap();
        frames(&mut socket, &[&[b'x'; 1024], b"x", b""]);
        assert_eq!(closed(&mut socket).0, 1009, "{path}");
    }
}

#[test]
fn a_message_in_too_many_frames_is_1008() {
    let server = Running::with(&[("limits.fragments", "3")]);
    for path in ["/ws", "/echo"] {
        let mut socket = open(&server, path, &[]).unwrap();
        let text = br#"{"type":"ping","id":"whole"}"#;
        frames(&mut socket, &[text, b"", b""]);
        while !socket.read().unwrap().to_text().unwrap().contains("whole") {}
        frames(&mut socket, &[text, b"", b"", b""]);
        assert_eq!(closed(&mut socket).0, 1008, "{path}");
    }
}

/// Writes a text in so many frames.
fn frames(socket: &mut WebSocket<TcpStream>, parts: &[&[u8]]) {
    for (number, payload) in parts.iter().enumerate() {
        // The last frame has the bit FIN. Empty masks leave the payload as it is.
        let head = u8::from(number == 0) | (u8::from(number + 1 == parts.len()) << 7);
        let length = (payload.len() as u16).to_be_bytes();
        let length: &[u8] = if payload.len() < 126 { &length[1..] } else { &length };
        let first = if payload.len() < 126 { 0x80 | length[0] } else { 0x80 | 126 };
        let long: &[u8] = if payload.len() < 126 { b"" } else { length };
        // After the close the rest may not be taken any more.
        let _ = socket.get_mut().write_all(&[&[head, first], long, &[0; 4], payload].concat());
    }
}

#[test]
fn too_many_rooms_are_refused() {
    let server = Running::with(&[("limits.rooms_per_connection", "1")]);
    let mut ada = Client::in_room(&server, "plain:1");
    assert_eq!(ada.ask(&json!({ "type": "join", "room": "plain:2" }))["code"], "too_many_rooms");
}

#[test]
fn a_client_that_does_not_answer_pings_is_closed_with_4000() {
    let server = Running::with(&[("heartbeat.interval", "100ms"), ("heartbeat.timeout", "100ms")]);
    // By hand: the library answers pings.
    let mut deaf = TcpStream::connect(server.address).unwrap();
    deaf.set_read_timeout(Some(SOON)).unwrap();
    deaf.write_all(
        b"GET /ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
          sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    )
    .unwrap();
    let mut bytes = Vec::new();
    // What was sent and then the end of the stream, or its reset.
    let _ = deaf.read_to_end(&mut bytes);
    let close = bytes.windows(4).find(|window| window[0] == 0x88).unwrap();
    assert_eq!(close[2..], 4000_u16.to_be_bytes());
}

#[test]
fn a_client_that_answers_pings_stays() {
    // So long that a machine under load answers in time, and the test longer than both.
    let server = Running::with(&[("heartbeat.interval", "100ms"), ("heartbeat.timeout", "5s")]);
    let mut ada = Client::connect(&server);
    let end = Instant::now() + Duration::from_millis(5500);
    while Instant::now() < end {
        assert!(matches!(ada.0.read().unwrap(), Message::Ping(_)));
    }
    ada.nothing_more();
}

#[test]
fn a_client_that_does_not_read_is_closed_with_4002() {
    let server = Running::with(&[("limits.outbox", "1MiB")]);
    let mut slow = Client::in_room(&server, "plain:s");
    let mut fast = Client::in_room(&server, "plain:s");
    let body = json!({ "room": "plain:s", "event": "e", "data": "x".repeat(500_000) });
    // Twice what the buffers of the kernel and the outbox take: who is closed does not wait for ever to be read.
    for _ in 0..30 {
        post(&server, "/api/publish", &body);
        fast.read();
    }
    assert_eq!(slow.closed(), (4002, "slow consumer".to_owned()));
    fast.nothing_more();
}

/// The names of the events that a member finds who has not read for long: `often` many times, `rare` once, and `often`
/// many times again.
fn found_late(slow_consumer: &str) -> Vec<String> {
    // Who does not read answers no pings either; on a slow machine this may take longer than they are waited for.
    let patience = ("heartbeat.interval", "10m");
    let server =
        Running::with(&[("limits.outbox", "4MiB"), ("limits.slow_consumer", slow_consumer), patience]);
    let mut slow = Client::in_room(&server, "plain:s");
    let mut fast = Client::in_room(&server, "plain:s");
    let (large, small) = (json!("x".repeat(500_000)), json!(1));
    let often = [("often", &large); 60];
    for (event, data) in [&often[..], &[("rare", &small)], &often, &[("last", &small)]].concat() {
        post(&server, "/api/publish", &json!({ "room": "plain:s", "event": event, "data": data }));
        fast.read();
    }
    let mut found = Vec::new();
    while found.last().is_none_or(|event| event != "last") {
        found.push(slow.read()["event"].as_str().unwrap().to_owned());
    }
    slow.nothing_more();
    found
}

#[test]
fn a_client_that_does_not_read_may_lose_what_is_oldest() {
    let found = found_late("drop-oldest");
    assert!(found.len() < 100, "{} of 122 have waited", found.len());
    assert!(!found.contains(&"rare".to_owned()), "it was older than those that are there");
    assert!(found.ends_with(&["often".to_owned(), "often".to_owned(), "last".to_owned()]));
}

#[test]
fn a_client_that_does_not_read_may_find_the_newest_of_each_kind() {
    let found = found_late("conflate");
    assert!(found.len() < 100, "{} of 122 have waited", found.len());
    assert!(found.contains(&"rare".to_owned()), "the newest of its kind");
}

#[test]
fn headers_have_to_come_in_time() {
    let server = Running::with(&[("server.handshake_timeout", "100ms")]);
    for begin in ["", "GET / HTTP/1.1\r\nhost: x\r\n"] {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        // On a loaded machine its time is over before.
        let _ = stream.write_all(begin.as_bytes());
        // The end of the stream, or its reset.
        let end = stream.read_to_end(&mut Vec::new()).map_err(|error| error.kind());
        assert!(matches!(end, Ok(_) | Err(ErrorKind::ConnectionReset)), "after {begin:?}: {end:?}");
    }
}

#[test]
fn headers_have_a_limit() {
    let server = Running::start();
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    let head = format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "y".repeat(100_000));
    // It is closed before all is written.
    let _ = stream.write_all(head.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 431"), "{}", String::from_utf8_lossy(&answer));
}
