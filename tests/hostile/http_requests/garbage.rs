//! Random bytes on the port, and in each part of a request for each endpoint.

use rand::Rng;
use tokio::io::AsyncWriteExt;

use crate::attack::Attack;
use crate::wire::{random, random_bytes, until_end};

const ENDPOINTS: [&str; 9] = [
    "/ws",
    "/echo",
    "/api/publish",
    "/api/status",
    "/socket.io/",
    "/healthz",
    "/readyz",
    "/ropeway.js",
    "/chat/x",
];

#[test]
fn random_bytes_on_the_port_are_refused() {
    Attack::new("garbage_port").lines(5000).run(async |target| {
        let mut random = random();
        // Of other protocols: TLS, HTTP/2, SSH, SOCKS, Redis.
        let openings: [&[u8]; 6] = [
            b"",
            b"\x16\x03\x01\x02\x00\x01",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"SSH-2.0-x\r\n",
            b"\x05\x01\x00",
            b"*1\r\n$4\r\nPING\r\n",
        ];
        for number in 0..600 {
            let mut stream = target.stream(2).await.unwrap();
            let said = [openings[number % openings.len()], &random_bytes(&mut random, 4000)].concat();
            let _ = stream.write_all(&said).await;
            let _ = stream.shutdown().await;
            until_end(&mut stream).await;
        }
    });
}

#[test]
fn random_requests_to_every_endpoint_are_refused() {
    Attack::new("garbage_requests").lines(20_000).run(async |target| {
        let mut random = random();
        let printable = |random: &mut rand::rngs::StdRng, most: usize| -> String {
            (0..random.random_range(0..most)).map(|_| char::from(random.random_range(b'!'..=b'~'))).collect()
        };
        for number in 0..900 {
            let path = ENDPOINTS[number % ENDPOINTS.len()];
            let method = ["GET", "POST", "PUT", "OPTIONS", "HEAD", "CONNECT", "BREW"][random.random_range(0..7)];
            let body = random_bytes(&mut random, 2000);
            let (query, name, value) = (printable(&mut random, 100), printable(&mut random, 20), printable(&mut random, 200));
            let head = format!(
                "{method} {path}?EIO=4&transport=polling&{query} HTTP/1.1\r\nHost: {value}\r\nX-{name}: {value}\r\nUpgrade: {value}\r\n\
                 Connection: Upgrade\r\nSec-WebSocket-Key: {value}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            let mut stream = target.stream(2).await.unwrap();
            let _ = stream.write_all(&[head.as_bytes(), &body].concat()).await;
            let _ = stream.shutdown().await;
            let said = until_end(&mut stream).await;
            assert!(!said.starts_with(b"HTTP/1.1 5"), "{head}: {}", String::from_utf8_lossy(&said));
        }
    });
}
