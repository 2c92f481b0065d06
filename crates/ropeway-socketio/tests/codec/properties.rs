//! What holds for every packet and for every input.

use std::borrow::Cow;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use ropeway_socketio::engine::payload::{self, Writer};
use ropeway_socketio::engine::{self, Message, Version};
use ropeway_socketio::{Body, Decoder, Limits, Packet, encode, msgpack};
use serde_json::Value;

use crate::fuzzed::socketio;

/// Texts with everything that was ever miscounted: escapes, several bytes, two code units, separators.
fn text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        any::<char>(),
        prop::sample::select(vec![
            '"', '\\', '\n', '\u{1e}', ',', '/', '[', ']', 'é', '\u{2028}', '🚡', '0', '\0'
        ]),
    ];
    vec(character, 0..12).prop_map(String::from_iter)
}

fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        // Whole numbers are not kept apart from others.
        any::<f64>().prop_filter("fraction", |number| number.fract() != 0.0).prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    scalar.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            vec((text(), inner), 0..20).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Arguments, where some are attachments.
fn arguments() -> impl Strategy<Value = (String, Vec<Bytes>)> {
    let argument = prop_oneof![
        4 => value().prop_map(Ok),
        1 => vec(any::<u8>(), 0..40).prop_map(|data| Err(Bytes::from(data))),
    ];
    vec(argument, 0..8).prop_map(|arguments| {
        let mut attachments = Vec::new();
        let mut place = |argument: Result<Value, Bytes>| match argument {
            Ok(value) => value.to_string(),
            Err(data) => {
                attachments.push(data);
                format!(r#"{{"_placeholder":true,"num":{}}}"#, attachments.len() - 1)
            }
        };
        let text: Vec<String> = arguments.into_iter().map(&mut place).collect();
        (text.join(","), attachments)
    })
}

fn namespace() -> impl Strategy<Value = String> {
    prop_oneof![Just("/".to_owned()), text().prop_map(|text| format!("/{}", text.replace(',', "")))]
}

fn packet() -> impl Strategy<Value = Packet<'static>> {
    let id = || 0_u64..1 << 53;
    let object =
        || vec((text(), value()), 0..4).prop_map(|members| Value::Object(members.into_iter().collect()));
    let body = prop_oneof![
        prop::option::of(object())
            .prop_map(|payload| Body::Connect(payload.map(|value| value.to_string().into()))),
        Just(Body::Disconnect),
        (prop::option::of(id()), text(), arguments()).prop_map(|(id, name, (arguments, attachments))| {
            Body::Event {
                id,
                name: name.into(),
                arguments: arguments.into(),
                attachments: attachments.into(),
            }
        }),
        (id(), arguments()).prop_map(|(id, (arguments, attachments))| Body::Ack {
            id,
            arguments: arguments.into(),
            attachments: attachments.into(),
        }),
        object().prop_map(|payload| Body::ConnectError(payload.to_string().into())),
    ];
    (namespace(), body).prop_map(|(namespace, body)| Packet { namespace: namespace.into(), body })
}

/// The packet with its payload as values, because texts of one value may differ.
fn normal(packet: &Packet<'_>) -> (String, String, Value, Vec<Bytes>) {
    let (kind, payload) = match &packet.body {
        Body::Connect(payload) => ("connect".to_owned(), payload.as_deref().unwrap_or("null").to_owned()),
        Body::Disconnect => ("disconnect".to_owned(), "null".to_owned()),
        Body::Event { id, name, arguments, .. } => (format!("event {id:?} {name}"), format!("[{arguments}]")),
        Body::Ack { id, arguments, .. } => (format!("ack {id}"), format!("[{arguments}]")),
        Body::ConnectError(payload) => ("connect_error".to_owned(), payload.to_string()),
    };
    let payload = serde_json::from_str(&payload).unwrap();
    (packet.namespace.to_string(), kind, payload, packet.attachments().to_vec())
}

