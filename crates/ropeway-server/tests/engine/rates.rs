//! How fast one session may bring what it brings.

use std::time::{Duration, Instant};

use tungstenite::Message;

use crate::running::Running;
use crate::session::Session;
use crate::websocket::Socket;

/// A rate of one packet a second that one burst of `burst` comes before.
fn strict(burst: &str) -> Running {
    Running::with(&[
        ("limits.rate_action", "close"),
        ("limits.messages_per_second", "1"),
        ("limits.message_burst", burst),
    ])
}

/// An event that is answered.
const EVENT: &str = r#"421["history","plain:none"]"#;

/// Far more than a burst, and at once: while a loaded machine is held up, the rate lets something more through.
const MANY: usize = 20;

/// Sends [`EVENT`] so often.
fn flood(socket: &mut Socket) {
    (0..MANY).for_each(|_| socket.0.write(Message::text(EVENT)).unwrap());
    socket.0.flush().unwrap();
}

/// Takes packets up to one that begins so.
#[track_caller]
fn reads_up_to(session: &Session<'_>, begin: &str) {
    while !session.packets().iter().any(|packet| packet.starts_with(begin)) {}
}

#[test]
fn a_websocket_that_brings_too_much_is_closed() {
    let server = strict("3");
    let (mut socket, _) = Socket::connected(&server);
    flood(&mut socket);
    assert_eq!(socket.closed(), Some(4008));
    server.is_left_alone();
}

#[test]
fn a_session_that_was_upgraded_has_its_rate() {
    let server = strict("3");
    let session = Session::connected(&server);
    let mut socket = Socket::open(&server, &format!("&sid={}", session.sid));
    socket.send("2probe");
    assert_eq!(socket.read(), "3probe");
    socket.send("5");
    flood(&mut socket);
    assert_eq!(socket.closed(), Some(4008));
    server.is_left_alone();
}

#[test]
fn a_post_that_brings_too_much_ends_the_session() {
    let server = strict("3");
    let session = Session::connected(&server);
    session.post(&[EVENT; MANY].join("\x1e"));
    reads_up_to(&session, "1");
    session.is_unknown();
}

#[test]
fn bytes_of_posts_have_a_rate() {
    let server = Running::with(&[
        ("limits.rate_action", "close"),
        ("limits.message", "1KiB"),
        ("socketio.max_http_buffer_size", "1KiB"),
        ("limits.bytes_per_second", "1KiB"),
        ("limits.byte_burst", "2KiB"),
    ]);
    let session = Session::connected(&server);
    for _ in 0..MANY {
        session.post(&format!(r#"42["{}"]"#, "x".repeat(1000)));
    }
    reads_up_to(&session, "1");
    session.is_unknown();
}

#[test]
fn what_comes_too_fast_waits_and_is_not_lost() {
    let server = Running::with(&[("limits.messages_per_second", "20"), ("limits.message_burst", "2")]);
    let (mut socket, _) = Socket::connected(&server);
    let began = Instant::now();
    (0..8).for_each(|_| socket.send(EVENT));
    (0..8).for_each(|_| assert!(socket.read().starts_with("431[")));
    assert!(began.elapsed() >= Duration::from_millis(200), "nothing comes before its time");
    let session = Session::connected(&server);
    let began = Instant::now();
    assert_eq!(session.post(&[EVENT; 8].join("\x1e")).text(), "ok");
    assert!(began.elapsed() >= Duration::from_millis(200), "the POST waits");
    let mut answers = 0;
    while answers < 8 {
        answers += session.packets().iter().filter(|packet| packet.starts_with("431[")).count();
    }
}

/// A delay of six seconds and more, and a heartbeat that gives up after five.
const SLOW: [(&str, &str); 6] = [
    ("socketio.ping_interval", "2s"),
    ("socketio.ping_timeout", "3s"),
    ("limits.message", "8KiB"),
    ("socketio.max_http_buffer_size", "8KiB"),
    ("limits.bytes_per_second", "1KiB"),
    ("limits.byte_burst", "8KiB"),
];

fn large() -> String {
    format!(r#"42["none","{}"]"#, "x".repeat(7500))
}

#[test]
fn a_websocket_that_has_to_wait_is_not_taken_for_dead() {
    let server = Running::with(&SLOW);
    let (mut socket, _) = Socket::connected(&server);
    (0..2).for_each(|_| socket.send(&large()));
    socket.send(EVENT);
    // The server's ping waits for its answer until the client is read from again.
    loop {
        match socket.read().as_str() {
            "2" => socket.send("3"),
            answer if answer.starts_with("431[") => break,
            answer => assert!(answer.starts_with("42["), "{answer}"),
        }
    }
}

#[test]
fn a_session_whose_post_has_to_wait_is_not_taken_for_dead() {
    let server = Running::with(&SLOW);
    let session = Session::connected(&server);
    assert_eq!(session.post(&large()).text(), "ok");
    let first = session.begin_get();
    assert_eq!(session.post(&large()).text(), "ok");
    assert!(first.finish().text().starts_with("42["));
    // The server's ping has waited longer for its answer than it would of another.
    reads_up_to(&session, "2");
    assert_eq!(session.post("3").text(), "ok");
    assert_eq!(session.post(EVENT).text(), "ok");
    reads_up_to(&session, "431[");
}
