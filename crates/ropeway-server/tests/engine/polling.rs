//! GETs and POSTs of one session.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use flate2::read::{GzDecoder, ZlibDecoder};

use crate::raw::{Exchange, request};
use crate::running::Running;
use crate::session::Session;

#[test]
fn a_get_is_held_until_there_is_something() {
    let server = Running::start();
    let session = Session::open(&server);
    let mut get = session.begin_get();
    assert!(get.is_held());
    let answer = session.post("40");
    assert_eq!((answer.status, answer.text()), (200, "ok"));
    assert_eq!(answer.header("content-type"), Some("text/html"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(get.finish().text().starts_with("40{\"sid\":"));
}

#[test]
fn packets_go_together_both_ways() {
    let server = Running::start();
    let session = Session::in_room(&server);
    let publish = |id: u32, text: &str| format!(r#"42{id}["publish","plain:e","e","{text}"]"#);
    session.post(&[publish(1, "one"), publish(2, "été 🚡"), publish(3, "three")].join("\x1e"));
    let mut packets = Vec::new();
    while packets.len() < 6 {
        packets.extend(session.packets());
    }
    let events: Vec<_> = packets.iter().filter(|packet| packet.starts_with("42")).collect();
    assert!(events[0].contains("one") && events[1].contains("été 🚡") && events[2].contains("three"));
}

#[test]
fn a_close_is_said_after_what_the_client_has_to_hear_before() {
    let server = Running::start();
    let session = Session::open(&server);
    session.post("40\x1e40");
    let first = session.packets();
    assert!(first.len() == 1 && first[0].starts_with("40{"), "{first:?}");
    assert_eq!(session.get().text(), "1");
    session.is_unknown();
}

#[test]
fn binary_data_is_base64() {
    let server = Running::start();
    let session = Session::in_room(&server);
    session.post("451-[\"publish\",\"plain:e\",\"e\",{\"_placeholder\":true,\"num\":0}]\x1ebAQIDBA==");
    let packets = session.packets();
    assert!(packets[0].starts_with("451-[\"e\",{\"_placeholder\":true,\"num\":0}"), "{packets:?}");
    assert_eq!(packets[1], "bAQIDBA==");
}

#[test]
fn a_second_get_ends_the_session() {
    let server = Running::start();
    let session = Session::open(&server);
    let mut first = session.begin_get();
    assert!(first.is_held());
    let second = session.get();
    assert_eq!((second.status, second.text()), (400, ""));
    let first = first.finish();
    assert_eq!((first.status, first.text()), (200, "1"));
    session.is_unknown();
}

#[test]
fn a_second_post_ends_the_session() {
    let server = Running::start();
    let session = Session::open(&server);
    let first = slow_post(&session);
    let second = session.post("40");
    assert_eq!((second.status, second.text()), (400, ""));
    drop(first);
    session.is_unknown();
}

#[test]
fn an_aborted_get_ends_the_session() {
    let server = Running::start();
    let session = Session::connected(&server);
    assert_eq!(server.connections(), 1);
    let mut get = session.begin_get();
    assert!(get.is_held());
    drop(get);
    server.is_left_alone();
    session.is_unknown();
}

#[test]
fn an_aborted_post_ends_the_session() {
    let server = Running::start();
    let session = Session::connected(&server);
    drop(slow_post(&session));
    server.is_left_alone();
    session.is_unknown();
}

/// A POST whose body is on its way.
fn slow_post(session: &Session<'_>) -> Exchange {
    let mut post = Exchange::head(
        session.server,
        &format!("POST {}", session.target()),
        "content-length: 10\r\n",
        b"40",
    );
    assert!(post.is_held());
    post
}

#[test]
fn the_client_ends_it() {
    let server = Running::start();
    let session = Session::connected(&server);
    let mut get = session.begin_get();
    assert!(get.is_held());
    let answer = session.post("1");
    assert_eq!((answer.status, answer.text()), (200, "ok"));
    assert_eq!(get.finish().text(), "6");
    session.is_unknown();
}

#[test]
fn no_packet_ends_the_session() {
    let server = Running::start();
    for body in ["", "abc", "40\x1e", "40\x1e9", "b!", "\u{1f6a1}"] {
        let session = Session::open(&server);
        let mut get = session.begin_get();
        assert!(get.is_held());
        assert_eq!(session.post(body).status, 400, "{body:?}");
        let packets = get.finish();
        assert!(packets.text().ends_with('1') || packets.text().starts_with("40"), "{:?}", packets.text());
        session.is_unknown();
    }
    let session = Session::open(&server);
    let answer = request(&server, &format!("POST {}", session.target()), "", b"4\xff\xfe");
    assert_eq!(answer.status, 400);
    session.is_unknown();
}

#[test]
fn a_ping_of_the_client_ends_the_session() {
    let server = Running::start();
    let session = Session::open(&server);
    session.post("2");
    session.is_unknown();
}

#[test]
fn a_body_of_bytes_ends_a_session_of_version_4() {
    let server = Running::start();
    let session = Session::open(&server);
    let headers = "content-type: application/octet-stream\r\n";
    let answer = request(&server, &format!("POST {}", session.target()), headers, b"40");
    assert_eq!((answer.status, answer.text()), (400, ""));
    session.is_unknown();
}

#[test]
fn other_methods_are_500_and_change_nothing() {
    let server = Running::start();
    let session = Session::connected(&server);
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
        let answer = request(&server, &format!("{method} {}", session.target()), "", b"40");
        assert_eq!((answer.status, answer.text()), (500, ""), "{method}");
    }
    assert!(session.begin_get().is_held());
}

#[test]
fn the_first_ping_comes_after_the_interval_and_a_pong_keeps_the_session() {
    // So long that a machine under load answers a ping in time.
    let server = Running::with(&[("socketio.ping_interval", "300ms"), ("socketio.ping_timeout", "3s")]);
    let mut begun = Instant::now();
    let session = Session::open(&server);
    for _ in 0..3 {
        assert_eq!(session.packets(), ["2"]);
        assert!(begun.elapsed() >= Duration::from_millis(300), "{:?}", begun.elapsed());
        begun = Instant::now();
        assert_eq!(session.post("3").text(), "ok");
    }
    assert_eq!(session.packets(), ["2"]);
    assert_eq!(session.packets(), ["1"], "the pong has not come");
    session.is_unknown();
}

#[test]
fn long_answers_are_compressed_for_those_who_take_it() {
    let server = Running::start();
    let text = "x".repeat(2000);
    for (accepted, coding) in [("gzip, deflate", Some("gzip")), ("deflate", Some("deflate")), ("br", None)] {
        let session = Session::in_room(&server);
        session.post(&format!(r#"42["publish","plain:e","e","{text}"]"#));
        let headers = format!("accept-encoding: {accepted}\r\n");
        let answer = request(&server, &format!("GET {}", session.target()), &headers, b"");
        assert_eq!(answer.header("content-encoding"), coding, "{accepted}");
        let mut body = String::new();
        match coding {
            Some("gzip") => GzDecoder::new(&answer.body[..]).read_to_string(&mut body).unwrap(),
            Some(_) => ZlibDecoder::new(&answer.body[..]).read_to_string(&mut body).unwrap(),
            None => (&answer.body[..]).read_to_string(&mut body).unwrap(),
        };
        assert!(body.contains(&text));
    }
}

#[test]
fn short_answers_are_not_compressed() {
    let server = Running::start();
    let answer =
        request(&server, &format!("GET {}", crate::session::POLLING), "accept-encoding: gzip\r\n", b"");
    assert_eq!(answer.header("content-encoding"), None);
    let off = Running::with(&[
        ("socketio.http_compression", "false"),
        ("socketio.http_compression_threshold", "1B"),
    ]);
    let answer = request(&off, &format!("GET {}", crate::session::POLLING), "accept-encoding: gzip\r\n", b"");
    assert_eq!(answer.header("content-encoding"), None);
}

#[test]
fn a_body_may_come_in_pieces() {
    let server = Running::start();
    let session = Session::open(&server);
    let headers = "transfer-encoding: chunked\r\nconnection: close\r\n";
    let mut post = Exchange::head(&server, &format!("POST {}", session.target()), headers, b"1\r\n4\r\n");
    assert!(post.is_held());
    post.0.write_all(b"1\r\n0\r\n0\r\n\r\n").unwrap();
    assert_eq!(post.finish().text(), "ok");
    assert!(session.packets()[0].starts_with("40"));
}

#[test]
fn version_3_is_served_where_it_is_allowed() {
    let server = Running::with(&[("socketio.allow_eio3", "true")]);
    let target = "/socket.io/?EIO=3&transport=polling";
    let answer = request(&server, &format!("GET {target}"), "", b"");
    let (len, open) = answer.text().split_once(':').unwrap();
    let open = open.get(..len.parse::<usize>().unwrap()).unwrap();
    let open: serde_json::Value = serde_json::from_str(&open[1..]).unwrap();
    let target = format!("{target}&sid={}", open["sid"].as_str().unwrap());
    let connected = request(&server, &format!("GET {target}"), "", b"");
    assert_eq!(connected.text(), "2:40", "without asking");
    assert_eq!(request(&server, &format!("POST {target}"), "", b"1:2").text(), "ok");
    assert_eq!(request(&server, &format!("GET {target}"), "", b"").text(), "1:3");
    let bytes = "content-type: application/octet-stream\r\n";
    let answer = request(&server, &format!("POST {target}"), bytes, b"\x00\x01\xff2");
    assert_eq!(answer.text(), "ok");
    assert_eq!(request(&server, &format!("GET {target}"), "", b"").text(), "1:3");
}
