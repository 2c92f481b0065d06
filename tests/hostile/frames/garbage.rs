//! Random bytes after a valid upgrade, and random payloads in valid frames.

use rand::Rng;
use tokio::io::AsyncWriteExt;

use crate::attack::Attack;
use crate::websocket::{BINARY, TEXT, frame};
use crate::wire::{random, random_bytes, until_end};

const ENDPOINTS: [&str; 3] = ["/ws", "/echo", "/socket.io/?EIO=4&transport=websocket"];

#[test]
fn random_bytes_after_the_upgrade_end_the_connection_at_most() {
    Attack::new("garbage_frames").lines(20_000).run(async |target| {
        let mut random = random();
        for number in 0..600 {
            let mut stream = target.upgraded(2, ENDPOINTS[number % 3]).await;
            // Both may find that the server has closed already.
            let _ = stream.write_all(&random_bytes(&mut random, 2000)).await;
            let _ = stream.shutdown().await;
            until_end(&mut stream).await;
        }
    });
}

#[test]
fn random_messages_end_the_connection_at_most() {
    Attack::new("garbage_messages").lines(20_000).run(async |target| {
        let mut random = random();
        let words: &[&[u8]] = &[
            b"{\"type\":\"",
            b"join",
            b"\",",
            b"\"room\":",
            b"4",
            b"2[",
            b"51-",
            b"}",
            b"\"\\ud800\"",
            b"\x93",
            b"\xde\xff\xff",
        ];
        for number in 0..600 {
            let mut stream = target.upgraded(2, ENDPOINTS[number % 3]).await;
            for _ in 0..8 {
                let mut payload = Vec::new();
                for _ in 0..random.random_range(1..20) {
                    payload.extend_from_slice(words[random.random_range(0..words.len())]);
                }
                payload.extend(random_bytes(&mut random, 8));
                let first = if random.random() { TEXT } else { BINARY };
                let _ = stream.write_all(&frame(first, &payload)).await;
            }
            let _ = stream.shutdown().await;
            until_end(&mut stream).await;
        }
    });
}
