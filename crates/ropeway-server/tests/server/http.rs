//! Pages, API and health.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::client::{Client, SOON};
use crate::running::{KEY, Running};

pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let line =
            self.head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")))?;
        line.split_once(": ").map(|(_, value)| value)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

pub(crate) fn request(server: &Running, head: &str, body: &str) -> Answer {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    let common =
        format!("host: {}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", server.address, body.len());
    stream.write_all(format!("{head}{common}{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    Answer { status: head[9..12].parse().unwrap(), head: head.to_owned(), body: body.to_owned() }
}

pub(crate) fn get(server: &Running, path: &str, headers: &str) -> Answer {
    request(server, &format!("GET {path} HTTP/1.1\r\n{headers}"), "")
}

fn post_text(server: &Running, key: &str, kind: &str, body: &str) -> Answer {
    let headers = format!("authorization: Bearer {key}\r\ncontent-type: {kind}\r\n");
    request(server, &format!("POST /api/publish HTTP/1.1\r\n{headers}"), body)
}

/// Posts JSON with the right key, and expects success.
#[track_caller]
pub(crate) fn post(server: &Running, path: &str, body: &Value) -> Value {
    let headers = format!("authorization: Bearer {KEY}\r\ncontent-type: application/json; charset=utf-8\r\n");
    let answer = request(server, &format!("POST {path} HTTP/1.1\r\n{headers}"), &body.to_string());
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

#[test]
fn what_is_published_by_http_reaches_the_members() {
    let server = Running::start();
    let mut ada = Client::in_room(&server, "demo:api");
    let receipt = post(
        &server,
        "/api/publish",
        &json!({ "room": "demo:api", "event": "news", "data": [1], "key": "k" }),
    );
    assert_eq!(receipt["offset"], 1);
    let event = json!({ "type": "event", "room": "demo:api", "event": "news", "data": [1], "offset": 1 });
    assert_eq!(ada.read(), event);
    let again = post(
        &server,
        "/api/publish",
        &json!({ "room": "demo:api", "event": "news", "data": [1], "key": "k" }),
    );
    assert_eq!(again["duplicate"], true);
    ada.nothing_more();
}

#[test]
fn a_room_that_only_the_api_publishes_to() {
    let server = Running::start();
    let mut ada = Client::in_room(&server, "read-only:n");
    assert_eq!(
        post(&server, "/api/publish", &json!({ "room": "read-only:n", "event": "e", "data": null })),
        json!({})
    );
    assert_eq!(ada.read()["data"], json!(null));
}

#[test]
fn refused_publishes_say_why() {
    let server = Running::with(&[("limits.message", "1KiB")]);
    let good = json!({ "room": "demo:a", "event": "e", "data": 1 }).to_string();
    let long = json!({ "room": "demo:a", "event": "e", "data": "x".repeat(2000) }).to_string();
    let json = "application/json";
    for (key, kind, body, status, code) in [
        ("wrong", json, good.as_str(), 401, "unauthorized"),
        ("", json, &good, 401, "unauthorized"),
        (&KEY[..KEY.len() - 1], json, &good, 401, "unauthorized"),
        (&format!("{KEY}s"), json, &good, 401, "unauthorized"),
        (&KEY.to_uppercase(), json, &good, 401, "unauthorized"),
        (KEY, json, r#"{"room":"secret","event":"e","data":1}"#, 403, "forbidden"),
        (KEY, json, &long, 413, "too_large"),
        (KEY, "text/plain", &good, 415, "unsupported_media_type"),
        (KEY, json, "{", 422, "bad_message"),
        (KEY, json, r#"{"room":"demo:a","event":"e"}"#, 422, "bad_message"),
        (KEY, json, r#"{"room":"demo:a","event":"e","data":1,"datum":2}"#, 422, "bad_message"),
        (KEY, json, r#"{"room":"demo:\u0000","event":"e","data":1}"#, 422, "invalid_room"),
    ] {
        let answer = post_text(&server, key, kind, body);
        assert_eq!((answer.status, &answer.json()["code"]), (status, &json!(code)), "{}", answer.body);
        assert!(answer.json()["message"].is_string());
    }
    assert!(
        post_text(&server, KEY, json, r#"{"room":"r","event":"e"}"#).body.contains("data"),
        "the field is named"
    );
}

#[test]
fn a_body_has_to_come_in_time() {
    // In which the head has to come as well, on a machine under load too.
    let server = Running::with(&[("server.handshake_timeout", "3s")]);
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    let head = format!(
        "POST /api/publish HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: 99\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains(r#""code":"timeout""#), "{answer}");
}

#[test]
fn paths_and_methods_that_do_not_exist() {
    let server = Running::start();
    let missing = get(&server, "/api/nothing", "");
    assert_eq!((missing.status, &missing.json()["code"]), (404, &json!("not_found")));
    let wrong = get(&server, "/api/publish", "");
    assert_eq!((wrong.status, &wrong.json()["code"]), (405, &json!("method_not_allowed")));
    assert_eq!(wrong.header("allow"), Some("POST"));
}

#[test]
fn the_status_counts() {
    let server = Running::start();
    assert_eq!(get(&server, "/api/status", "").status, 401);
    assert_eq!(get(&server, "/api/status", "").header("www-authenticate"), Some("Bearer"));
    let _members = [Client::in_room(&server, "demo:1"), Client::in_room(&server, "demo:1")];
    let status = get(&server, "/api/status", &format!("authorization: Bearer {KEY}\r\n")).json();
    assert_eq!((&status["connections"], &status["rooms"]), (&json!(2), &json!(1)));
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    assert!(status["uptime"].is_u64() && status["node"].is_string());
}

#[test]
fn without_a_key_the_api_is_off() {
    let config = "[server]\nlisten = '127.0.0.1:0'";
    let server = Running::from_file(config);
    for call in
        ["GET /api/status", "POST /api/publish", "POST /api/tickets", "GET /api/drain", "POST /api/drain"]
    {
        let answer = request(&server, &format!("{call} HTTP/1.1\r\nauthorization: Bearer \r\n"), "");
        let names_the_key = answer.json()["message"].as_str().map(|message| message.contains("api.key"));
        assert_eq!((answer.status, names_the_key), (404, Some(true)), "{call}");
    }
    assert_eq!(get(&server, "/readyz", "").status, 200);
}

#[test]
fn health() {
    let server = Running::start();
    assert_eq!(get(&server, "/healthz", "").status, 200);
    assert_eq!(get(&server, "/readyz", "").status, 200);
}

#[test]
fn a_request_that_is_no_handshake_is_refused() {
    let server = Running::start();
    let answer = get(&server, "/ws", "");
    assert!((400..500).contains(&answer.status), "{}", answer.head);
    let old = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 8\r\n";
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    write!(stream, "GET /ws HTTP/1.1\r\nhost: x\r\n{old}\r\n").unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 426");
}

#[test]
fn the_chat_page_and_the_client_are_served() {
    let server = Running::start();
    let page = get(&server, "/", "");
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("script-src 'self';") && policy.contains(&format!("ws://{}", server.address)));
    let script = get(&server, "/ropeway.js", "");
    assert_eq!(script.header("content-type"), Some("text/javascript; charset=utf-8"));
    assert!(script.body.contains("class Ropeway"));
}

#[test]
fn everything_that_the_page_refers_to_is_served() {
    let server = Running::start();
    let mut seen = vec!["/".to_owned()];
    let mut next = 0;
    while let Some(path) = seen.get(next).cloned() {
        next += 1;
        let answer = get(&server, &path, "");
        assert_eq!(answer.status, 200, "{path}");
        let new: Vec<_> = references(&answer.body).into_iter().filter(|path| !seen.contains(path)).collect();
        seen.extend(new);
    }
    assert!(
        ["/chat/chat.js", "/chat/chat.css", "/ropeway.js"]
            .iter()
            .all(|path| seen.iter().any(|seen| seen == path))
    );
}

/// What a page or a module of it loads. Types in comments are not loaded.
fn references(text: &str) -> Vec<String> {
    let is_code = |line: &&str| !line.trim_start().starts_with(['/', '*']);
    let text: String = text.lines().filter(is_code).flat_map(|line| [line, "\n"]).collect();
    let after = |mark: &'static str| {
        let text = &text;
        text.match_indices(mark).filter_map(move |(at, _)| text[at + mark.len()..].split('"').next())
    };
    let absolute = after("href=\"/").chain(after("src=\"/")).chain(after("from \"/"));
    let modules = after("from \"./").map(|name| format!("/chat/{name}"));
    absolute.map(|path| format!("/{path}")).chain(modules).collect()
}

#[test]
fn a_known_version_of_a_file_is_not_sent_again() {
    let server = Running::start();
    let first = get(&server, "/ropeway.js", "");
    let tag = first.header("etag").unwrap();
    assert_eq!(first.header("cache-control"), Some("no-cache"));
    let second = get(&server, "/ropeway.js", &format!("if-none-match: {tag}\r\n"));
    assert_eq!((second.status, second.body.as_str()), (304, ""));
    assert_eq!(second.header("etag"), Some(tag));
}

#[test]
fn without_the_chat_page_only_the_client_is_served() {
    let server = Running::with(&[("server.chat", "false")]);
    assert_eq!(get(&server, "/", "").status, 404);
    assert_eq!(get(&server, "/ropeway.js", "").status, 200);
}
