//! What a client may not do.

use std::io::Write;

use crate::raw::{Exchange, get, request};
use crate::running::Running;
use crate::session::{POLLING, Session};

#[test]
fn a_body_over_the_limit_is_413_and_the_session_stays() {
    let server = Running::with(&[("socketio.max_http_buffer_size", "1KiB")]);
    let session = Session::open(&server);
    let answer = session.post(&"4".repeat(1025));
    assert_eq!((answer.status, answer.text()), (413, ""));
    assert_eq!(session.post("40").text(), "ok");
    assert!(session.packets()[0].starts_with("40"));
}

#[test]
fn a_body_whose_length_is_not_told_has_the_same_limit() {
    let server = Running::with(&[("socketio.max_http_buffer_size", "1KiB")]);
    let session = Session::open(&server);
    let headers = "transfer-encoding: chunked\r\nconnection: close\r\n";
    let mut post = Exchange::head(&server, &format!("POST {}", session.target()), headers, b"");
    for _ in 0..3 {
        post.0.write_all(format!("200\r\n{}\r\n", "4".repeat(512)).as_bytes()).unwrap();
    }
    // The end of the body has not come.
    post.0.write_all(b"0\r\n\r\n").unwrap();
    let answer = post.finish();
    assert_eq!((answer.status, answer.text()), (413, ""));
    assert_eq!(session.post("40").text(), "ok");
}

#[test]
fn a_large_refused_body_does_not_lose_the_answer() {
    let server = Running::start();
    let session = Session::open(&server);
    let answer = session.post(&"4".repeat(8_000_000));
    assert_eq!(answer.status, 413);
}

#[test]
fn a_slow_body_ends_the_session() {
    let server = Running::with(&[("socketio.ping_interval", "100ms"), ("socketio.ping_timeout", "100ms")]);
    let session = Session::open(&server);
    let headers = "content-length: 10\r\nconnection: close\r\n";
    let post = Exchange::head(&server, &format!("POST {}", session.target()), headers, b"40");
    assert!(matches!(post.finish().status, 400 | 408));
    session.is_unknown();
}

#[test]
fn a_session_is_one_place() {
    let server = Running::with(&[("server.max_connections", "1")]);
    let session = Session::open(&server);
    let answer = get(&server, POLLING);
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")));
    assert_eq!(session.post("40").text(), "ok", "its own requests need no place");
    session.post("1");
    assert_eq!(request(&server, &format!("GET {POLLING}"), "", b"").status, 200);
}

#[test]
fn a_client_that_takes_nothing_is_given_up() {
    let settings =
        [("limits.outbox", "1MiB"), ("socketio.ping_interval", "3s"), ("socketio.ping_timeout", "300ms")];
    let server = Running::with(&settings);
    let slow = Session::in_room(&server);
    let text = "x".repeat(500_000);
    for _ in 0..4 {
        slow.post(&format!(r#"42["publish","plain:e","e","{text}"]"#));
    }
    server.is_left_alone();
    slow.is_unknown();
}
