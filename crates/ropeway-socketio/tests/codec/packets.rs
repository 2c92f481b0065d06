//! Packets that are as the protocol document wants them (Packet encoding).

use std::borrow::Cow;

use bytes::Bytes;
use ropeway_socketio::{Body, Decoder, Packet, encode};

use crate::support::{connect, connect_error, event, samples};

#[track_caller]
fn decode(text: &str) -> Packet<'_> {
    Decoder::default().text(text).unwrap().unwrap()
}

#[test]
fn what_the_reference_writes_is_read() {
    for (packet, text, _) in samples() {
        let mut decoder = Decoder::default();
        let mut decoded = decoder.text(text).unwrap();
        for attachment in packet.attachments() {
            assert_eq!((decoded, decoder.is_waiting()), (None, true), "{text}");
            decoded = decoder.binary(attachment.clone()).unwrap();
        }
        assert_eq!((decoded, decoder.is_waiting()), (Some(packet), false), "{text}");
    }
}

#[test]
fn the_reference_would_write_the_same() {
    for (packet, text, _) in samples() {
        let mut out = "4".to_owned();
        packet.encode(&mut out);
        assert_eq!(out[1..], *text);
    }
}

#[test]
fn arguments_are_borrowed_as_they_were_written() {
    let packet = decode("2/é🚡,12 [ \"msg\" , {\"a\" : [1, \"\\u0041\"]} , \"🐎\"\t]\n");
    let Packet { namespace: Cow::Borrowed("/é🚡"), body } = packet else { panic!("{packet:?}") };
    let Body::Event { id: Some(12), name: Cow::Borrowed("msg"), arguments: Cow::Borrowed(text), .. } = body
    else {
        panic!("{body:?}")
    };
    assert_eq!(text, "{\"a\" : [1, \"\\u0041\"]} , \"🐎\"");
}

#[test]
fn a_namespace_ends_at_a_comma_or_with_the_packet() {
    assert_eq!(decode("0/chat").namespace, "/chat");
    assert_eq!(decode("0/chat,").namespace, "/chat");
    assert_eq!(decode("0/,").namespace, "/");
    assert_eq!(decode("1/a/b{}[]7").namespace, "/a/b{}[]7");
    assert_eq!(decode(r#"2/ž,["a,b"]"#), event("/ž", None, "a,b", "", &[]));
}

#[test]
fn what_follows_a_question_mark_is_part_of_the_namespace() {
    let packet = decode("0/admin?token=1&x=é,");
    assert_eq!(packet, connect("/admin?token=1&x=é", None));
    assert_eq!(packet.path_and_query(), ("/admin", Some("token=1&x=é")));
    assert_eq!(decode("0/admin,").path_and_query(), ("/admin", None));
}

#[test]
fn a_name_is_any_string_or_number_that_is_not_reserved() {
    for (text, name) in [
        (r#"2["é\n\u00e9🚡"]"#, "é\né🚡"),
        (r#"2[""]"#, ""),
        (r#"2["\ud83d"]"#, "\u{fffd}"),
        (r#"2["Connect"]"#, "Connect"),
        (r#"2["error"]"#, "error"),
        ("2[7]", "7"),
        ("2[-1.5e3,1]", "-1.5e3"),
    ] {
        let Body::Event { name: decoded, .. } = decode(text).body else { panic!("an event") };
        assert_eq!(decoded, name, "{text}");
    }
}

#[test]
fn ids_go_to_the_last_number_that_javascript_counts_to() {
    assert_eq!(decode(r#"20["a"]"#), event("/", 0, "a", "", &[]));
    assert_eq!(decode(r#"2007["a"]"#), event("/", 7, "a", "", &[]));
    assert_eq!(decode(r#"29007199254740991["a"]"#), event("/", (1 << 53) - 1, "a", "", &[]));
}

#[test]
fn a_refusal_is_an_object_or_the_string_of_old_clients() {
    assert_eq!(decode("4\"é\""), connect_error("/", "\"é\""));
    assert_eq!(decode("4/x,{} "), connect_error("/x", "{}"));
}

#[test]
fn a_marked_object_means_nothing_without_attachments() {
    let text = r#"2["a",{"_placeholder":true,"num":7}]"#;
    assert_eq!(decode(text), event("/", None, "a", r#"{"_placeholder":true,"num":7}"#, &[]));
}

#[test]
fn parts_of_an_argument_list_are_joined() {
    let mut out = "4".to_owned();
    encode::event(&mut out, "/é", Some(5), "na\"me", &["1,2", "", r#"{"room":"🚡"}"#, "\"offset\""], 0);
    assert_eq!(out, r#"42/é,5["na\"me",1,2,{"room":"🚡"},"offset"]"#);
    out.clear();
    encode::event(&mut out, "/", None, "msg", &[], 0);
    assert_eq!(out, r#"2["msg"]"#);
}

#[test]
fn an_owned_packet_is_the_same() {
    for (packet, ..) in samples() {
        assert_eq!(packet.clone().into_owned(), packet);
    }
    assert_eq!(event("/", None, "a", "", &[b"x"]).attachments(), [Bytes::from_static(b"x")]);
}
