//! How sessions begin, and which do not.

use serde_json::json;

use crate::raw::{get, request};
use crate::running::Running;
use crate::session::{POLLING, Session};

const UPGRADE: &str = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                       sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

#[test]
fn the_answer_is_an_open_packet() {
    let server = Running::start();
    let answer = get(&server, POLLING);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=UTF-8"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("content-length"), Some("118"));
    assert_eq!(answer.header("set-cookie"), None);
    let mut open: serde_json::Value = serde_json::from_str(answer.text().strip_prefix('0').unwrap()).unwrap();
    let sid = open["sid"].take();
    let is_id = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    assert!(sid.as_str().is_some_and(|sid| sid.len() == 20 && sid.bytes().all(is_id)), "{sid}");
    let rest = json!({
        "sid": null, "upgrades": ["websocket"], "pingInterval": 25000, "pingTimeout": 20000, "maxPayload": 1_000_000
    });
    assert_eq!(open, rest);
}

#[test]
fn the_answer_follows_the_configuration() {
    let server = Running::with(&[
        ("socketio.ping_interval", "300ms"),
        ("socketio.ping_timeout", "200ms"),
        ("socketio.max_http_buffer_size", "1KiB"),
        ("socketio.allow_upgrades", "false"),
        ("socketio.initial_packet", "hello"),
        ("socketio.cookie", "io"),
    ]);
    let answer = get(&server, POLLING);
    let (open, initial) = answer.text().split_once('\x1e').unwrap();
    assert_eq!(initial, "4hello");
    let open: serde_json::Value = serde_json::from_str(&open[1..]).unwrap();
    assert_eq!((&open["upgrades"], &open["pingInterval"]), (&json!([]), &json!(300)));
    assert_eq!((&open["pingTimeout"], &open["maxPayload"]), (&json!(200), &json!(1024)));
    let cookie = format!("io={}; Path=/; HttpOnly; SameSite=Lax", open["sid"].as_str().unwrap());
    assert_eq!(answer.header("set-cookie"), Some(cookie.as_str()));

    let session = Session { server: &server, sid: open["sid"].as_str().unwrap().to_owned() };
    assert_eq!(session.get().header("set-cookie"), None, "only with the first answer");
}

