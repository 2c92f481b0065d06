//! How a session is opened, and how it is refused.

use std::collections::HashSet;

use serde_json::json;

use super::v4;
use crate::case::{Case, Place, case};
use crate::client;
use crate::http::{Connection, ask, ask_with, request};
use crate::polling::{OPEN, Polling};
use crate::subject::{Profile, Subject};
use crate::websocket::{Frame, UPGRADE, WebSocket};

const PATH: Place = v4("Request path");
const QUERY: Place = v4("Query parameters");
const HANDSHAKE: Place = v4("Handshake");
const WEBSOCKET: Place = v4("WebSocket");
const REFERENCE: Place = Place("npm engine.io", "errors and headers");

pub(crate) const CASES: &[Case] = &[
    case!(
        HANDSHAKE,
        polling_opens_a_session,
        "An accepted GET is answered with an open packet whose JSON has sid, upgrades, pingInterval, \
         pingTimeout and maxPayload and nothing else"
    ),
    case!(
        HANDSHAKE,
        websocket_opens_a_session,
        "An accepted WebSocket gets the open packet first, which offers no upgrade"
    ),
    case!(
        HANDSHAKE,
        upgrades_are_offered_when_allowed,
        "The list of upgrades is empty where the server allows none"
    ),
    case!(
        HANDSHAKE,
        intervals_are_those_of_the_server,
        "The intervals of the heartbeat and the largest payload are announced as they are configured"
    ),
    case!(HANDSHAKE, handshake_is_a_get, "A handshake by another method than GET is refused: 400, code 2"),
    case!(
        PATH,
        path_is_matched_whole,
        "Requests beside the path, though they begin like it, open no session"
    ),
    case!(QUERY, transport_is_mandatory, "Without a transport the answer is 400, code 0"),
    case!(QUERY, unknown_transport_is_refused, "An unknown transport is refused with 400, code 0"),
    case!(QUERY, version_is_mandatory, "Without EIO=4 the answer is 400, code 5"),
    case!(
        QUERY,
        unknown_sid_is_refused,
        "A sid that the server did not give is refused with 400, code 1, whatever it is made of"
    ),
    case!(
        WEBSOCKET,
        websocket_without_version_opens_nothing,
        "A WebSocket without a mandatory parameter is closed"
    ),
    case!(
        WEBSOCKET,
        websocket_with_unknown_transport_is_refused,
        "A WebSocket with an unknown transport is refused"
    ),
    case!(WEBSOCKET, websocket_with_unknown_sid_is_refused, "A WebSocket with an unknown sid is refused"),
    case!(REFERENCE, sid_is_unguessable, "Each sid is 20 characters of URL-safe base64 and new"),
    case!(
        REFERENCE,
        refusals_are_json_with_a_number,
        "A refusal is application/json with a numeric code and the message of that code"
    ),
    case!(
        REFERENCE,
        refused_upgrades_are_plain,
        "A refused WebSocket gets 400, text/html and the message as body"
    ),
    case!(
        REFERENCE,
        websocket_transport_needs_an_upgrade,
        "transport=websocket without an upgrade is refused with 400, code 3"
    ),
    case!(REFERENCE, impossible_origin_is_refused, "An Origin with control characters opens no session"),
    case!(
        REFERENCE,
        responses_are_not_cached,
        "Responses are text/plain in UTF-8 with their length, not to be stored, without a cookie"
    ),
    case!(
        REFERENCE,
        cookie_comes_with_the_first_response,
        "Where cookies are on, the sid is set as cookie io by the first response of polling only"
    ),
    case!(
        REFERENCE,
        transport_of_a_session_is_fixed,
        "A session of one transport is not served by the other without an upgrade: 400, code 3"
    ),
    case!(
        REFERENCE,
        version_of_a_session_is_fixed,
        "A session is not served with another EIO than it was opened with: 400, code 3"
    ),
];

async fn polling_opens_a_session(subject: &'static Subject) {
    let session = Polling::open(subject.at(Profile::Default)).await;
    let open = json!({
        "sid": session.sid(), "upgrades": ["websocket"],
        "pingInterval": 25_000, "pingTimeout": 20_000, "maxPayload": 1_000_000,
    });
    assert_eq!(session.open, open);
}

async fn websocket_opens_a_session(subject: &'static Subject) {
    let client = client::Client::open(subject.at(Profile::Default)).await;
    let sid = client.open["sid"].as_str().unwrap();
    let open = json!({
        "sid": sid, "upgrades": [],
        "pingInterval": 25_000, "pingTimeout": 20_000, "maxPayload": 1_000_000,
    });
    assert_eq!(client.open, open);
}

