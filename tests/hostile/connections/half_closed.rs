//! Peers that say that they send no more, at every stage, and keep the other half open.

use tokio::io::AsyncWriteExt;

use crate::attack::Attack;
use crate::http::request;
use crate::websocket::UPGRADE;
use crate::wire::{text, until_end};

#[test]
fn half_closed_connections_end() {
    Attack::new("half_closed").run(async |target| {
        let mut held = Vec::new();
        for before in [
            &b""[..],
            b"GET",
            b"GET / HTTP/1.1\r\n",
            b"POST /api/publish HTTP/1.1\r\nContent-Length: 9\r\n\r\n1",
        ] {
            for _ in 0..50 {
                let mut stream = target.stream(2).await.unwrap();
                stream.write_all(before).await.unwrap();
                stream.shutdown().await.unwrap();
                held.push(stream);
            }
        }
        let upgrade = request("GET", "/ws", UPGRADE, b"");
        for after in [Vec::new(), text("{}"), vec![0x81], text("{}")[..3].to_vec()] {
            for _ in 0..50 {
                let mut stream = target.stream(2).await.unwrap();
                stream.write_all(&[&upgrade[..], &after].concat()).await.unwrap();
                stream.shutdown().await.unwrap();
                held.push(stream);
            }
        }
        for stream in &mut held {
            until_end(stream).await;
        }
    });
}
