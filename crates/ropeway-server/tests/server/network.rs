//! Who a client is on the network, and how much of one there may be.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, TcpStream};
use std::time::Instant;

use ropeway_server::Server;
use ropeway_server::config::Config;
use serde_json::json;
use tungstenite::{Error, WebSocket};

use crate::client::{SOON, open, open_from, refused, try_open};
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
fn addresses_are_counted_apart_and_together_as_a_subnet() {
    let server = Running::with(&[
        ("limits.exempt", ""),
        ("limits.connections_per_address", "1"),
        ("limits.connections_per_subnet", "2"),
    ]);
    let _one = from_loopback(&server, 2).unwrap();
    assert_eq!(from_loopback(&server, 2).err(), Some(429), "the address has as many as it may");
    let two = from_loopback(&server, 3).unwrap();
    assert_eq!(from_loopback(&server, 4).err(), Some(429), "the subnet has as many as it may");
    drop(two);
    let deadline = Instant::now() + SOON;
    while from_loopback(&server, 4).is_err() {
        assert!(Instant::now() < deadline, "the place of a connection that has gone is not given away");
    }
}

#[test]
fn who_is_exempt_has_no_limits_of_addresses() {
    let server = Running::with(&[
        ("limits.exempt", "127.0.0.2"),
        ("limits.connections_per_address", "1"),
        ("limits.connections_per_subnet", "1"),
        ("limits.arrivals_per_address", "1"),
    ]);
    let held: Vec<_> = (0..8).map(|_| from_loopback(&server, 2)).collect();
    assert!(held.iter().all(Result::is_ok));
    let _one = from_loopback(&server, 3).unwrap();
    // The place in HTTP is free a moment after the upgrade; until then another connection is dropped.
    let address = IpAddr::from([127, 0, 0, 3]);
    let deadline = Instant::now() + SOON;
    let refused = std::iter::repeat_with(|| open_from(address, &server, "/ws", &[]).map_err(|error| *error))
        .take_while(|_| Instant::now() < deadline)
        .find_map(|opened| match opened {
            Err(Error::Http(response)) => Some(response.status().as_u16()),
            Err(_) => None,
            Ok(_) => panic!("one more than may be"),
        });
    assert_eq!(refused, Some(429));
}

