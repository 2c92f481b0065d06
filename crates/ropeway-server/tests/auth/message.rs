//! The token as the first message.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use tungstenite::Message;

use crate::client::{Client, open};
use crate::hook::{counting, server};
use crate::running::{KEY, Running};

fn unknown(server: &Running) -> Client {
    Client(open(server, "/ws", &[]).unwrap())
}

fn auth(token: &str) -> Value {
    json!({ "type": "auth", "token": token, "id": "a" })
}

#[test]
fn the_first_message_may_be_the_token() {
    let server = server(&[]);
    let mut ada = unknown(&server);
    assert_eq!(ada.ask(&auth("ada")), json!({ "type": "auth_ok", "id": "a", "user": "ada" }));
    assert_eq!(ada.read()["type"], "welcome");
    assert_eq!(ada.ask(&json!({ "type": "join", "room": "users:a" }))["type"], "joined");
}

#[test]
fn the_answer_tells_how_long_it_is_good() {
    let server = server(&[]);
    let ok = unknown(&server).ask(&auth("lasting"));
    let left = ok["expires_in"].as_u64().unwrap();
    assert!((3_000_000..=3_600_000).contains(&left), "{ok}");
}

#[test]
fn nothing_else_is_accepted_before() {
    let server = server(&[]);
    let messages = [
        json!({ "type": "join", "room": "open:a", "id": "a" }).to_string(),
        json!({ "type": "ping", "id": "a" }).to_string(),
        json!({ "type": "auth", "id": "a" }).to_string(),
        json!({ "type": "fly", "id": "a" }).to_string(),
        "{".to_owned(),
    ];
    for message in messages {
        let mut eve = unknown(&server);
        eve.0.send(Message::text(message.as_str())).unwrap();
        eve.send(&auth("ada"));
        let error = eve.read();
        assert_eq!((&error["type"], &error["code"]), (&json!("error"), &json!("unauthorized")), "{message}");
        assert_eq!(eve.closed(), (4001, "unauthorized".to_owned()), "{message}");
    }
    let mut eve = unknown(&server);
    eve.0.send(Message::binary(vec![1])).unwrap();
    assert_eq!(eve.closed().0, 1003);
}

#[test]
fn nothing_is_delivered_before() {
    let server = server(&[]);
    let mut ada = unknown(&server);
    ada.ask(&auth("ada"));
    ada.read();
    ada.ask(&json!({ "type": "join", "room": "open:a" }));
    let mut eve = unknown(&server);
    ada.ask(&json!({ "type": "publish", "room": "open:a", "event": "e", "data": 1 }));
    post(&server, &json!({ "room": "open:a", "event": "e", "data": 2 }));
    assert_eq!(ada.read()["data"], 2);
    assert_eq!(eve.ask(&auth("eve"))["type"], "auth_ok", "the first thing that comes");
    assert_eq!(eve.read()["type"], "welcome");
    eve.nothing_more();
}

