//! Who a client is on the network, and how much of one there may be.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use serde_json::json;

use crate::client::{Client, SOON, open, refused};
use crate::running::Running;

const ADA: (&str, &str) = ("x-forwarded-for", "192.0.2.1");
const BOB: (&str, &str) = ("x-forwarded-for", "192.0.2.2");

#[test]
fn clients_of_a_trusted_proxy_are_counted_by_their_addresses() {
    let server = Running::with(&[("proxy.trusted", "127.0.0.1"), ("limits.connections_per_address", "1")]);
    let _ada = open(&server, "/ws", &[ADA]).unwrap();
    assert_eq!(refused(&server, "/ws", &[ADA]), 429);
    assert_eq!(refused(&server, "/echo", &[ADA]), 429);
    assert_eq!(refused(&server, "/socket.io/?EIO=4&transport=websocket", &[ADA]), 429);
    assert!(open(&server, "/ws", &[BOB]).is_ok());
}

#[test]
fn a_forged_address_is_not_believed() {
    let server = Running::with(&[("limits.exempt", ""), ("limits.connections_per_address", "1")]);
    let _ada = open(&server, "/ws", &[ADA]).unwrap();
    assert_eq!(refused(&server, "/ws", &[BOB]), 429);
}

#[test]
fn clients_of_a_proxy_that_come_too_fast_are_told() {
    let server = Running::with(&[("proxy.trusted", "127.0.0.1"), ("limits.arrivals_per_address", "1")]);
    let statuses: Vec<_> = (0..7).map(|_| open(&server, "/ws", &[ADA]).is_ok()).collect();
    assert!(statuses[..5].iter().all(|is_open| *is_open) && statuses[5..].contains(&false), "{statuses:?}");
}

#[test]
fn others_that_come_too_fast_are_dropped_unseen() {
    let server = Running::with(&[("limits.exempt", ""), ("limits.arrivals_per_address", "1")]);
    let answers: Vec<String> =
        (0..7).map(|_| raw(&server, b"GET /healthz HTTP/1.0\r\nhost: localhost\r\n\r\n")).collect();
    assert!(answers[..5].iter().all(|answer| answer.starts_with("HTTP/1.0 200")), "{answers:?}");
    assert!(answers[5..].contains(&String::new()), "{answers:?}");
}

#[test]
fn so_many_of_an_address_are_in_http() {
    let server = Running::with(&[("limits.exempt", ""), ("limits.http_connections_per_address", "1")]);
    let waiting = TcpStream::connect(server.address).unwrap();
    assert_eq!(raw(&server, b"GET /healthz HTTP/1.0\r\nhost: localhost\r\n\r\n"), "");
    drop(waiting);
    let deadline = Instant::now() + SOON;
    while raw(&server, b"GET /healthz HTTP/1.0\r\nhost: localhost\r\n\r\n").is_empty() {
        assert!(Instant::now() < deadline);
    }
}

#[test]
fn a_trusted_proxy_says_by_the_proxy_protocol_who_its_client_is() {
    let server = Running::with(&[
        ("proxy.trusted", "127.0.0.1"),
        ("proxy.protocol", "required"),
        ("limits.http_connections_per_address", "1"),
    ]);
    let request = b"GET /healthz HTTP/1.0\r\nhost: localhost\r\n\r\n";
    let from = |address: &str| format!("PROXY TCP4 {address} 127.0.0.1 1 2\r\n").into_bytes();
    assert!(raw(&server, &[&from("192.0.2.1"), &request[..]].concat()).starts_with("HTTP/1.0 200"));
    assert_eq!(raw(&server, request), "", "without the header nothing is served");
    let mut waiting = TcpStream::connect(server.address).unwrap();
    waiting
        .write_all(&[&from("192.0.2.1"), &b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n"[..]].concat())
        .unwrap();
    waiting.read_exact(&mut [0; 12]).unwrap();
    assert_eq!(raw(&server, &[&from("192.0.2.1"), &request[..]].concat()), "");
    assert!(raw(&server, &[&from("192.0.2.2"), &request[..]].concat()).starts_with("HTTP/1.0 200"));
}

#[test]
fn the_proxy_protocol_is_no_http() {
    let server = Running::start();
    let answer = raw(&server, b"PROXY TCP4 192.0.2.1 127.0.0.1 1 2\r\nGET /healthz HTTP/1.0\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[test]
fn who_sends_too_many_messages_is_closed() {
    let server = Running::with(&[
        ("limits.rate_action", "close"),
        ("limits.messages_per_second", "1"),
        ("limits.message_burst", "2"),
    ]);
    let mut ada = Client::connect(&server);
    (0..3).for_each(|_| ada.send(&json!({ "type": "ping" })));
    assert_eq!(ada.closed(), (4008, "rate limit exceeded".to_owned()));
}

#[test]
fn who_sends_too_many_bytes_is_closed() {
    let server = Running::with(&[
        ("limits.rate_action", "close"),
        ("limits.message", "1KiB"),
        ("socketio.enabled", "false"),
        ("limits.bytes_per_second", "1KiB"),
        ("limits.byte_burst", "2KiB"),
    ]);
    let mut ada = Client::connect(&server);
    (0..3).for_each(|_| ada.send(&json!({ "type": "ping", "padding": "x".repeat(900) })));
    assert_eq!(ada.closed().0, 4008);
}

#[test]
fn who_sends_too_much_is_read_more_slowly() {
    let server = Running::with(&[("limits.messages_per_second", "20"), ("limits.message_burst", "2")]);
    let mut ada = Client::connect(&server);
    let began = Instant::now();
    (0..8).for_each(|number| ada.send(&json!({ "type": "ping", "id": number.to_string() })));
    for number in 0..8 {
        assert_eq!(ada.read(), json!({ "type": "pong", "id": number.to_string() }));
    }
    assert!(began.elapsed().as_millis() >= 200, "nothing comes before its time");
}

#[test]
fn echo_has_no_rate() {
    let server = Running::with(&[
        ("limits.rate_action", "close"),
        ("limits.messages_per_second", "1"),
        ("limits.message_burst", "1"),
    ]);
    let mut socket = open(&server, "/echo", &[]).unwrap();
    for _ in 0..5 {
        socket.send(tungstenite::Message::text("hello")).unwrap();
        assert_eq!(socket.read().unwrap(), tungstenite::Message::text("hello"));
    }
}

#[test]
fn without_memory_nobody_else_is_let_in() {
    let server = Running::with(&[("limits.memory", "1MiB")]);
    let deadline = Instant::now() + SOON;
    while open(&server, "/ws", &[]).is_ok() {
        assert!(Instant::now() < deadline, "the server has not looked at its memory");
    }
    assert_eq!(refused(&server, "/ws", &[]), 503);
}

/// All that is answered to `bytes` up to the end of the stream, or its reset.
fn raw(server: &Running, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}
