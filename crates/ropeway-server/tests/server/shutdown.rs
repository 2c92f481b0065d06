//! The end of the server.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use ropeway_server::Server;
use ropeway_server::config::Config;
use serde_json::{Value, json};

use crate::client::{Client, SOON, closed, open};
use crate::http::{get, request};
use crate::running::{FILE, KEY, Running};

#[test]
fn every_connection_is_closed_with_1001() {
    let mut server = Running::start();
    let mut members: Vec<_> = (0..20).map(|_| Client::in_room(&server, "plain:e")).collect();
    let mut echo = open(&server, "/echo", &[]).unwrap();
    server.stop();
    for member in &mut members {
        let (code, reason) = member.closed();
        assert_eq!(code, 1001);
        assert!(reason.starts_with("the server is shutting down; reconnect after "), "{reason}");
    }
    assert_eq!(closed(&mut echo).0, 1001);
    for member in members {
        // The library answers the close when it is asked for more.
        let mut member = member;
        assert!(member.0.read().is_err());
    }
    assert!(echo.read().is_err());
    server.join();
    assert!(TcpStream::connect(server.address).is_err());
}

#[test]
fn clients_are_told_when_to_come_back_and_why() {
    let settings = [("shutdown.code", "1012"), ("shutdown.reconnect_spread", "1h")];
    let mut server = Running::with(&settings);
    let mut members: Vec<_> = (0..3).map(|_| Client::in_room(&server, "plain:e")).collect();
    server.stop();
    let hints = members.iter_mut().map(|member| {
        let hint = member.read();
        assert_eq!(hint["type"], "reconnect");
        let after = hint["after"].as_u64().unwrap();
        let reason = format!("the server is shutting down; reconnect after {after} ms");
        assert_eq!(member.closed(), (1012, reason));
        after
    });
    let hints: BTreeSet<u64> = hints.collect();
    assert!(hints.len() > 1, "not all at once: {hints:?}");
    assert!(hints.last() < Some(&3_600_000));
}

#[test]
fn the_server_is_not_ready_before_it_stops_accepting() {
    // So long that a machine under load does all of this in time.
    let mut server = Running::with(&[("shutdown.grace", "6s"), ("shutdown.spread", "0s")]);
    assert_eq!(get(&server, "/readyz", "").status, 200);
    let mut early = Client::connect(&server);
    server.stop();
    while get(&server, "/readyz", "").status == 200 {}
    let mut late = Client::connect(&server);
    late.nothing_more();
    early.nothing_more();
    assert_eq!(early.closed().0, 1001);
    assert_eq!(late.closed().0, 1001);
    assert!(TcpStream::connect(server.address).is_err());
}

#[test]
fn the_api_begins_it_and_tells_how_far_it_is() {
    let mut server = Running::from_file(&FILE.replace("spread = '50ms'", "rate = 5\ntimeout = '30s'"));
    let members: Vec<_> = (0..30).map(|_| Client::connect(&server)).collect();
    let answering: Vec<_> = members
        .into_iter()
        .map(|mut member| {
            thread::spawn(move || {
                let (code, _) = member.closed();
                // Its answer to the close goes out.
                let _ = member.0.read();
                code
            })
        })
        .collect();
    let lines = drain(&server);
    for line in &lines {
        let elapsed = 30_000 - line["remaining_ms"].as_u64().unwrap();
        let closed = line["closed"].as_u64().unwrap();
        assert!(closed as f64 <= 5.0 * elapsed as f64 / 1000.0 + 1.0, "{line}");
    }
    assert!(lines.len() > 2 && lines[0]["closed"].as_u64() < Some(30), "{lines:?}");
    let is_between =
        |line: &Value| line["phase"] == "draining" && (5..30).contains(&line["closed"].as_u64().unwrap());
    assert!(lines.iter().any(is_between), "nothing is told between the phases: {lines:?}");
    let last = lines.last().unwrap();
    assert_eq!(
        (&last["phase"], &last["connections"], &last["closed"]),
        (&json!("ended"), &json!(0), &json!(30))
    );
    assert!(answering.into_iter().all(|member| member.join().unwrap() == 1001));
    server.join();
}

