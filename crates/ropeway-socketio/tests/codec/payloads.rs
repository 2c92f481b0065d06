//! Payloads of polling (Engine.IO protocol, HTTP long-polling; version 3: Payload).

use ropeway_socketio::engine::payload::{self, Writer};
use ropeway_socketio::engine::{Message, Packet, PacketError, Version};

const V4: &str = "0{}\x1e1\x1e2probe\x1e3probe\x1e4aé🚡\x1ebAQIDBA==\x1e5\x1e6";
const V3: &str = "3:0{}1:16:2probe6:3probe5:4aé🚡10:b4AQIDBA==1:51:6";
const V3_BINARY: &[u8] = b"\x00\x03\xff0{}\x00\x01\xff1\x00\x06\xff2probe\x00\x06\xff3probe\
    \x00\x08\xff4a\xc3\xa9\xf0\x9f\x9a\xa1\x01\x05\xff\x04\x01\x02\x03\x04\x00\x01\xff5\x00\x01\xff6";

fn packets() -> Vec<Packet<'static>> {
    vec![
        Packet::Open("{}".into()),
        Packet::Close,
        Packet::Ping("probe".into()),
        Packet::Pong("probe".into()),
        text("aé🚡"),
        Packet::Message(Message::Binary(vec![1, 2, 3, 4].into())),
        Packet::Upgrade,
        Packet::Noop,
    ]
}

fn text(text: &str) -> Packet<'_> {
    Packet::Message(Message::Text(text.into()))
}

fn decode(body: &str, version: Version) -> Vec<Result<Packet<'_>, PacketError>> {
    payload::decode(body, version).collect()
}

#[test]
fn what_the_reference_writes_is_read() {
    let expected: Vec<_> = packets().into_iter().map(Ok).collect();
    assert_eq!(decode(V4, Version::V4), expected);
    assert_eq!(decode(V3, Version::V3), expected);
    assert_eq!(payload::decode_binary(V3_BINARY).collect::<Vec<_>>(), expected);
}

#[test]
fn the_reference_would_write_the_same() {
    for (version, expected) in [(Version::V4, V4), (Version::V3, V3)] {
        let mut writer = Writer::new(version);
        assert!(writer.is_empty());
        for packet in &packets() {
            writer.push(packet);
        }
        assert_eq!((writer.len(), writer.is_empty()), (expected.len(), false));
        assert_eq!(writer.finish(), expected);
    }
    assert_eq!(payload::encode_binary(&packets()), V3_BINARY);
}

#[test]
fn packets_that_are_text_already_are_appended() {
    for (version, expected) in
        [(Version::V4, "42[\"é🚡\"]\x1ebAQIDBA==\x1e6"), (Version::V3, "9:42[\"é🚡\"]10:b4AQIDBA==1:6")]
    {
        let mut writer = Writer::new(version);
        writer.push_encoded("42[\"é🚡\"]");
        writer.push_binary(&[1, 2, 3, 4]);
        writer.push(&Packet::Noop);
        assert_eq!(writer.finish(), expected);
    }
}

#[test]
fn reading_ends_with_the_first_packet_that_is_none() {
    let expected = [Ok(text("é")), Err(PacketError::UnknownType)];
    assert_eq!(decode("4é\x1ex\x1e4b", Version::V4), expected);
    assert_eq!(decode("2:4é1:x2:4b", Version::V3), expected);
    assert_eq!(decode("4é\x1e", Version::V4), [Ok(text("é")), Err(PacketError::Empty)]);
    assert_eq!(decode("\x1e4é", Version::V4), [Err(PacketError::Empty)]);
    assert_eq!(decode("", Version::V4), [Err(PacketError::Empty)]);
    assert_eq!(decode("4é\x1ebé", Version::V4), [Ok(text("é")), Err(PacketError::Base64)]);
}

