//! Handshakes of TLS that are many, unfinished, or none.

use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

use super::tunnel::connector;
use crate::attack::Attack;
use crate::wire::{random, random_bytes, until_end};

const HANDSHAKES: usize = 300;
const AT_ONCE: usize = 20;

/// The costly part of a handshake is the server's: signing.
#[test]
fn handshakes_without_end_keep_nobody_out() {
    Attack::new("tls_handshakes").tls().lines(HANDSHAKES * 40).run(async |target| {
        let mut flood = JoinSet::new();
        for number in 0..HANDSHAKES {
            let stream = target.stream(2).await.unwrap();
            flood.spawn(async move {
                let name = ServerName::try_from("localhost").unwrap();
                let mut secure = connector().connect(name, stream).await.unwrap();
                if number % 2 == 0 {
                    secure
                        .write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                        .await
                        .unwrap();
                    let mut answer = [0; 12];
                    secure.read_exact(&mut answer).await.unwrap();
                    assert_eq!(&answer, b"HTTP/1.1 200");
                }
            });
            if flood.len() >= AT_ONCE {
                flood.join_next().await.unwrap().unwrap();
            }
        }
        while let Some(ended) = flood.join_next().await {
            ended.unwrap();
        }
        target.serves_others().await;
    });
}

/// Each has `server.handshake_timeout`, whether it says nothing, begins a record, or a hello.
#[test]
fn unfinished_handshakes_are_given_up() {
    Attack::new("tls_unfinished").tls().hurried().lines(20_000).run(async |target| {
        let mut held = Vec::new();
        for number in 0..600 {
            let mut stream = target.stream(2).await.unwrap();
            let said: &[u8] =
                [&b""[..], b"\x16", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"][number % 3];
            stream.write_all(said).await.unwrap();
            held.push(stream);
        }
        target.serves_others().await;
        for stream in &mut held {
            // At most an alert; never anything that only a finished handshake gets.
            let said = until_end(stream).await;
            assert!(said.len() < 64, "{said:?}");
        }
    });
}

#[test]
fn garbage_is_no_handshake() {
    Attack::new("tls_garbage").tls().lines(20_000).run(async |target| {
        let mut random = random();
        for number in 0..400 {
            let mut stream = target.stream(2).await.unwrap();
            let opening: &[u8] = [
                &b""[..],
                b"\x16\x03\x01",
                b"\x16\x03\x01\x40\x00\x01\x00\x3f\xfc\x03\x03",
                b"\x80\x2e\x01\x03\x01",
                b"\x15\x03\x03\x00\x02",
            ][number % 5];
            // It may be ended before all is written.
            let _ = stream.write_all(&[opening, &random_bytes(&mut random, 3000)].concat()).await;
            let _ = stream.shutdown().await;
            let said = until_end(&mut stream).await;
            // An alert, or the answer to what looks like plain HTTP.
            assert!(said.is_empty() || said[0] == 0x15 || said.starts_with(b"HTTP/1.1 400 "), "{said:?}");
        }
        target.serves_others().await;
    });
}
