//! Packets of Engine.IO (protocol document, Packet encoding).

use ropeway_socketio::engine::{Message, Packet, PacketError, Version};

fn samples() -> [(Packet<'static>, &'static str, &'static str); 8] {
    let binary = Packet::Message(Message::Binary(vec![1, 2, 3, 4].into()));
    [
        (Packet::Open("{}".into()), "0{}", "0{}"),
        (Packet::Close, "1", "1"),
        (Packet::Ping("probe".into()), "2probe", "2probe"),
        (Packet::Pong("".into()), "3", "3"),
        (Packet::Message(Message::Text("aé🚡".into())), "4aé🚡", "4aé🚡"),
        (binary, "bAQIDBA==", "b4AQIDBA=="),
        (Packet::Upgrade, "5", "5"),
        (Packet::Noop, "6", "6"),
    ]
}

#[test]
fn packets_are_a_type_and_data() {
    for (packet, four, three) in samples() {
        for (version, text) in [(Version::V4, four), (Version::V3, three)] {
            assert_eq!(Packet::decode(text, version).as_ref(), Ok(&packet), "{text}");
            let mut out = String::new();
            packet.encode(version, &mut out);
            assert_eq!(out, text);
        }
    }
}

#[test]
fn binary_data_is_a_message() {
    let message = |data: &'static [u8]| Ok(Packet::Message(Message::Binary(data.into())));
    assert_eq!(Packet::decode_binary(b"\x04\xff", Version::V4), message(b"\x04\xff"));
    assert_eq!(Packet::decode_binary(b"", Version::V4), message(b""));
    assert_eq!(Packet::decode_binary(b"\x04\xff", Version::V3), message(b"\xff"));
    assert_eq!(Packet::decode_binary(b"\x04", Version::V3), message(b""));
    assert_eq!(Packet::decode_binary(b"", Version::V3), Err(PacketError::Empty));
    assert_eq!(Packet::decode_binary(b"\x02probe", Version::V3), Err(PacketError::BinaryType));
    assert_eq!(Packet::binary_prefix(Version::V3), b"\x04");
    assert_eq!(Packet::binary_prefix(Version::V4), b"");
}

#[test]
fn what_is_no_packet_is_refused() {
    for version in [Version::V3, Version::V4] {
        assert_eq!(Packet::decode("", version), Err(PacketError::Empty));
        for text in ["7", "9abc", "a", "é", "🚡", "\u{0}", "-1", " 4"] {
            assert_eq!(Packet::decode(text, version), Err(PacketError::UnknownType), "{text}");
        }
    }
    for text in ["b!", "bA", "bé", "bAQIDBA===", "bAQ==BA=="] {
        assert_eq!(Packet::decode(text, Version::V4), Err(PacketError::Base64), "{text}");
    }
    for text in ["b", "bAQIDBA==", "b3AQIDBA=="] {
        assert_eq!(Packet::decode(text, Version::V3), Err(PacketError::BinaryType), "{text}");
    }
}

#[test]
fn base64_needs_no_padding() {
    for text in ["bAQIDBA", "bAQIDBA=", "bAQIDBA=="] {
        let packet = Packet::decode(text, Version::V4).unwrap();
        assert_eq!(packet, Packet::Message(Message::Binary([1, 2, 3, 4][..].into())));
    }
}

#[test]
fn data_of_packets_that_have_none_is_not_looked_at() {
    assert_eq!(Packet::decode("1é", Version::V4), Ok(Packet::Close));
    assert_eq!(Packet::decode("5probe", Version::V4), Ok(Packet::Upgrade));
    assert_eq!(Packet::decode("6🚡", Version::V4), Ok(Packet::Noop));
}

#[test]
fn versions_are_those_of_the_query() {
    assert_eq!((Version::parse("3"), Version::parse("4")), (Some(Version::V3), Some(Version::V4)));
    for text in ["", "2", "5", "04", "4.0", "é"] {
        assert_eq!(Version::parse(text), None, "{text}");
    }
}