#[test]
fn lengths_of_version_3_are_exact() {
    for body in [
        "",
        ":",
        ":4a",
        "x",
        "2",
        "-1:4",
        "+2:4a",
        " 2:4a",
        "2.0:4a",
        "0x2:4a",
        "3:4a",
        "3:4🚡"[..].trim_end_matches('🚡'),
        "2:4🚡",
        "99999999999999999999999999:4a",
        "é:4a",
    ] {
        assert_eq!(decode(body, Version::V3), [Err(PacketError::Length)], "{body:?}");
    }
    for body in ["2:4a1", "2:4a:", "2:4a3:4", "2:4ax:4", "2:4a2:4🚡"] {
        assert_eq!(decode(body, Version::V3), [Ok(text("a")), Err(PacketError::Length)], "{body:?}");
    }
    assert_eq!(decode("3:4🚡02:4é", Version::V3), [Ok(text("🚡")), Ok(text("é"))]);
}

#[test]
fn version_3_may_have_no_packet() {
    assert_eq!(decode("0:", Version::V3), []);
    assert_eq!(decode("0:2:4a0:", Version::V3), [Ok(text("a"))]);
    assert_eq!(payload::decode_binary(b"").count(), 0);
}

#[test]
fn binary_payloads_that_break_a_rule_are_refused() {
    let cases: [(&[u8], PacketError); 11] = [
        (b"\x00", PacketError::Length),
        (b"\x00\xff4", PacketError::Length),
        (b"\x00\x01", PacketError::Length),
        (b"\x00\x02\xff4", PacketError::Length),
        (b"\x00\x0a\xff4aaaaaaaaa", PacketError::Length),
        (b"\x02\x01\xff4", PacketError::Length),
        (
            b"\x00\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\xff4",
            PacketError::Length,
        ),
        (b"\x00\x02\xff4\xff", PacketError::Utf8),
        (b"\x00\x00\xff", PacketError::Empty),
        (b"\x01\x00\xff", PacketError::Empty),
        (b"\x01\x02\xff\x02\x00\x00\x01\xff6", PacketError::BinaryType),
    ];
    for (body, error) in cases {
        assert_eq!(payload::decode_binary(body).collect::<Vec<_>>(), [Err(error)], "{body:x?}");
    }
}

#[test]
fn decoding_goes_on_behind_any_packet() {
    for first in 0..=packets().len() {
        for (body, version) in [(V4, Version::V4), (V3, Version::V3)] {
            let mut decoding = payload::decode(body, version);
            let mut decoded: Vec<_> = decoding.by_ref().take(first).collect();
            if let Some(rest) = decoding.remainder() {
                decoded.extend(payload::decode(rest, version));
            }
            assert_eq!(
                decoded.into_iter().collect::<Result<Vec<_>, _>>(),
                Ok(packets()),
                "{version:?}, {first}"
            );
        }
        let mut decoding = payload::decode_binary(V3_BINARY);
        let mut decoded: Vec<_> = decoding.by_ref().take(first).collect();
        decoded.extend(decoding.remainder().into_iter().flat_map(payload::decode_binary));
        assert_eq!(decoded.into_iter().collect::<Result<Vec<_>, _>>(), Ok(packets()), "binary, {first}");
    }
}

#[test]
fn nothing_is_left_behind_an_error() {
    let mut text = payload::decode("x\x1e4b", Version::V4);
    assert_eq!((text.next(), text.remainder()), (Some(Err(PacketError::UnknownType)), None));
    let mut binary = payload::decode_binary(b"\x02\x01\xff4\x00\x01\xff6");
    assert_eq!((binary.next(), binary.remainder()), (Some(Err(PacketError::Length)), None));
    // What ends with a separator goes on with an empty packet, which is none.
    let mut text = payload::decode("4\u{e9}\x1e", Version::V4);
    assert!(text.next().is_some_and(|packet| packet.is_ok()));
    assert_eq!(text.remainder(), Some(""));
}
