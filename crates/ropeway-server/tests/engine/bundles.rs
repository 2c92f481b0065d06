//! The builds of the JavaScript client.

use crate::raw::{get, request};
use crate::running::Running;

const FILES: [&str; 8] = [
    "socket.io.js",
    "socket.io.js.map",
    "socket.io.min.js",
    "socket.io.min.js.map",
    "socket.io.esm.min.js",
    "socket.io.esm.min.js.map",
    "socket.io.msgpack.min.js",
    "socket.io.msgpack.min.js.map",
];

#[test]
fn each_is_served_as_it_is() {
    let server = Running::start();
    for name in FILES {
        let answer = get(&server, &format!("/socket.io/{name}"));
        assert_eq!(answer.status, 200, "{name}");
        let kind = if name.ends_with(".map") { "json" } else { "javascript" };
        assert_eq!(
            answer.header("content-type"),
            Some(format!("application/{kind}; charset=utf-8").as_str())
        );
        assert_eq!(answer.header("cache-control"), Some("public, max-age=0"));
        assert_eq!(answer.header("etag"), Some("\"4.8.4\""));
        let file = format!("{}/assets/socket.io-client/{name}", env!("CARGO_MANIFEST_DIR"));
        assert!(answer.body == std::fs::read(file).unwrap(), "{name}");
    }
    assert_eq!(get(&server, "/socket.io/README.md").status, 404);
}

#[test]
fn a_known_version_is_not_sent_again() {
    let server = Running::start();
    for tag in ["\"4.8.4\"", "W/\"4.8.4\""] {
        let answer =
            request(&server, "GET /socket.io/socket.io.js", &format!("if-none-match: {tag}\r\n"), b"");
        assert_eq!((answer.status, answer.body.len()), (304, 0), "{tag}");
    }
    let answer = request(&server, "GET /socket.io/socket.io.js", "if-none-match: \"4.0.0\"\r\n", b"");
    assert_eq!(answer.status, 200);
}

#[test]
fn browsers_get_it_compressed() {
    let server = Running::start();
    let answer = request(&server, "GET /socket.io/socket.io.js", "accept-encoding: gzip, br\r\n", b"");
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert_eq!(answer.header("vary"), Some("Accept-Encoding"));
    assert!(answer.body.len() < 60_000);
}

#[test]
fn it_can_be_off() {
    let server = Running::with(&[("socketio.serve_client", "false")]);
    assert_eq!(get(&server, "/socket.io/socket.io.js").status, 404);
}
