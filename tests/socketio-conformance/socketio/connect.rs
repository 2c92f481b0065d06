//! CONNECT and CONNECT_ERROR.

use std::time::Instant;

use serde_json::json;

use super::v5;
use crate::case::{Case, Place, case};
use crate::client::{self, Client};
use crate::polling::{Polling, socket_id};
use crate::subject::{CONNECT_TIMEOUT, Profile, Subject};
use crate::websocket::{Frame, WebSocket};

const CONNECTION: Place = v5("Connection to a namespace");
const FORMAT: Place = v5("Format");
const HISTORY: Place = v5("Difference between v5 and v4");
const REFERENCE: Place = Place("npm socket.io", "client");
const FAULTS: Place = Place("Faults of other servers", "connection");

pub(crate) const CASES: &[Case] = &[
    case!(
        CONNECTION,
        main_namespace_is_joined,
        "CONNECT is answered with CONNECT and the id of the session in its payload"
    ),
    case!(
        CONNECTION,
        custom_namespace_is_joined,
        "Another namespace is joined in the same way and named in the answer"
    ),
    case!(CONNECTION, payload_reaches_the_application, "The payload of CONNECT is given to the application"),
    case!(
        CONNECTION,
        refusal_has_message_and_data,
        "A refused connection gets CONNECT_ERROR with message and data"
    ),
    case!(
        CONNECTION,
        unknown_namespace_is_refused,
        "An unknown namespace gets CONNECT_ERROR with the message Invalid namespace"
    ),
    case!(
        CONNECTION,
        events_before_connect_close,
        "Another packet before CONNECT ends the connection at once"
    ),
    case!(
        CONNECTION,
        several_namespaces_on_one_connection,
        "Several namespaces may be joined over one connection, each with an id of its own"
    ),
    case!(CONNECTION, polling_joins_too, "CONNECT works over polling, several in one payload"),
    case!(FORMAT, comma_may_be_missing_at_the_end, "A namespace ends at a comma or with the packet"),
    case!(HISTORY, nothing_is_joined_unasked, "No namespace is joined before the client asks for it"),
    case!(HISTORY, main_namespace_is_not_needed, "A client may join another namespace alone"),
    case!(
        HISTORY,
        ids_are_not_those_of_the_session,
        "The id of a socket is not the sid of the Engine.IO session, which is secret"
    ),
    case!(REFERENCE, payload_must_be_an_object, "A payload of CONNECT that is no object ends the connection"),
    case!(
        REFERENCE,
        event_on_unjoined_namespace_closes,
        "An event, acknowledgement or disconnect on a namespace that was not joined ends the connection"
    ),
    case!(
        REFERENCE,
        handshake_is_known,
        "The application knows the address, the query and the credentials of the handshake"
    ),
    case!(REFERENCE, connect_error_of_a_client_closes, "CONNECT_ERROR from a client ends the connection"),
    case!(
        REFERENCE,
        refusal_leaves_the_connection,
        "A refused namespace leaves the connection and its other namespaces; it may be asked for again"
    ),
    case!(REFERENCE, dynamic_namespace_is_joined, "A namespace that matches a pattern is joined"),
    case!(
        REFERENCE,
        connect_timeout_closes,
        "A connection that joins nothing within connectTimeout is closed, also when it was refused \
         meanwhile"
    ),
    case!(FAULTS, second_connect_closes, "CONNECT twice on one namespace ends the connection"),
    case!(
        FAULTS,
        namespaces_named_like_builtins,
        "Names like __proto__ or an empty path are unknown namespaces and nothing more"
    ),
];

const INVALID: &str = r#"{"message":"Invalid namespace"}"#;

