//! Packets that break a rule: each ends the connection.

use ropeway_socketio::{Decoder, Error, Limits};

#[track_caller]
fn refused(text: &str, error: Error) {
    assert_eq!(Decoder::default().text(text), Err(error), "{text:?}");
}

#[test]
fn a_type_is_one_of_seven() {
    for text in ["", "7", "9[\"a\"]", "a", "é", "🚡", "-1", " 2[\"a\"]", "\u{0}", "{}", "abc"] {
        refused(text, Error::UnknownType);
    }
}

#[test]
fn connect_has_an_object_or_nothing() {
    for text in ["0[]", "0\"é\"", "0null", "05", "0true", "0/x,[]", "0abc", "012{}"] {
        refused(text, Error::Connect);
    }
    for text in ["0{", "0{\"é\"}", "0{}x", "0{} {}", "0/x,{\"a\":}"] {
        refused(text, Error::Json);
    }
}

#[test]
fn disconnect_has_nothing() {
    for text in ["1{}", "1[]", "1null", "1 ", "1/x,{}", "1/x,é"] {
        refused(text, Error::Disconnect);
    }
}

#[test]
fn an_event_is_an_array_that_begins_with_a_name() {
    for text in [
        "2",
        "2{}",
        "2[]",
        "2[ ]",
        "2\"a\"",
        "2[null]",
        "2[true,1]",
        "2[{}]",
        "2[[\"a\"]]",
        "2x",
        "2/chat[\"a\"]",
    ] {
        refused(text, Error::Event);
    }
    refused("2[\"a\"", Error::Event);
    refused("2[", Error::Event);
    for text in [
        "2[\"a]",
        "2[\"a\",]",
        "2[\"a\"]]",
        "2[\"a\" 1]",
        "2[\"a\",\"\n\"]",
        "2[\"a\"],[1]",
        "2[é]",
        "2['a']",
    ] {
        refused(text, Error::Json);
    }
    refused("2abc[\"message-with-ack\", 1, \"2\", { 3: [false] }]", Error::Event);
}

#[test]
fn reserved_names_are_refused_however_they_are_written() {
    for name in ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"] {
        refused(&format!("2[\"{name}\"]"), Error::ReservedName);
        refused(&format!("51-7[\"{name}\",{{\"_placeholder\":true,\"num\":0}}]"), Error::ReservedName);
    }
    refused(r#"2["c\u006fnnect"]"#, Error::ReservedName);
}

#[test]
fn an_acknowledgement_is_an_array_with_an_id() {
    for text in ["3[]", "3/x,[1]", "3", "39007199254740992[]", "318446744073709551616[]", "3-1[]"] {
        refused(text, Error::AckId);
    }
    for text in ["31", "31{}", "31\"é\"", "31[", "31[1", "31.5[]"] {
        refused(text, Error::Ack);
    }
    refused("31[1,]", Error::Json);
    refused(r#"29007199254740992["a"]"#, Error::AckId);
}

#[test]
fn a_refusal_has_a_reason() {
    for text in ["4", "4[]", "47", "4/x,", "4null"] {
        refused(text, Error::ConnectError);
    }
    refused("4{\"message\":}", Error::Json);
    refused("4\"é", Error::Json);
}

#[test]
fn payloads_are_nested_to_the_limit() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let event = |depth: usize| format!("2[\"a\",{}]", nested(depth - 1));
    let too_deep = Error::TooDeep { limit: 128 };
    assert!(Decoder::default().text(&event(128)).is_ok());
    refused(&event(129), too_deep.clone());
    refused(&event(300_000), too_deep.clone());
    refused(&format!("31{}", nested(129)), too_deep.clone());
    refused(&format!("0{{\"a\":{}}}", nested(128)), too_deep.clone());
    refused(&format!("4{{\"a\":{}}}", nested(128)), too_deep);
    let limits = Limits { depth: 2, ..Limits::default() };
    assert_eq!(Decoder::new(limits).text("2[\"a\",[[]]]"), Err(Error::TooDeep { limit: 2 }));
    assert!(Decoder::new(limits).text("2[\"é\",[1],{\"b\":2}]").is_ok());
}