async fn upgrades_are_offered_when_allowed(subject: &'static Subject) {
    let session = Polling::open(subject.at(Profile::Limited)).await;
    assert_eq!(session.open["upgrades"], json!([]));
}

async fn intervals_are_those_of_the_server(subject: &'static Subject) {
    let short = Polling::open(subject.at(Profile::Short)).await;
    assert_eq!((&short.open["pingInterval"], &short.open["pingTimeout"]), (&json!(500), &json!(4000)));
    let limited = Polling::open(subject.at(Profile::Limited)).await;
    assert_eq!(limited.open["maxPayload"], 10_000);
}

async fn handshake_is_a_get(subject: &'static Subject) {
    for method in ["POST", "PUT", "DELETE"] {
        let response = ask(subject.at(Profile::Default), method, OPEN).await;
        assert_eq!(response.refusal(), (400, 2), "{method}");
    }
}

async fn path_is_matched_whole(subject: &'static Subject) {
    for path in ["/socket.io-admin/", "/socket.iox/", "/socket.i", "/engine.io/", "/a/socket.io/"] {
        let target = format!("{path}?EIO=4&transport=polling");
        let response = ask(subject.at(Profile::Default), "GET", &target).await;
        assert_eq!(response.status, 404, "{path}");
    }
}

async fn transport_is_mandatory(subject: &'static Subject) {
    let response = ask(subject.at(Profile::Default), "GET", "/socket.io/?EIO=4").await;
    assert_eq!(response.refusal(), (400, 0));
}

async fn unknown_transport_is_refused(subject: &'static Subject) {
    for transport in ["abc", "Polling", "__proto__", "constructor", "webtransport", "", "polling%00"] {
        let target = format!("/socket.io/?EIO=4&transport={transport}");
        let response = ask(subject.at(Profile::Default), "GET", &target).await;
        assert_eq!(response.refusal(), (400, 0), "{transport}");
    }
}

async fn version_is_mandatory(subject: &'static Subject) {
    for query in [
        "transport=polling",
        "EIO=abc&transport=polling",
        "EIO=3&transport=polling",
        "EIO=&transport=polling",
    ] {
        let response = ask(subject.at(Profile::Default), "GET", &format!("/socket.io/?{query}")).await;
        assert_eq!(response.refusal(), (400, 5), "{query}");
    }
}

async fn unknown_sid_is_refused(subject: &'static Subject) {
    let address = subject.at(Profile::Default);
    let long = "A".repeat(4000);
    let strange =
        ["abc", "AAAAAAAAAAAAAAAAAAAA", "__proto__", "%00", "%F0%9F%90%8E", "%zz", "a%20b", "..%2F", &long];
    for sid in strange {
        for method in ["GET", "POST"] {
            let response = ask(address, method, &format!("{OPEN}&sid={sid}")).await;
            assert_eq!(response.refusal(), (400, 1), "{method} {sid}");
        }
    }
}

async fn websocket_without_version_opens_nothing(subject: &'static Subject) {
    for query in ["transport=websocket", "EIO=abc&transport=websocket", "EIO=3&transport=websocket"] {
        let mut connection = Connection::open(subject.at(Profile::Default)).await;
        connection.send(request("GET", &format!("/socket.io/?{query}"), UPGRADE, b"")).await;
        let response = connection.response().await;
        assert!(matches!(response.status, 101 | 400), "{query}: {response:?}");
        connection.ended().await;
    }
}

async fn websocket_with_unknown_transport_is_refused(subject: &'static Subject) {
    for query in ["EIO=4", "EIO=4&transport=abc"] {
        let refused =
            WebSocket::try_open(subject.at(Profile::Default), &format!("/socket.io/?{query}")).await;
        assert_eq!(refused.err().map(|response| response.status), Some(400), "{query}");
    }
}

async fn websocket_with_unknown_sid_is_refused(subject: &'static Subject) {
    let target = format!("{}&sid=AAAAAAAAAAAAAAAAAAAA", client::OPEN);
    let refused = WebSocket::try_open(subject.at(Profile::Default), &target).await.err().unwrap();
    assert_eq!((refused.status, refused.text()), (400, "Session ID unknown"));
}

async fn sid_is_unguessable(subject: &'static Subject) {
    let mut seen = HashSet::new();
    for _ in 0..50 {
        let session = Polling::open(subject.at(Profile::Short)).await;
        let sid = session.sid().to_owned();
        let is_url_safe = sid.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        assert!(sid.len() == 20 && is_url_safe, "{sid}");
        assert!(seen.insert(sid), "given twice");
    }
}

