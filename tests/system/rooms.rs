//! The native protocol and the HTTP API in one room.

use serde_json::{Value, json};

use crate::client::Client;
use crate::http;
use crate::server::{API_KEY, Server};

fn publish(server: &Server, key: Option<&str>, body: &Value) -> http::Answer {
    http::post(server, "/api/publish", key, body)
}

/// The events that arrive next, as pairs of name and data.
fn events(client: &mut Client, count: usize) -> Vec<(Value, Value)> {
    (0..count)
        .map(|_| client.next_of_type("event"))
        .map(|event| (event["event"].clone(), event["data"].clone()))
        .collect()
}

#[test]
fn two_peers_and_a_backend_meet_in_a_room() {
    let server = Server::start();
    let (mut ada, _) = Client::in_room(&server, "demo:lobby");
    let (mut bob, _) = Client::in_room(&server, "demo:lobby");

    ada.send_json(&json!({ "type": "publish", "room": "demo:lobby", "event": "said", "data": { "text": "hi" }, "id": "1" }));
    assert_eq!(bob.next_of_type("event")["data"], json!({ "text": "hi" }));
    let answer = publish(
        &server,
        Some(API_KEY),
        &json!({ "room": "demo:lobby", "event": "news", "data": [1, "two"] }),
    );
    assert_eq!(answer.status, 200, "{}", answer.body);

    let news = (json!("news"), json!([1, "two"]));
    assert_eq!(events(&mut bob, 1), std::slice::from_ref(&news));
    assert_eq!(events(&mut ada, 2), [(json!("said"), json!({ "text": "hi" })), news]);
}

#[test]
fn events_of_a_member_name_it_and_those_of_the_backend_name_nobody() {
    let server = Server::start();
    let (mut ada, _) = Client::in_room(&server, "demo:names");
    ada.send_json(&json!({ "type": "publish", "room": "demo:names", "event": "said", "data": 1 }));
    assert!(ada.next_of_type("event")["from"]["session"].is_string());
    publish(&server, Some(API_KEY), &json!({ "room": "demo:names", "event": "news", "data": 2 }));
    assert_eq!(ada.next_of_type("event").get("from"), None);
}

#[test]
fn an_event_missed_while_away_is_recovered_once() {
    let server = Server::start();
    let (ada, joined) = Client::in_room(&server, "demo:away");
    drop(ada);
    for n in 1..=3 {
        publish(&server, Some(API_KEY), &json!({ "room": "demo:away", "event": "n", "data": n }));
    }
    let mut ada = Client::connect(&server, "/ws");
    let since = json!({ "epoch": joined["epoch"], "offset": joined["offset"] });
    ada.send_json(&json!({ "type": "join", "room": "demo:away", "since": since }));
    assert_eq!(ada.next_of_type("joined")["recovered"], true);
    publish(&server, Some(API_KEY), &json!({ "room": "demo:away", "event": "n", "data": 4 }));
    let data: Vec<_> = events(&mut ada, 4).into_iter().map(|(_, data)| data).collect();
    assert_eq!(data, [1, 2, 3, 4]);
}

#[test]
fn the_api_wants_its_key() {
    let server = Server::start();
    let body = json!({ "room": "demo:lobby", "event": "news", "data": 1 });
    assert_eq!(publish(&server, None, &body).status, 401);
    assert_eq!(publish(&server, Some("another"), &body).status, 401);
    assert_eq!(http::get(&server, "/api/status", None).status, 401);
}

#[test]
fn the_status_counts_connections_and_rooms() {
    let server = Server::start();
    let status = || http::get(&server, "/api/status", Some(API_KEY)).json();
    assert_eq!(status()["connections"], 0);
    let _members = [Client::in_room(&server, "demo:a"), Client::in_room(&server, "demo:b")];
    assert_eq!((&status()["connections"], &status()["rooms"]), (&json!(2), &json!(2)));
    assert!(status()["version"].is_string() && !status()["uptime"].is_null(), "{}", status());
}

#[test]
fn health_and_readiness_are_for_everybody() {
    let server = Server::start();
    assert_eq!(http::get(&server, "/healthz", None).status, 200);
    assert_eq!(http::get(&server, "/readyz", None).status, 200);
}
