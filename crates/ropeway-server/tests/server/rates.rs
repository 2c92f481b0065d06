//! How fast one connection may bring what it brings.

use std::time::Instant;

use serde_json::json;
use tungstenite::Message;

use crate::client::{Client, open};
use crate::running::Running;

/// Far more than a burst, and at once: while a loaded machine is held up, the rate lets something more through.
const MANY: usize = 20;

/// Sends one message so often.
fn flood(client: &mut Client, message: &Message) {
    (0..MANY).for_each(|_| client.0.write(message.clone()).unwrap());
    client.0.flush().unwrap();
}

#[test]
fn who_sends_too_many_messages_is_closed() {
    let server = Running::with(&[
        ("limits.rate_action", "close"),
        ("limits.messages_per_second", "1"),
        ("limits.message_burst", "2"),
    ]);
    let mut ada = Client::connect(&server);
    flood(&mut ada, &Message::text(r#"{"type":"ping"}"#));
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
    flood(&mut ada, &Message::text(json!({ "type": "ping", "padding": "x".repeat(900) }).to_string()));
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
        socket.send(Message::text("hello")).unwrap();
        assert_eq!(socket.read().unwrap(), Message::text("hello"));
    }
}

#[test]
fn pings_and_pongs_are_messages() {
    let server = Running::with(&[
        ("limits.rate_action", "close"),
        ("limits.messages_per_second", "1"),
        ("limits.message_burst", "2"),
    ]);
    for message in [Message::Ping(Vec::new().into()), Message::Pong(Vec::new().into())] {
        let mut ada = Client::connect(&server);
        flood(&mut ada, &message);
        assert_eq!(ada.closed().0, 4008, "{message:?}");
    }
}

/// A delay of six seconds and more, and a heartbeat that gives up after five.
#[test]
fn who_has_to_wait_is_not_taken_for_dead() {
    let server = Running::with(&[
        ("heartbeat.interval", "2s"),
        ("heartbeat.timeout", "3s"),
        ("socketio.enabled", "false"),
        ("limits.message", "8KiB"),
        ("limits.bytes_per_second", "1KiB"),
        ("limits.byte_burst", "8KiB"),
    ]);
    let mut ada = Client::connect(&server);
    (0..2).for_each(|_| ada.send(&json!({ "type": "ping", "padding": "x".repeat(7500) })));
    (0..2).for_each(|_| assert_eq!(ada.read()["type"], "pong"));
    // Comes behind the delay.
    ada.nothing_more();
}

#[test]
fn rates_can_be_off() {
    let server = Running::with(&[
        ("limits.rate_action", "close"),
        ("limits.message_burst", "1"),
        ("limits.messages_per_second", "off"),
        ("limits.bytes_per_second", "off"),
    ]);
    let mut ada = Client::connect(&server);
    (0..100).for_each(|_| assert_eq!(ada.ask(&json!({ "type": "ping" }))["type"], "pong"));
}