#[test]
fn refusals_have_the_numbers_and_words_of_the_reference() {
    let server = Running::start();
    let unknown = "&sid=AAAAAAAAAAAAAAAAAAAA";
    let session = Session::open(&server);
    let sid = &session.sid;
    for (call, code, message) in [
        ("GET /socket.io/".to_owned(), 0, "Transport unknown"),
        ("GET /socket.io/?EIO=4&transport=pigeon".to_owned(), 0, "Transport unknown"),
        ("GET /socket.io/?EIO=4&transport=webtransport".to_owned(), 0, "Transport unknown"),
        (format!("GET /socket.io/?transport=pigeon{unknown}"), 0, "Transport unknown"),
        (format!("GET {POLLING}{unknown}"), 1, "Session ID unknown"),
        (format!("POST {POLLING}{unknown}"), 1, "Session ID unknown"),
        (format!("POST {POLLING}"), 2, "Bad handshake method"),
        (format!("DELETE {POLLING}"), 2, "Bad handshake method"),
        (format!("OPTIONS {POLLING}"), 2, "Bad handshake method"),
        ("GET /socket.io/?EIO=4&transport=websocket".to_owned(), 3, "Bad request"),
        (format!("GET /socket.io/?EIO=4&transport=websocket&sid={sid}"), 3, "Bad request"),
        (format!("GET /socket.io/?EIO=3&transport=polling&sid={sid}"), 3, "Bad request"),
        ("GET /socket.io/?EIO=3&transport=polling".to_owned(), 5, "Unsupported protocol version"),
        ("GET /socket.io/?transport=polling".to_owned(), 5, "Unsupported protocol version"),
    ] {
        let answer = request(&server, &call, "", b"");
        assert_eq!(answer.status, 400, "{call}");
        assert_eq!(answer.header("content-type"), Some("application/json"), "{call}");
        assert_eq!(answer.text(), format!(r#"{{"code":{code},"message":"{message}"}}"#), "{call}");
    }
    assert!(session.begin_get().is_held(), "none of them touched the session");
}

#[test]
fn what_is_no_id_opens_no_session() {
    let server = Running::start();
    for sid in ["", "x", "__proto__", "AAAAAAAAAAAAAAAAAAA%00", "%F0%9F%9A%A1", &"A".repeat(5000)] {
        let answer = get(&server, &format!("{POLLING}&sid={sid}"));
        assert_eq!((answer.status, answer.json()["code"].as_u64()), (400, Some(1)), "{sid}");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_refused_upgrade_is_raw_http() {
    let server = Running::start();
    for (query, message) in [
        ("EIO=4&transport=pigeon", "Transport unknown"),
        ("EIO=4&transport=websocket&sid=nobody", "Session ID unknown"),
        ("EIO=4&transport=polling", "Bad request"),
        ("EIO=3&transport=websocket", "Unsupported protocol version"),
    ] {
        let answer =
            crate::raw::Exchange::head(&server, &format!("GET /socket.io/?{query}"), UPGRADE, b"").finish();
        assert_eq!((answer.status, answer.text()), (400, message), "{query}");
        assert_eq!(answer.header("content-type"), Some("text/html"));
        assert_eq!(answer.header("connection"), Some("close"));
    }
}

#[test]
fn pages_that_are_not_listed_are_forbidden() {
    let server = Running::start();
    let foreign = "origin: https://evil.example\r\n";
    let answer = request(&server, &format!("GET {POLLING}"), foreign, b"");
    assert_eq!((answer.status, answer.text()), (403, r#"{"code":4,"message":"Forbidden"}"#));
    let upgrade = "GET /socket.io/?EIO=4&transport=websocket";
    let answer = crate::raw::Exchange::head(&server, upgrade, &format!("{UPGRADE}{foreign}"), b"").finish();
    assert_eq!((answer.status, answer.text()), (403, "Forbidden"));
}

/// Of a page that knows the id of somebody else's session.
#[test]
fn pages_that_are_not_listed_do_not_get_at_sessions() {
    let server = Running::start();
    let session = Session::in_room(&server);
    let foreign = "origin: https://evil.example\r\n";
    let (get, post) = (format!("GET {}", session.target()), format!("POST {}", session.target()));
    for (call, body) in [(&get, &b""[..]), (&post, br#"42["publish","plain:e","e","forged"]"#)] {
        let answer = request(&server, call, foreign, body);
        assert_eq!((answer.status, answer.text()), (403, r#"{"code":4,"message":"Forbidden"}"#), "{call}");
        assert_eq!(answer.header("access-control-allow-origin"), None, "{call}");
    }
    let upgrade = format!("GET /socket.io/?EIO=4&transport=websocket&sid={}", session.sid);
    let answer = crate::raw::Exchange::head(&server, &upgrade, &format!("{UPGRADE}{foreign}"), b"").finish();
    assert_eq!((answer.status, answer.text()), (403, "Forbidden"));
    assert!(session.begin_get().is_held(), "nothing of it came through");
}

#[test]
fn only_the_path_itself_is_taken() {
    let server = Running::start();
    for path in
        ["/socket.io", "/socket.io-admin/", "/socket.iox/", "/socket.io/x", "/socket.io//", "/Socket.io/"]
    {
        let answer = get(&server, &format!("{path}?EIO=4&transport=polling"));
        assert_eq!(answer.status, 404, "{path}");
    }
    let server = Running::with(&[("socketio.add_trailing_slash", "false"), ("socketio.path", "/a/b")]);
    assert_eq!(get(&server, "/a/b?EIO=4&transport=polling").status, 200);
    assert_eq!(get(&server, "/a/b/?EIO=4&transport=polling").status, 404);
    assert_eq!(get(&server, POLLING).status, 404);
}

#[test]
fn transports_can_be_left_out() {
    let server = Running::with(&[("socketio.transports", "websocket")]);
    assert_eq!(get(&server, POLLING).json()["code"], 0);
    let server = Running::with(&[("socketio.transports", "polling"), ("socketio.allow_upgrades", "false")]);
    assert!(get(&server, POLLING).text().contains(r#""upgrades":[]"#));
}

#[test]
fn socket_io_can_be_off() {
    let server = Running::with(&[("socketio.enabled", "false")]);
    assert_eq!(get(&server, POLLING).status, 404);
    assert_eq!(get(&server, "/socket.io/socket.io.js").status, 404);
}
