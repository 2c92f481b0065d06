//! Requests without end on one connection, the answers read and not read.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use crate::attack::Attack;
use crate::http::request;
use crate::wire::flood;

#[test]
fn pipelined_requests_are_answered_without_piling_up() {
    Attack::new("pipelines").lines(5000).run(async |target| {
        for path in ["/healthz", "/nothing", "/api/status", "/ws", "/socket.io/?EIO=4&transport=none"] {
            let batch = request("GET", path, &[], b"").repeat(100);
            flood(target.stream(2).await.unwrap(), &batch, 20).await;
        }
    });
}

/// Who reads no answers is not read from for long.
#[test]
fn pipelined_requests_whose_answers_nobody_reads_stall() {
    Attack::new("unread_answers").lines(5000).run(async |target| {
        let batch = request("GET", "/ropeway.js", &[], b"").repeat(100);
        let mut held = Vec::new();
        for _ in 0..50 {
            let mut stream = target.stream(2).await.unwrap();
            let all = async {
                for _ in 0..1000 {
                    stream.write_all(&batch).await?;
                }
                std::io::Result::Ok(())
            };
            let taken = timeout(Duration::from_millis(100), all).await;
            assert!(!matches!(taken, Ok(Ok(()))), "the server took everything");
            held.push(stream);
        }
        target.serves_others().await;
    });
}