#[test]
fn who_is_exempt_may_have_as_many_in_http_as_it_likes() {
    let server =
        Running::with(&[("limits.exempt", "127.0.0.1"), ("limits.http_connections_per_address", "1")]);
    let _waiting = [(); 3].map(|()| TcpStream::connect(server.address).unwrap());
    let answer = raw(&server, b"GET /healthz HTTP/1.0\r\nhost: localhost\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
}

#[test]
fn clients_of_a_proxy_that_come_too_fast_are_told() {
    let server = Running::with(&[("proxy.trusted", "127.0.0.1"), ("limits.arrivals_per_address", "1")]);
    let opened: Vec<_> = (0..5).map(|_| open(&server, "/ws", &[ADA]).is_ok()).collect();
    assert_eq!(opened, [true; 5]);
    let deadline = Instant::now() + SOON;
    let told = loop {
        assert!(Instant::now() < deadline);
        if let Err(told) = try_open(&server, "/ws", &[ADA]) {
            break told;
        }
    };
    assert_eq!(told, (429, Some("5".to_owned()), json!("rate_limited")));
    assert!(open(&server, "/ws", &[BOB]).is_ok());
}

#[test]
fn others_that_come_too_fast_are_dropped_unseen() {
    let server = Running::with(&[("limits.exempt", ""), ("limits.arrivals_per_address", "1")]);
    let come = || raw(&server, b"GET /healthz HTTP/1.0\r\nhost: localhost\r\n\r\n");
    let deadline = Instant::now() + SOON;
    let served: Vec<String> = std::iter::repeat_with(come)
        .inspect(|_| assert!(Instant::now() < deadline, "everybody is served"))
        .take_while(|answer| !answer.is_empty())
        .collect();
    assert!(served.len() >= 5, "five seconds' worth comes at once: {served:?}");
    assert!(served.iter().all(|answer| answer.starts_with("HTTP/1.0 200")), "{served:?}");
}

#[test]
fn so_many_of_an_address_are_in_http() {
    let server = Running::with(&[("limits.exempt", ""), ("limits.http_connections_per_address", "1")]);
    let mut waiting = TcpStream::connect(server.address).unwrap();
    waiting.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    waiting.read_exact(&mut [0; 12]).unwrap();
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
    assert!(raw(&server, &[&from("192.0.2.3"), &request[..]].concat()).starts_with("HTTP/1.0 200"));
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
fn clients_behind_the_proxy_protocol_are_counted_by_their_addresses() {
    let server = Running::with(&[
        ("proxy.trusted", "127.0.0.1"),
        ("proxy.protocol", "required"),
        ("limits.connections_per_address", "1"),
    ]);
    let session = b"GET /socket.io/?EIO=4&transport=polling HTTP/1.0\r\nhost: localhost\r\n\r\n";
    let begin = |last: u8| raw(&server, &[&version_2(last), &session[..]].concat());
    assert!(begin(1).starts_with("HTTP/1.0 200"));
    assert!(begin(1).starts_with("HTTP/1.0 429"));
    assert!(begin(2).starts_with("HTTP/1.0 200"));
}

/// The header of version 2 for a client at 192.0.2.x.
fn version_2(last: u8) -> Vec<u8> {
    let signature = *b"\r\n\r\n\0\r\nQUIT\n";
    // PROXY, TCP over IPv4, and 12 bytes of addresses and ports.
    let rest = [0x21, 0x11, 0, 12, 192, 0, 2, last, 127, 0, 0, 1, 0, 1, 0, 2];
    [&signature[..], &rest].concat()
}

#[test]
fn who_is_no_proxy_cannot_speak_the_proxy_protocol() {
    let settings =
        [("proxy.trusted", "127.0.0.2"), ("proxy.protocol", "required"), ("server.handshake_timeout", "1h")];
    let server = Running::with(&settings);
    let request = b"GET /healthz HTTP/1.0\r\nhost: localhost\r\n\r\n";
    assert!(raw(&server, request).starts_with("HTTP/1.0 200"), "it is served as who it is");
    for header in [&b"PROXY TCP4 192.0.2.1 127.0.0.1 1 2\r\n"[..], b"PROXY UNKNOWN\r\n", &version_2(1)] {
        let answer = raw(&server, &[header, request].concat());
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
}

#[test]
fn a_proxy_has_so_long_to_say_who_its_client_is() {
    let settings = [
        ("proxy.trusted", "127.0.0.1"),
        ("proxy.protocol", "required"),
        ("server.handshake_timeout", "100ms"),
    ];
    let server = Running::with(&settings);
    for begun in [&b""[..], b"PROXY TCP4 192.0.2.1", &version_2(1)[..20]] {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        // On a loaded machine its time is over before all has come.
        let _ = stream.write_all(begun);
        assert!(is_over(&mut stream));
    }
}

/// Its clients have limits, and it has none: it speaks for all of them, and for itself when it asks whether the server is
/// there.
#[test]
fn a_proxy_itself_has_no_limits_of_addresses() {
    let strict = [
        ("proxy.trusted", "127.0.0.1"),
        ("limits.exempt", ""),
        ("limits.http_connections_per_address", "1"),
        ("limits.arrivals_per_address", "1"),
    ];
    let local = [&b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"[..], b"PROXY UNKNOWN\r\n"];
    let cases = [("off", &b""[..]), ("required", local[0]), ("required", local[1])];
    for (protocol, header) in cases {
        let server = Running::with(&[&strict[..], &[("proxy.protocol", protocol)]].concat());
        let request = [header, b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n"].concat();
        let held: Vec<_> = (0..10)
            .map(|_| {
                let mut stream = TcpStream::connect(server.address).unwrap();
                stream.set_read_timeout(Some(SOON)).unwrap();
                stream.write_all(&request).unwrap();
                stream.read_exact(&mut [0; 12]).unwrap();
                stream
            })
            .collect();
        assert_eq!(held.len(), 10);
    }
}

#[test]
fn those_that_ask_for_nothing_keep_nobody_out() {
    // The second is more than is waited for before it is read.
    let endless = format!("GET / HTTP/1.1\r\nx: {}", "y".repeat(4100));
    for said in ["", &endless] {
        let server = Running::with(&[("server.handshake_timeout", "1h")]);
        let begun = || {
            let mut stream = TcpStream::connect(server.address).unwrap();
            stream.write_all(said.as_bytes()).unwrap();
            stream
        };
        let silent: Vec<_> = (0..4096).map(|_| begun()).collect();
        let answer = raw(&server, b"GET /healthz HTTP/1.0\r\nhost: localhost\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
        // One of the oldest had to go for it; which of them was first is not known here.
        let oldest = &silent[..64];
        oldest.iter().for_each(|stream| stream.set_nonblocking(true).unwrap());
        let has_gone = |mut stream: &TcpStream| stream.read(&mut [0]).is_ok_and(|len| len == 0);
        let deadline = Instant::now() + SOON;
        while !oldest.iter().any(has_gone) {
            assert!(Instant::now() < deadline, "nobody had to go");
        }
    }
}

/// As clients do that come back after a restart. A connection that finds no place in the queue would be tried again for
/// seconds.
#[tokio::test]
async fn a_crowd_that_comes_at_once_waits_in_the_queue_of_the_port() {
    let most: usize = fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap().trim().parse().unwrap();
    let mut config = Config::default();
    config.server.listen = "127.0.0.1:0".parse().unwrap();
    // It does not run, and so accepts nobody.
    let server = Server::bind(config).await.unwrap();
    let come = |_| TcpStream::connect_timeout(&server.local_addr(), SOON);
    let crowd: Vec<_> = (0..most.min(4096)).map(come).collect();
    assert!(crowd.iter().all(Result::is_ok));
}

#[test]
fn the_proxy_protocol_is_no_http() {
    let server = Running::start();
    let answer = raw(&server, b"PROXY TCP4 192.0.2.1 127.0.0.1 1 2\r\nGET /healthz HTTP/1.0\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

/// A WebSocket from an address of the loopback network, or the status with which it is refused.
fn from_loopback(server: &Running, last: u8) -> Result<WebSocket<TcpStream>, u16> {
    open_from(IpAddr::from([127, 0, 0, last]), server, "/ws", &[]).map_err(|error| match *error {
        Error::Http(response) => response.status().as_u16(),
        other => panic!("a refusal instead of {other}"),
    })
}

/// Whether a connection ends, or is reset, without a word.
fn is_over(stream: &mut TcpStream) -> bool {
    match stream.read(&mut [0]) {
        Ok(len) => len == 0,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    }
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
