//! Headers in which peers who are no proxies claim to be others.

use crate::attack::Attack;
use crate::http::{Connection, request};
use crate::websocket::UPGRADE;
use crate::wire::until_end;
use tokio::io::AsyncWriteExt;

/// Each claims another address, also that of somebody exempt; they stay one address, which has five connections.
#[test]
fn forged_headers_of_proxies_escape_no_limit() {
    for believed in ["x-forwarded-for", "forwarded", "x-real-ip"] {
        let attack = Attack::new("forged_headers").strict().set("limits.connections_per_address", "5");
        attack.set("proxy.trusted", "10.0.0.0/8").set("proxy.headers", believed).run(async |target| {
            let mut held = Vec::new();
            for number in 0..100 {
                let claimed =
                    if number % 2 == 0 { format!("192.0.2.{number}") } else { "127.0.0.1".to_owned() };
                let forwarded = format!("for={claimed};proto=https, for=\"10.1.1.1\"");
                let headers = [
                    ("X-Forwarded-For", &*claimed),
                    ("X-Forwarded-For", "10.0.0.1"),
                    ("Forwarded", &*forwarded),
                    ("X-Real-IP", &*claimed),
                ];
                let mut connection = Connection::over(target.stream(2).await.unwrap());
                connection.send(request("GET", "/ws", &[UPGRADE, &headers].concat(), b"")).await;
                let response = connection.response().await;
                match response.status {
                    101 => held.push(connection),
                    other => assert_eq!(other, 429),
                }
            }
            assert_eq!(held.len(), 5);
        });
    }
}

/// To a peer who is no proxy the PROXY protocol is no HTTP.
#[test]
fn forged_headers_of_the_proxy_protocol_are_refused() {
    let attack = Attack::new("forged_proxy_protocol").strict();
    attack.set("proxy.trusted", "10.0.0.0/8").set("proxy.protocol", "required").run(async |target| {
        let v2 = [&b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c"[..], &[127, 0, 0, 1, 127, 0, 0, 1, 0, 80, 0, 80]]
            .concat();
        for header in [&b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n"[..], b"PROXY UNKNOWN\r\n", &v2] {
            for _ in 0..20 {
                let mut stream = target.stream(2).await.unwrap();
                let said = [header, &request("GET", "/healthz", &[], b"")].concat();
                let _ = stream.write_all(&said).await;
                let _ = stream.shutdown().await;
                let answered = until_end(&mut stream).await;
                assert!(answered.is_empty() || answered.starts_with(b"HTTP/1.1 400 "), "{answered:?}");
            }
        }
        // Without one such a peer is served as who it is.
        let mut connection = target.connect().await;
        connection.send(request("GET", "/healthz", &[], b"")).await;
        assert_eq!(connection.response().await.status, 200);
    });
}
