//! What pages may do here: whose may connect, under which names the server is reached, and what its answers permit.

use std::io::{Read, Write};
use std::net::TcpStream;

use axum::{Router, routing};
use ropeway_server::Server;
use ropeway_server::config::Config;
use serde_json::json;

use crate::client::SOON;
use crate::http::{Answer, get, request};
use crate::running::{KEY, Running};

const UPGRADE: &str = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

fn ws(server: &Running, origin: &str) -> Answer {
    get(server, "/ws", &format!("{UPGRADE}origin: {origin}\r\n"))
}

#[test]
fn a_page_that_is_not_listed_is_refused_before_the_upgrade() {
    let server = Running::with(&[("server.origins", "https://*.app.example, http://localhost:*")]);
    for origin in ["https://evil.example", "https://app.example", "https://evilapp.example", "null"] {
        let answer = ws(&server, origin);
        assert_eq!((answer.status, &answer.json()["code"]), (403, &json!("forbidden")), "{origin}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let polled = format!("origin: {origin}\r\n");
        let answer = get(&server, "/socket.io/?EIO=4&transport=polling", &polled);
        assert_eq!(
            (answer.status, answer.json()),
            (403, json!({ "code": 4, "message": "Forbidden" })),
            "{origin}"
        );
        assert_eq!(answer.header("access-control-allow-origin"), None);
        let opened = format!("{UPGRADE}{polled}");
        assert_ne!(get(&server, "/socket.io/?EIO=4&transport=websocket", &opened).status, 101, "{origin}");
    }
    let answer = get(&server, "/api/status", &format!("authorization: Bearer {KEY}\r\n"));
    assert_eq!(answer.json()["connections"], 0);
    for origin in ["https://a.app.example", "https://a.b.app.example", "http://localhost:5173"] {
        let answer = get(&server, "/socket.io/?EIO=4&transport=polling", &format!("origin: {origin}\r\n"));
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some(origin)));
        assert_eq!(answer.header("vary"), Some("Origin"));
    }
}

#[test]
fn pages_without_an_origin_have_to_be_listed() {
    let server = Running::with(&[("server.origins", "null")]);
    let answer = get(&server, "/socket.io/?EIO=4&transport=polling", "origin: null\r\n");
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some("null")));
}

#[test]
fn other_refused_handshakes_are_json_as_well() {
    let server = Running::start();
    let answer = get(&server, "/ws", &UPGRADE.replace("13", "8"));
    assert_eq!((answer.status, &answer.json()["code"]), (426, &json!("upgrade_required")));
    assert_eq!(answer.header("sec-websocket-version"), Some("13"));
    let answer = get(&server, "/ws", "");
    assert_eq!((answer.status, &answer.json()["code"]), (400, &json!("bad_request")));
}

/// The status of an answer to a request that names no host, as HTTP/1.0 permits.
fn without_host(server: &Running, path: &str) -> u16 {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer[9..12].parse().unwrap()
}

#[test]
fn routes_of_somebody_else_are_reached_under_these_names_too() {
    let mut config = Config::development();
    config.server.listen.set_port(0);
    let routes = Router::new().route("/own", routing::get(async || "own"));
    let server = Running::build(Server::builder(config).routes(routes));
    assert_eq!(under_name(&server, "/own", "localhost:8080").status, 200);
    assert_eq!(under_name(&server, "/own", "evil.example").status, 421);
}

fn under_name(server: &Running, path: &str, host: &str) -> Answer {
    let url = format!("http://{host}{path}");
    // The absolute form of a target counts before `Host`, which the helper sends (RFC 9112 section 3.2.2).
    request(server, &format!("GET {url} HTTP/1.1\r\n"), "")
}

