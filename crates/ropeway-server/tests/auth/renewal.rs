//! Credentials that end, and better ones in time.

use serde_json::{Value, json};

use crate::client::{Client, open};
use crate::hook::server;
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
    let mut ada = with(&server, "short");
    let warning = ada.read();
    assert_eq!(warning["type"], "expiring");
    assert!(warning["expires_in"].as_u64().is_some_and(|left| left <= 400), "{warning}");
    assert_eq!(ada.closed(), (4001, "token expired".to_owned()));
}

#[test]
fn a_new_token_of_the_same_user_keeps_the_connection() {
    let server = server(&[]);
    let mut ada = with(&server, "short");
    assert_eq!(ada.read()["type"], "expiring");
    assert_eq!(ada.ask(&auth("lasting"))["type"], "auth_ok");
    std::thread::sleep(std::time::Duration::from_millis(900));
    ada.nothing_more();
}

#[test]
fn a_new_token_of_another_user_is_refused() {
    let server = server(&[]);
    let mut ada = with(&server, "ada");
    assert_eq!(ada.ask(&auth("eve"))["code"], "forbidden");
    assert_eq!(ada.ask(&auth("x"))["code"], "unauthorized");
    ada.nothing_more();
    let joined = ada.ask(&json!({ "type": "join", "room": "users:a" }));
    assert_eq!(joined["type"], "joined", "it is still Ada");
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
