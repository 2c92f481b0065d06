//! EVENT packets.

use super::v5;
use crate::case::{Case, Place, case};
use crate::client::{Client, ending};
use crate::subject::{Profile, Subject};

const DATA: Place = v5("Sending and receiving data");
const FORMAT: Place = v5("Format");
const REFERENCE: Place = Place("npm socket.io-parser", "decoder");

pub(crate) const CASES: &[Case] = &[
    case!(
        DATA,
        event_reaches_the_application,
        "An event and its arguments reach the application, and its own reach the client"
    ),
    case!(DATA, event_in_a_custom_namespace, "Events of a namespace stay in it"),
    case!(DATA, payload_must_be_an_array, "A payload that is no array ends the connection"),
    case!(DATA, payload_must_not_be_empty, "An empty array as payload ends the connection"),
    case!(DATA, payload_must_be_there, "An event without payload ends the connection")
        .beyond_the_reference("it takes the event for one without name and goes on"),
    case!(FORMAT, unknown_type_closes, "A packet of an unknown type ends the connection"),
    case!(FORMAT, broken_json_closes, "A payload that is not JSON ends the connection"),
    case!(FORMAT, every_json_value_passes, "Every JSON value passes unharmed in both directions"),
    case!(FORMAT, space_in_json_is_ignored, "White space in the JSON of a payload has no meaning"),
    case!(REFERENCE, name_may_be_a_number, "The name of an event may be a number"),
    case!(REFERENCE, name_must_be_string_or_number, "A name of another kind ends the connection"),
    case!(
        REFERENCE,
        reserved_names_close,
        "connect, connect_error, disconnect, disconnecting, newListener and removeListener cannot be \
         emitted"
    ),
    case!(
        REFERENCE,
        parse_error_is_the_reason,
        "A connection that ended for a bad packet ended by parse error"
    )
    .beyond_the_reference("it says forced close, other than its documentation"),
    case!(REFERENCE, unknown_events_are_ignored, "An event that nobody listens to changes nothing"),
    case!(
        REFERENCE,
        names_of_builtins_are_names,
        "Names like __proto__ and toString are events as any others"
    ),
    case!(REFERENCE, handlers_run_in_order, "Events of one client are handled in their order"),
];

async fn event_reaches_the_application(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.text(r#"42["message",1,"2",{"3":[true]}]"#).await;
    client.hears(r#"42["message-back",1,"2",{"3":[true]}]"#).await;
    client.text(r#"42["message"]"#).await;
    client.hears(r#"42["message-back"]"#).await;
}

async fn event_in_a_custom_namespace(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.join("/custom").await;
    client.text(r#"42/custom,["message","a,b"]"#).await;
    client.hears(r#"42/custom,["message-back","a,b"]"#).await;
    client.works().await;
}

/// The packet ends the connection without an answer.
async fn closes(subject: &'static Subject, packet: &str) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.text(packet).await;
    client.closes().await;
}

async fn payload_must_be_an_array(subject: &'static Subject) {
    for payload in ["{}", r#""message""#, "true", "null", r#"{"0":"message"}"#] {
        closes(subject, &format!("42{payload}")).await;
    }
}

async fn payload_must_not_be_empty(subject: &'static Subject) {
    for packet in ["42[]", "420[]", "42[ ]"] {
        closes(subject, packet).await;
    }
}

async fn payload_must_be_there(subject: &'static Subject) {
    for packet in ["42", "4212"] {
        closes(subject, packet).await;
    }
}

async fn unknown_type_closes(subject: &'static Subject) {
    for packet in ["4abc", "47", r#"49["message"]"#, r#"4["message"]"#, "4 2[\"message\"]", "4-1", "4é"] {
        closes(subject, packet).await;
    }
}

async fn broken_json_closes(subject: &'static Subject) {
    for json in [
        r#"["message""#,
        r#"["message",]"#,
        r#"["message"]]"#,
        r#"["message"] x"#,
        r#"["message",'a']"#,
        r#"["message",01]"#,
        r#"["message",NaN]"#,
        r#"["message","\x"]"#,
        "[\"message\",\"\n\"]",
        "[",
    ] {
        closes(subject, &format!("42{json}")).await;
    }
}

async fn every_json_value_passes(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    let values = r#"null,true,false,0,-1.5,0.125,"","a\"b\\c\n€🐎",[],{},[[[]]],{"":{"a":[null]}}"#;
    client.text(&format!(r#"42["message",{values}]"#)).await;
    client.hears(&format!(r#"42["message-back",{values}]"#)).await;
}

async fn space_in_json_is_ignored(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.text("420[ \"message-with-ack\" ,\t1 , [ 2 ]\r\n] ").await;
    let answer = client.hear().await;
    let arguments: serde_json::Value = serde_json::from_str(answer.strip_prefix("430").unwrap()).unwrap();
    assert_eq!(arguments, serde_json::json!([1, [2]]));
}

async fn name_may_be_a_number(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.text(r#"42[42,"hi"]"#).await;
    client.text("42[-1.5]").await;
    client.works().await;
}

async fn name_must_be_string_or_number(subject: &'static Subject) {
    for name in ["null", "true", "{}", r#"["message"]"#] {
        closes(subject, &format!("42[{name},1]")).await;
    }
}

async fn reserved_names_close(subject: &'static Subject) {
    for name in ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"] {
        closes(subject, &format!(r#"42["{name}"]"#)).await;
    }
    // However it is written.
    closes(subject, r#"42["\u0063onnect"]"#).await;
}

async fn parse_error_is_the_reason(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.text("42{}").await;
    client.closes().await;
    assert_eq!(ending(subject.at(Profile::Default), &client.sid).await, "parse error");
}

async fn unknown_events_are_ignored(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.text(r#"42["nobody listens",{"a":1}]"#).await;
    client.works().await;
}

async fn names_of_builtins_are_names(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    for name in ["__proto__", "constructor", "toString", "hasOwnProperty", "", " "] {
        client.text(&format!(r#"42["{name}",1]"#)).await;
    }
    client.works().await;
}

async fn handlers_run_in_order(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    for number in 0..200 {
        client.text(&format!(r#"42["message",{number}]"#)).await;
    }
    for number in 0..200 {
        client.hears(&format!(r#"42["message-back",{number}]"#)).await;
    }
}
