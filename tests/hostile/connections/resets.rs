//! Connections that break off with a reset, at every stage.

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::attack::Attack;
use crate::http::request;
use crate::websocket::UPGRADE;
use crate::wire::text;

/// Closes with RST instead of FIN.
fn reset(stream: TcpStream) {
    stream.set_zero_linger().unwrap();
}

#[test]
fn resets_at_every_stage_leave_nothing_behind() {
    Attack::new("resets").lines(4000).run(async |target| {
        let head = [&request("GET", "/ws", UPGRADE, b"")[..], &text(r#"{"type":"ping"}"#)].concat();
        for end in 0..=head.len() {
            let mut stream = target.stream(2).await.unwrap();
            stream.write_all(&head[..end]).await.unwrap();
            reset(stream);
        }
        for number in 0..100_usize {
            let mut stream = target.upgraded(2, ["/ws", "/echo"][number % 2]).await;
            let frame = text(&"x".repeat(1000));
            stream.write_all(&frame[..number * 10]).await.unwrap();
            reset(stream);
        }
    });
}