proptest! {
    #[test]
    fn a_packet_reads_back(packet in packet()) {
        let mut text = String::new();
        packet.encode(&mut text);
        let mut decoder = Decoder::default();
        let mut decoded = decoder.text(&text).unwrap();
        for attachment in packet.attachments() {
            prop_assert_eq!(decoded, None);
            decoded = decoder.binary(attachment.clone()).unwrap();
        }
        prop_assert_eq!(decoded, Some(packet));
    }

    #[test]
    fn a_packet_in_message_pack_reads_back(packet in packet()) {
        let mut message = Vec::new();
        msgpack::encode(&packet, &mut message).unwrap();
        let decoded = msgpack::decode(&message, &Limits::default()).unwrap();
        prop_assert_eq!(normal(&decoded), normal(&packet));
    }

    #[test]
    fn a_payload_reads_back_and_no_cut_panics(messages in vec(prop_oneof![
        text().prop_map(|text| Message::Text(text.replace('\u{1e}', "").into())),
        vec(any::<u8>(), 0..40).prop_map(|data| Message::Binary(data.into())),
    ], 1..8)) {
        let packets: Vec<_> = messages.into_iter().map(engine::Packet::Message).collect();
        for version in [Version::V3, Version::V4] {
            let mut writer = Writer::new(version);
            packets.iter().for_each(|packet| writer.push(packet));
            let body = writer.finish();
            let decoded: Result<Vec<_>, _> = payload::decode(&body, version).collect();
            prop_assert_eq!(decoded.as_ref(), Ok(&packets));
            for cut in body.char_indices().map(|(at, _)| at) {
                let _ = payload::decode(&body[..cut], version).count();
            }
        }
        let body = payload::encode_binary(&packets);
        prop_assert_eq!(payload::decode_binary(&body).collect::<Result<Vec<_>, _>>(), Ok(packets));
        for cut in 1..body.len() {
            let _ = payload::decode_binary(&body[..cut]).count();
        }
    }

    #[test]
    fn every_cut_of_a_packet_is_refused_or_read(packet in packet()) {
        let mut text = String::new();
        packet.encode(&mut text);
        for cut in text.char_indices().map(|(at, _)| at) {
            let _ = Decoder::default().text(&text[..cut]);
        }
    }

    /// serde_json is the oracle of what JSON is, but it knows no depth of 128.
    #[test]
    fn json_is_what_serde_json_takes(text in "[\\[\\]{}\",:0-9.eE+\\-tfn \\\\u]{0,16}|[\\[{\"a\\]},: ]{0,12}") {
        agree(&text);
    }

    #[test]
    fn json_with_one_character_changed_is_what_serde_json_takes(
        value in value(), at in any::<prop::sample::Index>(), instead in "[\\[\\]{}\",:0-9.eE+\\-tfn \\\\é]",
    ) {
        let text = value.to_string();
        let characters: Vec<char> = text.chars().collect();
        let at = at.index(characters.len());
        let before: String = characters[..at].iter().collect();
        let after: String = characters[at + 1..].iter().collect();
        agree(&format!("{before}{instead}{after}"));
        agree(&format!("{before}{after}"));
    }

    #[test]
    fn any_bytes_do_no_harm(input in vec(any::<u8>(), 0..200)) {
        socketio::run(&input);
    }

    #[test]
    fn nearly_a_packet_does_no_harm(
        packet in packet(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut message = Vec::new();
        msgpack::encode(&packet, &mut message).unwrap();
        let at = at.index(message.len());
        message[at] = byte;
        let mut input = vec![socketio::MSGPACK];
        input.extend_from_slice(&message);
        socketio::run(&input);
    }
}

#[track_caller]
fn agree(json: &str) {
    let is_json = serde_json::from_str::<Box<serde_json::value::RawValue>>(json).is_ok();
    let text = format!("2[\"a\",{json}\n]");
    let decoded = Decoder::default().text(&text);
    // Inside of an array several values with commas are fine as well.
    let is_list = serde_json::from_str::<Box<serde_json::value::RawValue>>(&format!("[{json}\n]")).is_ok();
    assert_eq!(decoded.is_ok(), is_list && !json.trim_ascii().is_empty(), "{text}");
    assert!(!is_json || is_list);
    if let Ok(Some(packet)) = decoded {
        let mut again = String::new();
        encode::event(&mut again, "/", None, "a", &[packet.arguments()], 0);
        assert_eq!(
            Decoder::default().text(&again).unwrap().map(|packet| packet.arguments().to_owned()),
            Some(Cow::from(packet.arguments()).into_owned())
        );
    }
}
