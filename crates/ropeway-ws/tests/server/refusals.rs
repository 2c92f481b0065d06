//! Requests that open no WebSocket: status, headers and body as they stand on the wire.

use std::net::SocketAddr;

use ropeway_ws::Config;
use ropeway_ws::server::{Acceptor, Origins};

use crate::ask;
use crate::support::echo_server;
use crate::support::script::{header, upgrade_request};

async fn server(origins: Origins) -> SocketAddr {
    let url = echo_server(Acceptor::new(Config::default()).origins(origins)).await;
    url.trim_start_matches("ws://").trim_end_matches('/').parse().unwrap()
}

#[tokio::test]
async fn each_refusal_says_why() {
    let address = server(Origins::Same).await;
    let right = upgrade_request("");
    let cases = [
        (
            right.replace("GET", "POST"),
            "405",
            "A WebSocket is opened with the method GET.\n",
            Some(("allow", "GET")),
        ),
        (
            right.replace("Version: 13", "Version: 8"),
            "426",
            "The only version of the WebSocket protocol here is 13.\n",
            Some(("sec-websocket-version", "13")),
        ),
        (right.replace("HTTP/1.1", "HTTP/1.0"), "400", "A WebSocket is opened over HTTP/1.1", None),
        (right.replace("Host: localhost\r\n", ""), "400", "The request needs one valid Host header.\n", None),
        (
            right.replace("Upgrade: websocket\r\n", ""),
            "400",
            "The Upgrade header must list websocket.\n",
            None,
        ),
        (right.replace("Connection: Upgrade", "Connection: close"), "400", "The Connection header", None),
        (right.replace("dGhl", "dGh"), "400", "The request needs one Sec-WebSocket-Key header", None),
        (upgrade_request("Origin: https://evil.example\r\n"), "403", "Pages of this origin may not", None),
        (
            upgrade_request("Content-Length: 5\r\n"),
            "400",
            "A request that opens a WebSocket has no body.\n",
            None,
        ),
        (
            upgrade_request("Sec-WebSocket-Protocol: a, a\r\n"),
            "400",
            "The Sec-WebSocket-Protocol header",
            None,
        ),
        (
            upgrade_request("Sec-WebSocket-Extensions: ;\r\n"),
            "400",
            "The Sec-WebSocket-Extensions header",
            None,
        ),
    ];
    for (request, status, reason, line) in cases {
        let (head, body) = ask(address, &request).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{request}{head}");
        assert!(body.starts_with(reason), "{request}{body}");
        if let Some((name, value)) = line {
            assert_eq!(header(&head, name), Some(value), "{head}");
        }
    }
}

#[tokio::test]
async fn origins_are_let_in_by_the_rule() {
    let listed = Origins::listed(["https://friend.example"]).unwrap();
    for (origins, origin, allowed) in [
        (Origins::Same, "http://localhost", true),
        (Origins::Same, "http://localhost:81", false),
        (listed.clone(), "https://friend.example", true),
        (listed, "https://evil.example", false),
        (Origins::Any, "null", true),
    ] {
        let (head, _) = ask(server(origins).await, &upgrade_request(&format!("Origin: {origin}\r\n"))).await;
        let expected = if allowed { "HTTP/1.1 101 " } else { "HTTP/1.1 403 " };
        assert!(head.starts_with(expected), "{origin}: {head}");
    }
}
