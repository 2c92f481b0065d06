//! Packets and payloads from any bytes.

use bytes::Bytes;
use ropeway_socketio::engine::{Handshake, Message, Packet as Carried, Version, payload};
use ropeway_socketio::{Body, Decoder, Limits, Packet, msgpack, placeholders};
use serde_json::value::RawValue;

/// The first byte of an input that is a packet in MessagePack.
pub(crate) const MSGPACK: u8 = b'm';

/// The first byte chooses what the rest is: `t` messages of a connection with a line break between them, `m` a packet in
/// MessagePack, `3` and `4` a payload of that version, `o` binary data of version 3, `h` a handshake.
pub(crate) fn run(input: &[u8]) {
    let [kind, rest @ ..] = input else { return };
    let text = std::str::from_utf8(rest);
    match (kind, text) {
        (b't', Ok(text)) => connection(text),
        (&MSGPACK, _) => message_pack(rest),
        (b'3', Ok(text)) => text_payload(text, Version::V3),
        (b'4', Ok(text)) => text_payload(text, Version::V4),
        (b'o', _) => binary_payload(rest),
        (b'h', Ok(text)) => handshake(text),
        _ => {}
    }
}

/// A line that begins with `b` is binary data.
fn connection(text: &str) {
    let mut decoder = Decoder::default();
    for line in text.split('\n') {
        let decoded = match line.strip_prefix('b') {
            Some(data) => decoder.binary(Bytes::copy_from_slice(data.as_bytes())),
            None => decoder.text(line),
        };
        match decoded {
            Ok(Some(packet)) => packet_reads_back(&packet),
            Ok(None) => assert!(decoder.is_waiting()),
            Err(_) => return,
        }
    }
}

/// Whatever was accepted, the other ends accept too, in either form.
fn packet_reads_back(packet: &Packet<'_>) {
    assert!(packet.namespace.starts_with('/') && !packet.namespace.contains(','));
    assert!(packet.attachments().len() <= Limits::default().attachments);
    text_reads_back(packet);
    let mut message = Vec::new();
    assert_eq!(msgpack::encode(packet, &mut message), Ok(()), "{packet:?}");
    // What is not in any placeholder does not survive: this form has no place for it.
    let mut placed = placeholders(packet.arguments()).count();
    if packet.attachments().is_empty() {
        placed = 0;
    }
    match msgpack::decode(&message, &Limits::default()) {
        Ok(again) => assert_eq!(again.attachments().len(), placed, "{packet:?}"),
        Err(error) => panic!("{error}: {packet:?}"),
    }
}

fn text_reads_back(packet: &Packet<'_>) {
    let mut text = String::new();
    packet.encode(&mut text);
    let mut decoder = Decoder::default();
    let mut again = decoder.text(&text);
    for attachment in packet.attachments() {
        assert_eq!(again, Ok(None), "{text}");
        again = decoder.binary(attachment.clone());
    }
    assert_eq!(again, Ok(Some(packet.clone())), "{text}");
}

fn message_pack(message: &[u8]) {
    let Ok(packet) = msgpack::decode(message, &Limits::default()) else { return };
    if let Body::Connect(Some(payload)) | Body::ConnectError(payload) = &packet.body {
        assert!(serde_json::from_str::<&RawValue>(payload).is_ok(), "{payload}");
    }
    packet_reads_back(&packet);
}

fn text_payload(body: &str, version: Version) {
    let packets: Result<Vec<_>, _> = payload::decode(body, version).collect();
    let Ok(packets) = packets else { return };
    let mut writer = payload::Writer::new(version);
    packets.iter().for_each(|packet| writer.push(packet));
    let again = writer.finish();
    if !packets.is_empty() {
        assert_eq!(payload::decode(&again, version).collect::<Result<Vec<_>, _>>(), Ok(packets));
    }
}

fn binary_payload(body: &[u8]) {
    let packets: Result<Vec<_>, _> = payload::decode_binary(body).collect();
    let Ok(packets) = packets else { return };
    let is_text = |packet: &&Carried<'_>| !matches!(packet, Carried::Message(Message::Binary(_)));
    assert!(packets.iter().filter(is_text).count() <= body.len());
    let again = payload::encode_binary(&packets);
    assert_eq!(payload::decode_binary(&again).collect::<Result<Vec<_>, _>>(), Ok(packets));
}

fn handshake(text: &str) {
    if let Ok(handshake) = Handshake::decode(text) {
        assert_eq!(Handshake::decode(&handshake.encode()), Ok(handshake));
    }
}
