//! Credentials that end, and better ones in time.

use serde_json::{Value, json};
use tungstenite::Message;

use crate::client::{Client, open};
use crate::hook::{SHORT, SHORT_MS, before_the_end, server};
use crate::running::Running;

fn with(server: &Running, token: &str) -> Client {
    let mut client = Client(open(server, &format!("/ws?token={token}"), &[]).unwrap());
    assert_eq!(client.read()["type"], "welcome");
    client
}

fn auth(token: &str) -> Value {
    json!({ "type": "auth", "token": token, "id": "a" })
}

#[test]
fn a_client_is_warned_and_then_closed() {
    let server = server(&[]);
    let mut ada = with(&server, SHORT);
    let warning = ada.read();
    assert_eq!(warning["type"], "expiring");
    assert!(warning["expires_in"].as_u64().is_some_and(|left| left <= SHORT_MS / 2), "{warning}");
    assert_eq!(ada.closed(), (4001, "token expired".to_owned()));
}

#[test]
fn the_warning_comes_so_long_before_the_end() {
    let server = server(&[("auth.expiry_warning", "100ms")]);
    let warning = with(&server, SHORT).read();
    assert!(warning["expires_in"].as_u64().is_some_and(|left| left <= 100), "{warning}");
}

#[test]
fn a_new_token_of_the_same_user_keeps_the_connection() {
    let server = server(&[]);
    let (mut ada, token) = before_the_end(|token| {
        let mut ada = with(&server, token);
        assert_eq!(ada.read()["type"], "expiring");
        ada.send(&auth("lasting"));
        let Message::Text(answer) = ada.0.read().unwrap() else { return None };
        assert!(answer.starts_with(r#"{"type":"auth_ok""#), "{answer}");
        Some(ada)
    });
    // By then the first token has ended, which began before.
    assert_eq!(with(&server, &token).closed().0, 4001);
    ada.nothing_more();
}

#[test]
fn a_new_token_of_another_user_is_refused() {
    let server = server(&[]);
    let mut ada = with(&server, "ada");
    for (token, code) in [("eve", "forbidden"), ("nameless", "forbidden"), ("x", "unauthorized")] {
        assert_eq!(ada.ask(&auth(token))["code"], code, "{token}");
    }
    ada.nothing_more();
    let joined = ada.ask(&json!({ "type": "join", "room": "users:a" }));
    assert_eq!(joined["type"], "joined", "it is still Ada");
}

/// They are refused one by one, and a good one makes good for those before it.
#[test]
fn so_many_wrong_tokens_end_the_connection() {
    for (settings, query) in [(&[][..], "token=ada"), (&[("auth.anonymous", "true")], "")] {
        let server = server(settings);
        let mut client = Client(open(&server, &format!("/ws?{query}"), &[]).unwrap());
        assert_eq!(client.read()["type"], "welcome");
        for round in 0..2 {
            for _ in 0..19 {
                assert_eq!(client.ask(&auth("x"))["code"], "unauthorized");
            }
            if round == 0 {
                assert_eq!(client.ask(&auth("ada"))["type"], "auth_ok");
            }
        }
        assert_eq!(client.ask(&auth("eve"))["code"], "forbidden");
        assert_eq!(client.closed(), (4003, "forbidden".to_owned()));
    }
}

#[test]
fn rooms_that_are_no_longer_allowed_are_left() {
    let server = server(&[]);
    let mut ada = with(&server, "ada");
    ada.ask(&json!({ "type": "join", "room": "open:a" }));
    ada.ask(&json!({ "type": "join", "room": "open:b" }));
    assert_eq!(ada.ask(&auth("narrow"))["type"], "auth_ok");
    assert_eq!(ada.read(), json!({ "type": "left", "room": "open:b" }));
    ada.nothing_more();
    assert_eq!(ada.ask(&json!({ "type": "join", "room": "open:b" }))["code"], "forbidden");
}

#[test]
fn rooms_of_the_credentials_follow_them() {
    let server = server(&[]);
    let mut ada = with(&server, "desk");
    let mut rooms = [ada.read(), ada.read()].map(|joined| joined["room"].as_str().unwrap().to_owned());
    rooms.sort();
    assert_eq!(rooms, ["closed:desk", "open:desk"]);
    assert_eq!(ada.ask(&auth("other%20desk"))["code"], "unauthorized");
    assert_eq!(ada.ask(&auth("other desk"))["type"], "auth_ok");
    assert_eq!(ada.read(), json!({ "type": "left", "room": "closed:desk" }));
    assert_eq!(ada.read()["room"], "closed:other");
    ada.nothing_more();
}