fn is_id(id: &str) -> bool {
    id.len() == 20 && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

async fn main_namespace_is_joined(subject: &'static Subject) {
    let mut client = Client::open(subject.at(Profile::Default)).await;
    client.text("40").await;
    let answer = client.hear().await;
    let sid = socket_id(&answer, "40");
    assert!(is_id(&sid), "{sid}");
    assert_eq!(answer, format!(r#"40{{"sid":"{sid}"}}"#));
    client.hears(r#"42["auth",{}]"#).await;
}

async fn custom_namespace_is_joined(subject: &'static Subject) {
    let mut client = Client::open(subject.at(Profile::Default)).await;
    client.text("40/custom,").await;
    let answer = client.hear().await;
    let sid = socket_id(&answer, "40/custom,");
    assert_eq!(answer, format!(r#"40/custom,{{"sid":"{sid}"}}"#));
    client.hears(r#"42/custom,["auth",{}]"#).await;
}

async fn payload_reaches_the_application(subject: &'static Subject) {
    let mut client = Client::open(subject.at(Profile::Default)).await;
    client.text(r#"40{"token":"123","deep":{"list":[1,null,"€"]}}"#).await;
    socket_id(&client.hear().await, "40");
    client.hears(r#"42["auth",{"token":"123","deep":{"list":[1,null,"€"]}}]"#).await;
    client.text(r#"40/custom,{"token":"abc"}"#).await;
    socket_id(&client.hear().await, "40/custom,");
    client.hears(r#"42/custom,["auth",{"token":"abc"}]"#).await;
}

async fn refusal_has_message_and_data(subject: &'static Subject) {
    let mut client = Client::open(subject.at(Profile::Default)).await;
    client.text(r#"40/guarded,{"token":"wrong"}"#).await;
    client.hears(r#"44/guarded,{"message":"Not authorized","data":{"reason":"token"}}"#).await;
}

async fn unknown_namespace_is_refused(subject: &'static Subject) {
    let mut client = Client::open(subject.at(Profile::Default)).await;
    client.text("40/random").await;
    client.hears(&format!("44/random,{INVALID}")).await;
    client.text(r#"40/random,{"token":1}"#).await;
    client.hears(&format!("44/random,{INVALID}")).await;
}

async fn events_before_connect_close(subject: &'static Subject) {
    for packet in
        [r#"42["message",1]"#, "41", r#"430[1]"#, "4", "4abc", r#"451-["a",{"_placeholder":true,"num":0}]"#]
    {
        let mut client = Client::open(subject.at(Profile::Default)).await;
        client.text(packet).await;
        if packet.starts_with("45") {
            client.binary(&[1]).await;
        }
        client.closes().await;
    }
}

async fn several_namespaces_on_one_connection(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    let custom = client.join("/custom").await;
    assert_ne!(client.sid, custom);
    client.text(r#"42/custom,["message",1]"#).await;
    client.text(r#"42["message",2]"#).await;
    client.hears(r#"42/custom,["message-back",1]"#).await;
    client.hears(r#"42["message-back",2]"#).await;
}

async fn polling_joins_too(subject: &'static Subject) {
    let mut session = Polling::open(subject.at(Profile::Default)).await;
    session.post("40\x1e40/custom,\x1e40/random").await;
    let mut packets = Vec::new();
    for _ in 0..5 {
        packets.push(session.next().await);
    }
    packets.sort();
    socket_id(&packets[1], "40{\"sid\":".trim_end_matches("{\"sid\":"));
    socket_id(&packets[0], "40/custom,");
    assert_eq!(
        packets[2..],
        [r#"42/custom,["auth",{}]"#, r#"42["auth",{}]"#, r#"44/random,{"message":"Invalid namespace"}"#]
    );
}

async fn comma_may_be_missing_at_the_end(subject: &'static Subject) {
    let mut client = Client::open(subject.at(Profile::Default)).await;
    client.text("40/custom").await;
    socket_id(&client.hear().await, "40/custom,");
    client.hears(r#"42/custom,["auth",{}]"#).await;
    client.text("40/").await;
    socket_id(&client.hear().await, "40");
}

async fn nothing_is_joined_unasked(subject: &'static Subject) {
    let mut client = Client::open(subject.at(Profile::Default)).await;
    client.text("40/custom,").await;
    // The first word of the server is about what was asked for.
    socket_id(&client.hear().await, "40/custom,");
}

async fn main_namespace_is_not_needed(subject: &'static Subject) {
    let mut client = Client::open(subject.at(Profile::Default)).await;
    client.join("/custom").await;
    client.text(r#"42/custom,["message",1]"#).await;
    client.hears(r#"42/custom,["message-back",1]"#).await;
}

async fn ids_are_not_those_of_the_session(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    let engine = client.open["sid"].as_str().unwrap().to_owned();
    assert_ne!(client.sid, engine);
    let known = client.ask("who-am-i", "").await;
    assert_eq!(known[0]["id"], client.sid);
    let refused = crate::http::ask(
        subject.at(Profile::Default),
        "GET",
        &format!("{}&sid={}", crate::polling::OPEN, client.sid),
    )
    .await;
    assert_eq!(refused.refusal(), (400, 1));
}

async fn payload_must_be_an_object(subject: &'static Subject) {
    for payload in ["[]", "null", r#""token""#, "{", "{}x", "/custom,[]"] {
        let mut client = Client::open(subject.at(Profile::Default)).await;
        client.text(&format!("40{payload}")).await;
        client.closes().await;
    }
}

async fn event_on_unjoined_namespace_closes(subject: &'static Subject) {
    for packet in [r#"42/custom,["message",1]"#, "41/custom,", "43/custom,0[]"] {
        let mut client = Client::connect(subject.at(Profile::Default)).await;
        client.text(packet).await;
        client.closes().await;
    }
}

async fn connect_error_of_a_client_closes(subject: &'static Subject) {
    for packet in [r#"44{"message":"no"}"#, r#"44/custom,{"message":"no"}"#] {
        let mut client = Client::connect(subject.at(Profile::Default)).await;
        client.text(packet).await;
        let frame = client.frame().await;
        assert!(matches!(frame, Frame::Close(_) | Frame::End), "{packet}: {frame:?}");
    }
}

async fn handshake_is_known(subject: &'static Subject) {
    let target = format!("{}&user=Anna%20%E2%82%AC&t=abc", client::OPEN);
    let mut client = Client::over(WebSocket::open(subject.at(Profile::Default), &target).await).await;
    client.text(r#"40{"token":"123"}"#).await;
    let sid = socket_id(&client.hear().await, "40");
    client.hears(r#"42["auth",{"token":"123"}]"#).await;
    let known = client.ask("who-am-i", "").await;
    let query = json!({ "EIO": "4", "transport": "websocket", "user": "Anna €", "t": "abc" });
    let expected = json!({
        "id": sid, "query": query, "url": target, "secure": false, "xdomain": false, "auth": { "token": "123" },
    });
    assert_eq!(known, json!([expected]));
}

async fn refusal_leaves_the_connection(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.text("40/guarded,").await;
    client.hears(r#"44/guarded,{"message":"Not authorized","data":{"reason":"token"}}"#).await;
    client.works().await;
    client.text(r#"40/guarded,{"token":"secret"}"#).await;
    socket_id(&client.hear().await, "40/guarded,");
    client.hears(r#"42/guarded,["auth",{"token":"secret"}]"#).await;
}

async fn dynamic_namespace_is_joined(subject: &'static Subject) {
    let mut client = Client::open(subject.at(Profile::Default)).await;
    client.join("/dynamic-101").await;
    client.join("/dynamic-102").await;
    client.text("40/dynamic-x,").await;
    client.hears(&format!("44/dynamic-x,{INVALID}")).await;
}

async fn connect_timeout_closes(subject: &'static Subject) {
    for packet in [None, Some("40/random,")] {
        let opened = Instant::now();
        let mut client = Client::open(subject.at(Profile::Short)).await;
        if let Some(packet) = packet {
            client.text(packet).await;
            client.hears(&format!("44/random,{INVALID}")).await;
        }
        client.closes().await;
        assert!(opened.elapsed() > CONNECT_TIMEOUT.mul_f32(0.9), "{:?}", opened.elapsed());
    }
}

async fn second_connect_closes(subject: &'static Subject) {
    for namespace in ["", "/custom,"] {
        let mut client = Client::connect(subject.at(Profile::Default)).await;
        client.join("/custom").await;
        client.text(&format!("40{namespace}")).await;
        client.closes().await;
    }
}

async fn namespaces_named_like_builtins(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    for name in ["/__proto__", "/constructor", "//", "/%2F", "/custom/", "/Custom", "/€"] {
        client.text(&format!("40{name},")).await;
        client.hears(&format!("44{name},{INVALID}")).await;
    }
    client.works().await;
}
