//! What a newcomer is refused for, on every carrier.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use serde_json::{Value, json};
use tungstenite::WebSocket;

use crate::client::{Refusal, SOON, open, try_open};
use crate::http::get;
use crate::running::Running;

const CARRIERS: [&str; 4] =
    ["/ws", "/echo", "/socket.io/?EIO=4&transport=websocket", "/socket.io/?EIO=4&transport=polling"];

/// Comes by one carrier until it is refused. How often it was let in, and what it was told then.
#[track_caller]
fn refused_at_last(setting: (&'static str, &str), path: &str) -> (usize, Refusal) {
    let server = Running::with(&[("proxy.trusted", "127.0.0.1"), setting]);
    let deadline = Instant::now() + SOON;
    let mut held = Vec::new();
    loop {
        match come(&server, path) {
            Ok(connection) => held.push(connection),
            Err(refusal) => return (held.len(), refusal),
        }
        assert!(Instant::now() < deadline, "{path} lets everybody in in spite of {setting:?}");
    }
}

/// A connection that lasts: of polling it is the session, which needs nothing to hold it for a while.
fn come(server: &Running, path: &str) -> Result<Option<WebSocket<TcpStream>>, Refusal> {
    if !path.ends_with("polling") {
        return try_open(server, path, &[("x-forwarded-for", "192.0.2.1")]).map(Some);
    }
    let answer = get(server, path, "x-forwarded-for: 192.0.2.1\r\n");
    if answer.status == 200 {
        return Ok(None);
    }
    let when = answer.header("retry-after").map(str::to_owned);
    Err((answer.status, when, answer.json()["code"].clone()))
}

fn told(status: u16, code: &str) -> (u16, Option<String>, Value) {
    (status, Some("5".to_owned()), json!(code))
}

#[test]
fn a_full_server_refuses_on_every_carrier() {
    for path in CARRIERS {
        let refused = refused_at_last(("server.max_connections", "3"), path);
        assert_eq!(refused, (3, told(503, "unavailable")), "{path}");
    }
}

#[test]
fn an_address_is_refused_on_every_carrier() {
    for path in CARRIERS {
        let refused = refused_at_last(("limits.connections_per_address", "3"), path);
        assert_eq!(refused, (3, told(429, "too_many_connections")), "{path}");
    }
}

/// Behind a proxy, where the client is known with its request.
#[test]
fn arrivals_are_refused_on_every_carrier() {
    for path in CARRIERS {
        let (let_in, refusal) = refused_at_last(("limits.arrivals_per_address", "1"), path);
        assert_eq!(refusal, told(429, "rate_limited"), "{path}");
        assert!(let_in >= 5, "five seconds' worth comes at once: {let_in} on {path}");
    }
}

#[test]
fn without_memory_every_carrier_refuses() {
    for path in CARRIERS {
        let (_, refusal) = refused_at_last(("limits.memory", "1MiB"), path);
        assert_eq!(refusal, told(503, "overloaded"), "{path}");
    }
}

/// By connections that were there before the port was closed.
#[test]
fn a_server_that_ends_refuses_on_every_carrier() {
    let mut server = Running::with(&[("shutdown.spread", "1m"), ("shutdown.timeout", "2m")]);
    // One of them stays for half a minute.
    let _held = [(); 2].map(|()| open(&server, "/ws", &[]).unwrap());
    let mut connections = CARRIERS.map(|_| TcpStream::connect(server.address).unwrap());
    for connection in &mut connections {
        connection.set_read_timeout(Some(SOON)).unwrap();
        connection.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        connection.read_exact(&mut [0; 12]).unwrap();
    }
    server.stop();
    while TcpStream::connect(server.address).is_ok() {}
    for (mut connection, path) in connections.into_iter().zip(CARRIERS) {
        let upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                       sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        let headers = if path.ends_with("polling") { "" } else { upgrade };
        connection.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\n{headers}\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        while !answer.contains("HTTP/1.1 503 ") || !answer.contains(r#""code":"unavailable""#) {
            let mut some = [0; 1024];
            let read = connection.read(&mut some).unwrap_or(0);
            assert!(read > 0, "{path}: {answer}");
            answer.push_str(&String::from_utf8_lossy(&some[..read]));
        }
    }
}
