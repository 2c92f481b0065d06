//! Ten thousand connections that say nothing, or half a head, from ten addresses.

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::attack::{Attack, Target};

const HOSTS: u8 = 10;
const EACH: usize = 1000;

/// The server ends some of them while others come: that is its right.
async fn half_open(target: &Target<'_>, said: &[u8]) -> Vec<TcpStream> {
    let mut held = Vec::new();
    for number in 0..EACH {
        for host in 2..2 + HOSTS {
            if let Ok(mut stream) = target.stream(host).await {
                // It may be gone already.
                let _ = stream.write_all(said).await;
                held.push(stream);
            }
        }
        if number % 100 == 0 {
            target.serves_others().await;
        }
    }
    held
}

fn attack(name: &'static str, said: &'static [u8]) {
    // A connection costs little until its head is there, but so do the lines of its coming and going.
    Attack::new(name).memory(80).lines(40_000).run(async |target| {
        let held = half_open(target, said).await;
        target.serves_others().await;
        drop(target.websocket("/ws").await);
        drop(held);
    });
}

#[test]
fn ten_thousand_silent_connections_keep_nobody_out() {
    attack("silent_connections", b"");
}

#[test]
fn ten_thousand_half_heads_keep_nobody_out() {
    attack("half_heads", b"GET /ws HTTP/1.1\r\nHost: localhost\r\nX-Half: ");
}