#[test]
fn the_api_tells_who_had_to_be_dropped() {
    let mut server = Running::with(&[("shutdown.timeout", "300ms")]);
    let _deaf = [open(&server, "/echo", &[]).unwrap(), Client::connect(&server).0];
    let lines = drain(&server);
    let last = lines.last().unwrap();
    assert_eq!(
        (&last["phase"], &last["connections"], &last["closed"]),
        (&json!("ended"), &json!(2), &json!(2))
    );
    server.join();
}

#[test]
fn only_who_has_the_key_may_drain() {
    let server = Running::start();
    for method in ["GET", "POST"] {
        for key in ["", "authorization: Bearer another\r\n", "authorization: Bearer a-key-for-the-test\r\n"] {
            let head = format!("{method} /api/drain HTTP/1.1\r\n{key}");
            assert_eq!(request(&server, &head, "").status, 401, "{head}");
        }
    }
    let progress = get(&server, "/api/drain", &format!("authorization: Bearer {KEY}\r\n"));
    assert_eq!(progress.json(), json!({ "phase": "serving", "connections": 0, "closed": 0 }));
    assert_eq!(get(&server, "/readyz", "").status, 200);
}

#[test]
fn a_handle_begins_it_and_a_second_beginning_joins_the_first() {
    let (tell, told) = std::sync::mpsc::channel();
    let thread = thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let mut config = Config::default();
            config.server.listen = "127.0.0.1:0".parse().unwrap();
            let server = Server::bind(config).await.unwrap();
            let handle = server.handle();
            handle.drain();
            handle.drain();
            server.run(std::future::pending()).await;
            handle.drain();
        });
        tell.send(()).unwrap();
    });
    told.recv_timeout(SOON).unwrap();
    thread.join().unwrap();
}

/// What `POST /api/drain` says, line by line to its end.
fn drain(server: &Running) -> Vec<Value> {
    let head = format!("POST /api/drain HTTP/1.1\r\nauthorization: Bearer {KEY}\r\n");
    let answer = request(server, &head, "");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    // Between the lines are the lengths of the chunks.
    let lines = answer.body.lines().filter(|line| line.starts_with('{'));
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn who_does_not_answer_the_close_is_dropped_at_the_deadline() {
    let mut server = Running::with(&[("shutdown.timeout", "300ms")]);
    let _deaf = [open(&server, "/echo", &[]).unwrap(), Client::connect(&server).0];
    let begun = Instant::now();
    server.stop();
    server.join();
    assert!((Duration::from_millis(300)..2 * SOON).contains(&begun.elapsed()));
}

#[test]
fn idle_http_connections_do_not_keep_it() {
    let mut server = Running::with(&[("shutdown.timeout", "1m")]);
    let _silent = TcpStream::connect(server.address).unwrap();
    let mut idle = TcpStream::connect(server.address).unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    idle.read_exact(&mut [0; 12]).unwrap();
    let begun = Instant::now();
    server.stop();
    server.join();
    assert!(begun.elapsed() < 2 * SOON);
}

#[test]
fn requests_under_way_are_finished() {
    let mut server = Running::with(&[("shutdown.timeout", "1m")]);
    let mut slow = TcpStream::connect(server.address).unwrap();
    slow.set_read_timeout(Some(SOON)).unwrap();
    let body = json!({ "room": "plain:e", "event": "e", "data": 1 }).to_string();
    let head = format!(
        "POST /api/publish HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\nexpect: 100-continue\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    slow.write_all(head.as_bytes()).unwrap();
    // It asks for the body, and so is under way.
    slow.read_exact(&mut [0; 25]).unwrap();
    server.stop();
    while TcpStream::connect(server.address).is_ok() {}
    thread::sleep(Duration::from_millis(100));
    slow.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    server.join();
}
