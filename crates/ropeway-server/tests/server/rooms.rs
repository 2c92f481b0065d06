//! The native protocol, as docs/protocol.md has it.

use serde_json::{Value, json};
use tungstenite::Message;

use crate::client::{Client, open};
use crate::http::post;
use crate::running::Running;

fn publish(room: &str, data: &Value, id: &str) -> Value {
    json!({ "type": "publish", "room": room, "event": "message", "data": data, "id": id })
}

#[test]
fn the_first_message_is_a_welcome() {
    let server = Running::start();
    let (_client, welcome) = Client::welcomed(&server);
    assert_eq!(welcome["type"], "welcome");
    assert_eq!(welcome["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!((&welcome["ping_interval"], &welcome["ping_timeout"]), (&json!(25_000), &json!(10_000)));
    assert_eq!(welcome["max_message"], 1 << 20);
    assert!(welcome["node"].is_string() && welcome["session"].as_str().is_some_and(|name| name.len() == 16));
}

#[test]
fn the_subprotocol_may_be_offered_or_not() {
    let server = Running::start();
    assert!(open(&server, "/ws", &[]).is_ok());
    // The library fails when the server does not choose what was offered.
    assert!(open(&server, "/ws", &[("sec-websocket-protocol", "ropeway.json")]).is_ok());
}

#[test]
fn members_see_each_other_and_talk() {
    let server = Running::start();
    let (mut ada, welcome) = Client::welcomed(&server);
    let joined = ada.ask(&json!({ "type": "join", "room": "demo:a", "id": "1", "info": { "name": "Ada" } }));
    let member = json!({ "session": welcome["session"], "info": { "name": "Ada" } });
    assert_eq!(
        (&joined["type"], &joined["id"], &joined["offset"]),
        (&json!("joined"), &json!("1"), &json!(0))
    );
    assert_eq!((&joined["recovered"], &joined["members"]), (&json!(false), &json!([member])));

    let mut bob = Client::in_room(&server, "demo:a");
    let came = ada.read();
    assert_eq!((&came["type"], came["joined"].as_array().map(Vec::len)), (&json!("presence"), Some(1)));

    ada.send(&publish("demo:a", &json!({ "text": "Hi" }), "2"));
    let event = bob.read();
    assert_eq!(
        event,
        json!({ "type": "event", "room": "demo:a", "event": "message", "data": { "text": "Hi" }, "from": member, "offset": 1 })
    );
    assert_eq!(ada.read(), event, "the sender gets it too, before the answer");
    assert_eq!(
        ada.read(),
        json!({ "type": "ack", "id": "2", "data": { "epoch": joined["epoch"], "offset": 1 } })
    );

    drop(bob);
    assert!(ada.read()["left"].is_array());
}

#[test]
fn presence_and_leaving() {
    let server = Running::start();
    let mut ada = Client::in_room(&server, "demo:p");
    let members = ada.ask(&json!({ "type": "presence", "room": "demo:p", "id": "1" }));
    assert_eq!((&members["id"], members["members"].as_array().map(Vec::len)), (&json!("1"), Some(1)));
    let left = ada.ask(&json!({ "type": "leave", "room": "demo:p", "id": "2" }));
    assert_eq!(left, json!({ "type": "left", "room": "demo:p", "id": "2" }));
    assert_eq!(ada.ask(&json!({ "type": "leave", "room": "demo:p", "id": "3" }))["code"], "not_joined");
}

#[test]
fn a_repeated_key_is_acknowledged_and_not_delivered_again() {
    let server = Running::start();
    let mut ada = Client::in_room(&server, "demo:k");
    let mut request = publish("demo:k", &json!(1), "1");
    request["key"] = json!("unguessable");
    assert_eq!(ada.ask(&request)["type"], "event");
    let first = ada.read();
    let second = ada.ask(&request);
    assert_eq!(second["data"]["duplicate"], true);
    assert_eq!(second["data"]["offset"], first["data"]["offset"]);
    ada.nothing_more();
}

#[test]
fn a_volatile_event_has_no_offset_and_is_not_kept() {
    let server = Running::start();
    let mut ada = Client::in_room(&server, "demo:v");
    let mut request = publish("demo:v", &json!(true), "1");
    request["volatile"] = json!(true);
    assert!(ada.ask(&request).get("offset").is_none());
    assert_eq!(ada.read(), json!({ "type": "ack", "id": "1", "data": {} }));
    let history = ada.ask(&json!({ "type": "history", "room": "demo:v", "id": "2" }));
    assert_eq!(history["events"], json!([]));
}

#[test]
fn who_comes_back_gets_what_was_missed_and_all_of_it() {
    let server = Running::start();
    let mut ada = Client::connect(&server);
    let join = json!({ "type": "join", "room": "demo:r", "id": "1" });
    let epoch = ada.ask(&join)["epoch"].clone();
    drop(ada);
    for n in 1..=3 {
        post(&server, "/api/publish", &json!({ "room": "demo:r", "event": "n", "data": n }));
    }
    let mut ada = Client::connect(&server);
    let since = |offset: u64| json!({ "type": "join", "room": "demo:r", "since": { "epoch": epoch, "offset": offset } });
    let joined = ada.ask(&since(1));
    assert_eq!((&joined["recovered"], &joined["offset"]), (&json!(true), &json!(1)));
    assert_eq!([ada.read(), ada.read()].map(|event| event["data"].clone()), [json!(2), json!(3)]);
    ada.nothing_more();

    // The room keeps five events.
    for n in 4..=9 {
        post(&server, "/api/publish", &json!({ "room": "demo:r", "event": "n", "data": n }));
        ada.read();
    }
    let mut late = Client::connect(&server);
    let joined = late.ask(&since(1));
    assert_eq!((&joined["recovered"], &joined["offset"]), (&json!(false), &json!(9)));
    late.nothing_more();
}

#[test]
fn history_is_read_from_both_ends() {
    let server = Running::start();
    let mut ada = Client::in_room(&server, "demo:h");
    for n in 1..=4 {
        ada.ask(&publish("demo:h", &json!(n), "p"));
        ada.read();
    }
    let newest = ada.ask(&json!({ "type": "history", "room": "demo:h", "id": "1", "limit": 2 }));
    let data = |page: &Value| {
        page["events"].as_array().unwrap().iter().map(|e| e["data"].clone()).collect::<Vec<_>>()
    };
    assert_eq!((data(&newest), &newest["offset"]), (vec![json!(3), json!(4)], &json!(4)));
    let since = json!({ "epoch": newest["epoch"], "offset": 1 });
    let after =
        ada.ask(&json!({ "type": "history", "room": "demo:h", "id": "2", "limit": 2, "since": since }));
    assert_eq!((data(&after), &after["complete"]), (vec![json!(2), json!(3)], &json!(false)));
    assert_eq!(after["events"][0]["type"], "event");
}

#[test]
fn requests_that_cannot_be_carried_out_are_told_with_a_code() {
    let server = Running::start();
    let mut ada = Client::in_room(&server, "plain:x");
    ada.ask(&json!({ "type": "join", "room": "read-only:x" }));
    let long = "k".repeat(129);
    for (code, request) in [
        ("forbidden", json!({ "type": "join", "room": "secret" })),
        ("forbidden", publish("read-only:x", &json!(1), "")),
        ("not_joined", publish("demo:x", &json!(1), "")),
        ("not_joined", json!({ "type": "presence", "room": "demo:x" })),
        ("no_history", json!({ "type": "history", "room": "plain:x" })),
        ("no_presence", json!({ "type": "presence", "room": "plain:x" })),
        ("too_large", json!({ "type": "publish", "room": "plain:x", "event": "e", "data": 1, "key": long })),
        ("too_large", json!({ "type": "join", "room": "demo:x", "info": "x".repeat(2000) })),
        ("invalid_room", json!({ "type": "join", "room": "" })),
        ("no_handler", json!({ "type": "emit", "event": "e", "data": 1 })),
        ("unsupported", json!({ "type": "auth", "token": "t" })),
        ("unknown_type", json!({ "type": "fly" })),
        ("bad_message", json!({ "type": "join", "room": 5 })),
    ] {
        let mut request = request;
        request["id"] = json!("the-id");
        let answer = ada.ask(&request);
        assert_eq!(
            (&answer["type"], &answer["code"], &answer["id"]),
            (&json!("error"), &json!(code), &json!("the-id"))
        );
        assert!(answer["message"].is_string() && answer["retry"].is_boolean(), "{answer}");
    }
}

#[test]
fn what_is_no_message_is_told_and_the_connection_stays() {
    let server = Running::start();
    let mut ada = Client::connect(&server);
    for text in ["", "{", "[]", "null", "\"join\"", "{\"type\":\"ping\"", "\u{0}", "{}"] {
        ada.0.send(Message::text(text)).unwrap();
        assert_eq!(ada.read()["code"], "bad_message", "{text:?}");
    }
    ada.nothing_more();
}

#[test]
fn a_binary_message_is_closed_with_1003() {
    let server = Running::start();
    let mut ada = Client::connect(&server);
    ada.send(&json!({ "type": "ping" }));
    ada.0.send(Message::binary(vec![1, 2, 3])).unwrap();
    assert_eq!(ada.read()["type"], "pong");
    assert_eq!(ada.closed().0, 1003);
}

#[test]
fn answers_come_in_the_order_of_the_requests() {
    let server = Running::start();
    let mut ada = Client::in_room(&server, "plain:o");
    for n in 0..500 {
        ada.0.write(Message::text(json!({ "type": "ping", "id": n.to_string() }).to_string())).unwrap();
        let data = json!({ "type": "publish", "room": "plain:o", "event": "n", "data": n });
        ada.0.write(Message::text(data.to_string())).unwrap();
    }
    ada.0.flush().unwrap();
    for n in 0..500 {
        assert_eq!(ada.read()["id"], n.to_string());
        assert_eq!(ada.read()["data"], n);
    }
}