/// By the API, to everybody who is in the room.
fn post(server: &Running, body: &Value) {
    use std::io::{Read, Write};
    let body = body.to_string();
    let mut stream = std::net::TcpStream::connect(server.address).unwrap();
    let head = format!(
        "POST /api/publish HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn what_comes_behind_the_token_waits_for_it() {
    let server = server(&[]);
    let mut ada = unknown(&server);
    ada.0.write(Message::text(auth("ada").to_string())).unwrap();
    ada.0.write(Message::text(json!({ "type": "join", "room": "users:a" }).to_string())).unwrap();
    ada.0.flush().unwrap();
    let types = [ada.read(), ada.read(), ada.read()].map(|message| message["type"].clone());
    assert_eq!(types, ["auth_ok", "welcome", "joined"]);
}

/// However long the answer takes.
#[test]
fn what_comes_behind_a_slow_token_waits_for_it() {
    let server = server(&[]);
    let mut ada = unknown(&server);
    ada.0.write(Message::text(auth("slow ada").to_string())).unwrap();
    ada.0.write(Message::text(json!({ "type": "join", "room": "users:a" }).to_string())).unwrap();
    ada.0.flush().unwrap();
    let types = [ada.read(), ada.read(), ada.read()].map(|message| message["type"].clone());
    assert_eq!(types, ["auth_ok", "welcome", "joined"]);
}

/// Nobody is asked about what comes behind the refusal.
#[test]
fn of_a_flood_of_bad_tokens_the_first_is_looked_at() {
    let (server, asked) = counting(&[]);
    let mut eve = unknown(&server);
    for token in ["x", "x", "ada", "eve"] {
        eve.0.write(Message::text(auth(token).to_string())).unwrap();
    }
    eve.0.flush().unwrap();
    assert_eq!(eve.read()["code"], "unauthorized");
    assert_eq!(eve.closed().0, 4001);
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[test]
fn a_bad_token_ends_the_connection() {
    let server = server(&[]);
    for (token, code, close) in [
        ("x", "unauthorized", 4001),
        ("past", "token_expired", 4001),
        ("elsewhere", "forbidden", 4003),
        ("down", "unavailable", 1013),
    ] {
        let mut eve = unknown(&server);
        let error = eve.ask(&auth(token));
        assert_eq!(
            (&error["type"], &error["id"], &error["code"]),
            (&json!("error"), &json!("a"), &json!(code))
        );
        assert_eq!(eve.closed().0, close);
    }
}

#[test]
fn it_has_to_come_in_time() {
    let server = server(&[("auth.deadline", "1s")]);
    // Until a machine under load is fast enough.
    let mut ada = (0..10).find_map(|_| {
        let mut ada = unknown(&server);
        ada.send(&auth("ada"));
        matches!(ada.0.read().unwrap(), Message::Text(_)).then_some(ada)
    });
    let ada = ada.as_mut().expect("a second is enough for a message");
    assert_eq!(ada.read()["type"], "welcome");
    // These come later, so by their end her time would be over too.
    assert_eq!(unknown(&server).closed(), (4001, "authentication timed out".to_owned()));
    let mut slow = unknown(&server);
    slow.send(&auth("never"));
    assert_eq!(slow.closed(), (4001, "authentication timed out".to_owned()), "nor is the answer waited for");
    ada.nothing_more();
}

/// A client without credentials where that is allowed.
fn anonymous(server: &Running) -> Client {
    let mut client = unknown(server);
    assert_eq!(client.read()["type"], "welcome");
    client
}

#[test]
fn who_may_stay_nobody_may_become_somebody() {
    let server = server(&[("auth.anonymous", "true")]);
    let mut ada = anonymous(&server);
    assert_eq!(ada.ask(&json!({ "type": "join", "room": "users:a" }))["code"], "forbidden");
    assert_eq!(ada.ask(&auth("ada")), json!({ "type": "auth_ok", "id": "a", "user": "ada" }));
    let joined = ada.ask(&json!({ "type": "join", "room": "users:a" }));
    assert_eq!(joined["type"], "joined");
    assert_eq!(ada.ask(&auth("eve"))["code"], "forbidden", "once");
}

#[test]
fn a_bad_token_leaves_nobody_nobody() {
    let server = server(&[("auth.anonymous", "true")]);
    let mut eve = anonymous(&server);
    assert_eq!(eve.ask(&auth("x"))["code"], "unauthorized");
    assert_eq!(eve.ask(&json!({ "type": "join", "room": "users:a" }))["code"], "forbidden");
    assert_eq!(eve.ask(&json!({ "type": "join", "room": "open:a" }))["type"], "joined");
}

#[test]
fn nobody_in_a_room_stays_nobody() {
    let server = server(&[("auth.anonymous", "true")]);
    let mut eve = anonymous(&server);
    eve.ask(&json!({ "type": "join", "room": "open:a" }));
    assert_eq!(eve.ask(&auth("eve"))["code"], "forbidden");
    eve.ask(&json!({ "type": "leave", "room": "open:a" }));
    assert_eq!(eve.ask(&auth("eve"))["type"], "auth_ok");
}

#[test]
fn tokens_of_messages_can_be_switched_off() {
    let server = server(&[("auth.anonymous", "true"), ("auth.token_from", "query")]);
    assert_eq!(anonymous(&server).ask(&auth("ada"))["code"], "unsupported");
}

/// A client whose credentials name no user.
fn guest(server: &Running) -> Client {
    let mut guest = Client(open(server, "/ws?guest", &[]).unwrap());
    assert_eq!(guest.read()["type"], "welcome");
    guest
}

#[test]
fn who_came_in_without_a_name_may_become_a_user() {
    let server = server(&[]);
    let mut ada = guest(&server);
    assert_eq!(ada.ask(&json!({ "type": "join", "room": "users:a" }))["code"], "forbidden");
    assert_eq!(ada.ask(&auth("nameless")), json!({ "type": "auth_ok", "id": "a" }));
    assert_eq!(ada.ask(&auth("ada")), json!({ "type": "auth_ok", "id": "a", "user": "ada" }));
    assert_eq!(ada.ask(&json!({ "type": "join", "room": "users:a" }))["type"], "joined");
    assert_eq!(ada.ask(&auth("eve"))["code"], "forbidden", "once");
    assert_eq!(ada.ask(&auth("nameless"))["code"], "forbidden", "and not back");
}

#[test]
fn a_first_message_may_name_nobody_and_the_next_one_a_user() {
    let server = server(&[]);
    let mut ada = unknown(&server);
    assert_eq!(ada.ask(&auth("nameless")), json!({ "type": "auth_ok", "id": "a" }));
    assert_eq!(ada.read()["type"], "welcome");
    assert_eq!(ada.ask(&auth("x"))["code"], "unauthorized");
    assert_eq!(ada.ask(&auth("ada"))["user"], "ada");
    assert_eq!(ada.ask(&json!({ "type": "join", "room": "users:a" }))["type"], "joined");
}

#[test]
fn a_guest_in_a_room_stays_without_a_name() {
    let server = server(&[("limits.connections_per_user", "1")]);
    let mut eve = guest(&server);
    eve.ask(&json!({ "type": "join", "room": "open:a" }));
    assert_eq!(eve.ask(&auth("eve"))["message"], "leave all rooms before you say who you are");
    assert_eq!(
        eve.ask(&auth("nameless"))["type"],
        "auth_ok",
        "new credentials without a name are no other ones"
    );
    let mut other = unknown(&server);
    assert_eq!(other.ask(&auth("eve"))["type"], "auth_ok", "the one that was refused has no place");
    eve.ask(&json!({ "type": "leave", "room": "open:a" }));
    assert_eq!(eve.ask(&auth("eve"))["code"], "too_many_connections");
    drop(other);
}
