//! Packets as tests write them.

use std::borrow::Cow;

use bytes::Bytes;
use ropeway_socketio::{Body, Packet};

pub(crate) const PLACEHOLDER: &str = r#"{"_placeholder":true,"num":0}"#;

pub(crate) fn connect<'a>(namespace: &'a str, payload: Option<&'a str>) -> Packet<'a> {
    Packet { namespace: namespace.into(), body: Body::Connect(payload.map(Cow::Borrowed)) }
}

pub(crate) fn disconnect(namespace: &str) -> Packet<'_> {
    Packet { namespace: namespace.into(), body: Body::Disconnect }
}

pub(crate) fn connect_error<'a>(namespace: &'a str, payload: &'a str) -> Packet<'a> {
    Packet { namespace: namespace.into(), body: Body::ConnectError(payload.into()) }
}

pub(crate) fn event<'a>(
    namespace: &'a str,
    id: impl Into<Option<u64>>,
    name: &'a str,
    arguments: &'a str,
    attachments: &[&'static [u8]],
) -> Packet<'a> {
    let attachments = bytes(attachments);
    let body = Body::Event { id: id.into(), name: name.into(), arguments: arguments.into(), attachments };
    Packet { namespace: namespace.into(), body }
}

pub(crate) fn ack<'a>(
    namespace: &'a str,
    id: u64,
    arguments: &'a str,
    attachments: &[&'static [u8]],
) -> Packet<'a> {
    let attachments = bytes(attachments);
    Packet { namespace: namespace.into(), body: Body::Ack { id, arguments: arguments.into(), attachments } }
}

fn bytes(attachments: &[&'static [u8]]) -> Cow<'static, [Bytes]> {
    attachments.iter().map(|bytes| Bytes::from_static(bytes)).collect()
}

/// The same packets in text, with their attachments, and in MessagePack. Each was written by the reference.
pub(crate) fn samples() -> Vec<(Packet<'static>, &'static str, &'static [u8])> {
    let two = r#"{"_placeholder":true,"num":0},{"b":[{"_placeholder":true,"num":1}]}"#;
    vec![
        (connect("/", None), "0", b"\x82\xa4type\x00\xa3nsp\xa1/"),
        (
            connect("/", Some(r#"{"token":"é"}"#)),
            r#"0{"token":"é"}"#,
            b"\x83\xa4type\x00\xa3nsp\xa1/\xa4data\x81\xa5token\xa2\xc3\xa9",
        ),
        (
            connect("/chat", Some(r#"{"sid":"x"}"#)),
            r#"0/chat,{"sid":"x"}"#,
            b"\x83\xa4type\x00\xa3nsp\xa5/chat\xa4data\x81\xa3sid\xa1x",
        ),
        (
            connect("/admin?token=1234", None),
            "0/admin?token=1234,",
            b"\x82\xa4type\x00\xa3nsp\xb1/admin?token=1234",
        ),
        (disconnect("/"), "1", b"\x82\xa4type\x01\xa3nsp\xa1/"),
        (disconnect("/chat"), "1/chat,", b"\x82\xa4type\x01\xa3nsp\xa5/chat"),
        (
            event("/", None, "msg", r#""žluťoučký 🐎",null,[1.5,-2],{"a":{}}"#, &[]),
            r#"2["msg","žluťoučký 🐎",null,[1.5,-2],{"a":{}}]"#,
            b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x95\xa3msg\xb2\xc5\xbelu\xc5\xa5ou\xc4\x8dk\xc3\xbd \xf0\x9f\x90\x8e\
              \xc0\x92\xcb?\xf8\x00\x00\x00\x00\x00\x00\xfe\x81\xa1a\x80",
        ),
        (event("/", None, "msg", "", &[]), r#"2["msg"]"#, b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x91\xa3msg"),
        (
            event("/chat", 0, "a\"\\\n\u{1}", r#""\u0001\"\\""#, &[]),
            r#"2/chat,0["a\"\\\n\u0001","\u0001\"\\"]"#,
            b"\x84\xa4type\x02\xa3nsp\xa5/chat\xa2id\x00\xa4data\x92\xa5a\x22\x5c\x0a\x01\xa3\x01\x22\x5c",
        ),
        (
            event("/", 9_007_199_254_740_991, "a", "true", &[]),
            r#"29007199254740991["a",true]"#,
            b"\x84\xa4type\x02\xa3nsp\xa1/\xa2id\xcf\x00\x1f\xff\xff\xff\xff\xff\xff\xa4data\x92\xa1a\xc3",
        ),
        (
            event("/", None, "bin", two, &[&[1, 2, 3], "é".as_bytes()]),
            r#"52-["bin",{"_placeholder":true,"num":0},{"b":[{"_placeholder":true,"num":1}]}]"#,
            b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x93\xa3bin\xc4\x03\x01\x02\x03\x81\xa1b\x91\xc4\x02\xc3\xa9",
        ),
        (
            event("/chat", 12, "bin", PLACEHOLDER, &[b""]),
            r#"51-/chat,12["bin",{"_placeholder":true,"num":0}]"#,
            b"\x84\xa4type\x02\xa3nsp\xa5/chat\xa2id\x0c\xa4data\x92\xa3bin\xc4\x00",
        ),
        (ack("/", 3, "", &[]), "33[]", b"\x84\xa4type\x03\xa3nsp\xa1/\xa2id\x03\xa4data\x90"),
        (
            ack("/chat", 456, r#""ok",{"n":1}"#, &[]),
            r#"3/chat,456["ok",{"n":1}]"#,
            b"\x84\xa4type\x03\xa3nsp\xa5/chat\xa2id\xcd\x01\xc8\xa4data\x92\xa2ok\x81\xa1n\x01",
        ),
        (
            ack("/", 1, PLACEHOLDER, &[&[0xff]]),
            r#"61-1[{"_placeholder":true,"num":0}]"#,
            b"\x84\xa4type\x03\xa3nsp\xa1/\xa2id\x01\xa4data\x91\xc4\x01\xff",
        ),
        (
            connect_error("/", r#"{"message":"Not authorized","data":{"code":"é"}}"#),
            r#"4{"message":"Not authorized","data":{"code":"é"}}"#,
            b"\x83\xa4type\x04\xa3nsp\xa1/\xa4data\x82\xa7message\xaeNot authorized\xa4data\x81\xa4code\xa2\xc3\xa9",
        ),
    ]
}
