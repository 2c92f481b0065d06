//! Heads that are too long, in every direction.

use crate::attack::Attack;
use crate::http::request;
use crate::websocket::UPGRADE;

async fn refused(target: &crate::attack::Target<'_>, head: &[u8]) {
    let mut connection = target.connect().await;
    connection.send(head).await;
    let response = connection.try_response().await;
    assert!(response.as_ref().is_none_or(|response| (400..500).contains(&response.status)), "{response:?}");
}

#[test]
fn huge_heads_are_refused() {
    Attack::new("huge_heads").run(async |target| {
        let line = "x".repeat(1 << 20);
        let many: String = (0..10_000).map(|number| format!("X-{number}: y\r\n")).collect();
        let same = "Cookie: a=b\r\n".repeat(10_000);
        for _ in 0..20 {
            for headers in
                [format!("X-Long: {line}\r\n"), format!("{line}: y\r\n"), many.clone(), same.clone()]
            {
                refused(target, format!("GET /ws HTTP/1.1\r\nHost: a\r\n{headers}\r\n").as_bytes()).await;
            }
        }
    });
}

/// Just below the limit of a head, on many connections: a head is not kept for longer than it is needed.
#[test]
fn large_heads_are_bounded() {
    Attack::new("large_heads").memory(8).lines(4000).run(async |target| {
        let value = "x".repeat(12 * 1024);
        let mut held = Vec::new();
        for _ in 0..500 {
            let mut connection = target.connect().await;
            connection.send(request("GET", "/ws", &[UPGRADE, &[("X-Large", &value)]].concat(), b"")).await;
            held.push(connection.upgraded().await);
        }
        target.serves_others().await;
    });
}

#[test]
fn huge_targets_are_refused() {
    Attack::new("huge_targets").run(async |target| {
        for _ in 0..20 {
            for path in [
                "/".repeat(1 << 20),
                format!("/ws?token={}", "x".repeat(1 << 20)),
                format!("/{}", "%2e".repeat(300_000)),
            ] {
                refused(target, format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).await;
            }
        }
        // Such as fit in a head.
        for path in [format!("/{}", "a/".repeat(4000)), format!("/chat/{}", "%00".repeat(2000))] {
            refused(target, format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).await;
        }
    });
}
