//! What credentials allow in rooms.

use serde_json::json;

use crate::client::{Client, open};
use crate::hook::server;
use crate::running::Running;

fn with(server: &Running, query: &str) -> Client {
    let mut client = Client(open(server, &format!("/ws?{query}"), &[]).unwrap());
    assert_eq!(client.read()["type"], "welcome");
    client
}

/// What comes of joining and then of publishing.
fn may(client: &mut Client, room: &str) -> (bool, bool) {
    let joined = client.ask(&json!({ "type": "join", "room": room }))["type"] == "joined";
    let said = client.ask(&json!({ "type": "publish", "room": room, "event": "e", "data": 1 }));
    (joined, said["type"] == "event")
}

#[test]
fn rules_open_rooms_to_anyone_to_users_and_to_granted_ones() {
    let server = server(&[]);
    let mut guest = with(&server, "guest");
    assert_eq!(may(&mut guest, "open:a"), (true, true));
    assert_eq!(may(&mut guest, "users:a"), (false, false));
    assert_eq!(may(&mut guest, "granted:a"), (false, false));
    let mut ada = with(&server, "token=ada");
    assert_eq!(may(&mut ada, "open:a"), (true, true));
    assert_eq!(may(&mut ada, "users:a"), (true, true));
    assert_eq!(may(&mut ada, "granted:a"), (false, false));
}

#[test]
fn lists_narrow_what_is_open() {
    let server = server(&[]);
    let mut ada = with(&server, "token=narrow");
    assert_eq!(may(&mut ada, "open:a"), (true, false));
    assert_eq!(may(&mut ada, "open:b"), (false, false));
    assert_eq!(may(&mut ada, "users:a"), (false, false));
}

#[test]
fn lists_open_what_is_for_granted_ones() {
    let server = server(&[]);
    let mut ada = with(&server, "token=granted");
    assert_eq!(may(&mut ada, "granted:a"), (true, false));
    assert_eq!(may(&mut ada, "granted:b"), (true, true));
    assert_eq!(may(&mut ada, "closed:a"), (false, false), "no rule opens it");
}

#[test]
fn others_see_the_user() {
    let server = server(&[]);
    let mut ada = with(&server, "token=ada");
    ada.ask(&json!({ "type": "join", "room": "open:a" }));
    let event = ada.ask(&json!({ "type": "publish", "room": "open:a", "event": "e", "data": 1 }));
    assert_eq!(event["from"]["user"], "ada");
}