#[test]
fn a_server_is_reached_under_its_own_names_only() {
    let server = Running::with(&[("server.hosts", "example.com, *.example.com, 127.0.0.1")]);
    for host in ["example.com", "a.EXAMPLE.com:8080", "127.0.0.1:1"] {
        assert_eq!(under_name(&server, "/ropeway.js", host).status, 200, "{host}");
    }
    for path in ["/", "/ropeway.js", "/api/status", "/nothing", "/socket.io/?EIO=4&transport=polling"] {
        let answer = under_name(&server, path, "evil.example:8080");
        assert_eq!((answer.status, &answer.json()["code"]), (421, &json!("misdirected_request")), "{path}");
        assert!(answer.json()["message"].as_str().unwrap().contains("server.hosts"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
    for path in ["/ws", "/socket.io/?EIO=4&transport=websocket"] {
        let url = format!("http://evil.example{path}");
        let answer = request(&server, &format!("GET {url} HTTP/1.1\r\n{UPGRADE}"), "");
        assert_eq!(answer.status, 421, "{path}");
    }
    for other in ["evil.example", "example.com"] {
        assert_eq!(get(&server, "/ropeway.js", &format!("host: {other}\r\n")).status, 421, "two hosts");
        let absolute = format!("GET http://example.com/ropeway.js HTTP/1.1\r\nhost: {other}\r\n");
        assert_eq!(request(&server, &absolute, "").status, 421, "two hosts, and the target's");
    }
    assert_eq!(without_host(&server, "/ropeway.js"), 421);
    assert_eq!(without_host(&server, "/healthz"), 200);
    for path in ["/healthz", "/readyz"] {
        assert_eq!(under_name(&server, path, "10.0.0.7").status, 200, "{path}");
    }
    assert_eq!(under_name(&Running::start(), "/ropeway.js", "any.example").status, 200);
}

#[test]
fn answers_permit_browsers_nothing_that_they_need_not() {
    let server = Running::start();
    let key = format!("authorization: Bearer {KEY}\r\n");
    let closed = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    for (path, headers, status) in [
        ("/api/status", key.as_str(), 200),
        ("/api/status", "", 401),
        ("/api/publish", "", 405),
        ("/api/nothing", "", 404),
        ("/chat/nothing", "", 404),
        ("/healthz", "", 200),
        ("/ws", "", 400),
        ("/socket.io/?EIO=4&transport=polling", "", 200),
        ("/socket.io/?EIO=4&transport=none", "", 400),
    ] {
        let answer = get(&server, path, &format!("origin: https://app.example\r\n{headers}"));
        assert_eq!(answer.status, status, "{path}");
        let header = |name| answer.header(name);
        assert_eq!(header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(header("content-security-policy"), Some(closed), "{path}");
        assert_eq!(header("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(header("cross-origin-resource-policy"), Some("same-origin"), "{path}");
        assert_eq!(header("cache-control"), Some("no-store"), "{path}");
        let is_api = !path.starts_with("/socket.io");
        assert_eq!(header("access-control-allow-origin").is_none(), is_api, "{path}: of a listed origin");
    }
}

#[test]
fn pages_run_nothing_but_their_own_scripts() {
    let server = Running::start();
    let page = get(&server, "/", "");
    let policy = [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        &format!("connect-src 'self' ws://{0} wss://{0}", server.address),
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ];
    assert_eq!(page.header("content-security-policy"), Some(&*policy.join("; ")));
    assert_eq!(page.header("cross-origin-opener-policy"), Some("same-origin"));
    for inline in ["<script>", " style=", " onclick=", " onload=", "<style", "javascript:"] {
        assert!(!page.body.contains(inline), "{inline}");
    }
    for path in ["/", "/ropeway.js", "/chat/chat.js", "/socket.io/socket.io.js"] {
        let answer = get(&server, path, "");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        let expected = if path.starts_with("/socket.io") { "cross-origin" } else { "same-origin" };
        assert_eq!(answer.header("cross-origin-resource-policy"), Some(expected), "{path}");
        assert!(
            answer.header("content-security-policy").unwrap().starts_with("default-src 'none'"),
            "{path}"
        );
    }
}