async fn refusals_are_json_with_a_number(subject: &'static Subject) {
    let refusals = [
        ("GET", "/socket.io/?EIO=4&transport=abc", r#"{"code":0,"message":"Transport unknown"}"#),
        (
            "GET",
            "/socket.io/?EIO=4&transport=polling&sid=abc",
            r#"{"code":1,"message":"Session ID unknown"}"#,
        ),
        ("POST", "/socket.io/?EIO=4&transport=polling", r#"{"code":2,"message":"Bad handshake method"}"#),
        ("GET", "/socket.io/?EIO=4&transport=websocket", r#"{"code":3,"message":"Bad request"}"#),
        ("GET", "/socket.io/?transport=polling", r#"{"code":5,"message":"Unsupported protocol version"}"#),
    ];
    for (method, target, body) in refusals {
        let response = ask(subject.at(Profile::Default), method, target).await;
        assert_eq!((response.status, response.text()), (400, body));
        assert_eq!(response.header("content-type"), Some("application/json"));
    }
}

async fn refused_upgrades_are_plain(subject: &'static Subject) {
    let target = "/socket.io/?EIO=4&transport=abc";
    let refused = WebSocket::try_open(subject.at(Profile::Default), target).await.err().unwrap();
    assert_eq!((refused.status, refused.text()), (400, "Transport unknown"));
    assert_eq!(refused.header("content-type"), Some("text/html"));
}

async fn websocket_transport_needs_an_upgrade(subject: &'static Subject) {
    let response = ask(subject.at(Profile::Default), "GET", client::OPEN).await;
    assert_eq!(response.refusal(), (400, 3));
}

async fn impossible_origin_is_refused(subject: &'static Subject) {
    for origin in ["http://a\u{1}b", "http://a\u{7f}b"] {
        let headers = [("Origin", origin)];
        let response = ask_with(subject.at(Profile::Default), "GET", OPEN, &headers, b"").await;
        assert_eq!(response.status, 400, "{origin:?}");
    }
}

async fn responses_are_not_cached(subject: &'static Subject) {
    let response = ask(subject.at(Profile::Default), "GET", OPEN).await;
    assert_eq!(response.header("content-type"), Some("text/plain; charset=UTF-8"));
    assert_eq!(response.header("content-length"), Some(response.body.len().to_string().as_str()));
    assert_eq!(response.header("cache-control"), Some("no-store"));
    assert_eq!(response.header("set-cookie"), None);
}

async fn cookie_comes_with_the_first_response(subject: &'static Subject) {
    let address = subject.at(Profile::Limited);
    let first = ask(address, "GET", OPEN).await;
    let open: serde_json::Value = serde_json::from_str(&first.packets()[0][1..]).unwrap();
    let sid = open["sid"].as_str().unwrap();
    let cookie = first.header("set-cookie").unwrap();
    assert_eq!(cookie, format!("io={sid}; Path=/; HttpOnly; SameSite=Lax"));
    let target = format!("{OPEN}&sid={sid}");
    let posted = ask_with(address, "POST", &target, &[], b"40").await;
    let polled = ask(address, "GET", &target).await;
    assert_eq!((posted.header("set-cookie"), polled.header("set-cookie")), (None, None));
}

async fn transport_of_a_session_is_fixed(subject: &'static Subject) {
    let address = subject.at(Profile::Default);
    let polling = Polling::open(address).await;
    assert_eq!(ask(address, "GET", &polling.upgrade_target()).await.refusal(), (400, 3));
    let client = client::Client::open(address).await;
    let target = format!("{OPEN}&sid={}", client.open["sid"].as_str().unwrap());
    assert_eq!(ask(address, "GET", &target).await.refusal(), (400, 3));
    assert_eq!(ask_with(address, "POST", &target, &[], b"40").await.refusal(), (400, 3));
}

async fn version_of_a_session_is_fixed(subject: &'static Subject) {
    let address = subject.at(Profile::Version3);
    let session = Polling::open(address).await;
    let target = session.target().replace("EIO=4", "EIO=3");
    assert_eq!(ask(address, "GET", &target).await.refusal(), (400, 3));
    let target = session.upgrade_target().replace("EIO=4", "EIO=3");
    let refused = WebSocket::try_open(address, &target).await.err().unwrap();
    assert_eq!(refused.status, 400);
    let mut socket = session.websocket().await;
    socket.text("2probe").await;
    assert_eq!(socket.next().await, Frame::Text("3probe".to_owned()));
}
