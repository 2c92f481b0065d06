//! Heads that come byte by byte: each byte is progress, and yet the time for a head is over at some point.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::attack::Attack;
use crate::wire::until_end;

#[test]
fn heads_that_come_byte_by_byte_are_given_up() {
    Attack::new("slow_heads").hurried().lines(2000).run(async |target| {
        let mut drips = JoinSet::new();
        for _ in 0..200 {
            let mut stream = target.stream(2).await.unwrap();
            drips.spawn(async move {
                let mut head =
                    b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: ".iter().chain([b'x'; 10_000].iter());
                while let Some(byte) = head.next()
                    && stream.write_all(&[*byte]).await.is_ok()
                {
                    sleep(Duration::from_millis(20)).await;
                }
                assert!(head.next().is_some(), "the whole head was taken, slow as it was");
                until_end(&mut stream).await
            });
        }
        while let Some(said) = drips.join_next().await {
            let said = String::from_utf8_lossy(&said.unwrap()).into_owned();
            assert!(said.is_empty() || said.starts_with("HTTP/1.1 4"), "{said}");
        }
    });
}
