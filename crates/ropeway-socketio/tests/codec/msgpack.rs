//! The parser of socket.io-msgpack-parser.

use ropeway_socketio::{Error, Limits, Packet, msgpack};

use crate::support::{PLACEHOLDER, ack, connect, connect_error, disconnect, event, samples};

fn decode(message: &[u8]) -> Result<Packet<'static>, Error> {
    msgpack::decode(message, &Limits::default())
}

/// An event `a` with one argument.
fn with_argument(argument: &[u8]) -> Vec<u8> {
    [b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x92\xa1a", argument].concat()
}

#[track_caller]
fn encode(packet: &Packet<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    msgpack::encode(packet, &mut out).unwrap();
    out
}

#[test]
fn what_the_reference_writes_is_read() {
    for (packet, _, message) in samples() {
        assert_eq!(decode(message), Ok(packet));
    }
}

#[test]
fn the_reference_would_write_the_same() {
    for (packet, _, message) in samples() {
        assert_eq!(encode(&packet), message, "{packet:?}");
    }
}

#[test]
fn numbers_have_their_shortest_form() {
    let numbers: [(&str, &[u8]); 24] = [
        ("0", b"\x00"),
        ("127", b"\x7f"),
        ("128", b"\xcc\x80"),
        ("255", b"\xcc\xff"),
        ("256", b"\xcd\x01\x00"),
        ("65535", b"\xcd\xff\xff"),
        ("65536", b"\xce\x00\x01\x00\x00"),
        ("4294967295", b"\xce\xff\xff\xff\xff"),
        ("4294967296", b"\xcf\x00\x00\x00\x01\x00\x00\x00\x00"),
        ("9007199254740991", b"\xcf\x00\x1f\xff\xff\xff\xff\xff\xff"),
        ("-1", b"\xff"),
        ("-32", b"\xe0"),
        ("-33", b"\xd0\xdf"),
        ("-128", b"\xd0\x80"),
        ("-129", b"\xd1\xff\x7f"),
        ("-32768", b"\xd1\x80\x00"),
        ("-32769", b"\xd2\xff\xff\x7f\xff"),
        ("-2147483648", b"\xd2\x80\x00\x00\x00"),
        ("-2147483649", b"\xd3\xff\xff\xff\xff\x7f\xff\xff\xff"),
        ("-9007199254740991", b"\xd3\xff\xe0\x00\x00\x00\x00\x00\x01"),
        ("1.5", b"\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00"),
        ("0.1", b"\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a"),
        ("18446744073709551615", b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff"),
        ("1e+21", b"\xcb\x44\x4b\x1a\xe4\xd6\xe2\xef\x50"),
    ];
    for (json, bytes) in numbers {
        assert_eq!(encode(&event("/", None, "a", json, &[])), with_argument(bytes), "{json}");
        let back = decode(&with_argument(bytes)).unwrap();
        let (back, json): (f64, f64) = (back.arguments().parse().unwrap(), json.parse().unwrap());
        assert_eq!(back.to_bits(), json.to_bits(), "{json}");
    }
    for (json, bytes) in [("-0", &b"\x00"[..]), ("1.0", b"\x01"), ("12e1", b"\x78"), ("-0.0", b"\x00")] {
        assert_eq!(encode(&event("/", None, "a", json, &[])), with_argument(bytes), "{json}");
    }
}

#[test]
fn other_writers_may_use_longer_forms() {
    let cases: [(&[u8], &str); 8] = [
        (b"\xd2\x00\x00\x00\x05", "5"),
        (b"\xcf\x00\x00\x00\x00\x00\x00\x00\x05", "5"),
        (b"\xca\x3f\x00\x00\x00", "0.5"),
        (b"\xdb\x00\x00\x00\x02\xc3\xa9", "\"é\""),
        (b"\xdd\x00\x00\x00\x01\xc0", "[null]"),
        (b"\xdf\x00\x00\x00\x01\xd9\x01k\xc2", "{\"k\":false}"),
        (b"\xc6\x00\x00\x00\x01x", PLACEHOLDER),
        (b"\xc8\x00\x01\x00x", PLACEHOLDER),
    ];
    for (bytes, json) in cases {
        assert_eq!(decode(&with_argument(bytes)).unwrap().arguments(), json);
    }
}

#[test]
fn what_json_does_not_have_is_as_json_stringify_makes_it() {
    let cases: [(&[u8], &str); 13] = [
        (b"\xd4\x00\x00", "null"),
        (b"\x92\xd4\x00\x00\x01", "[null,1]"),
        (b"\x82\xa1u\xd4\x00\x00\xa1v\x01", "{\"v\":1}"),
        (b"\x81\xa1u\xd4\x00\x00", "{}"),
        (b"\xd7\x00\x00\x00\x01\xa1\x50\x20\xa4\x35", "\"2026-10-18T17:47:58.901Z\""),
        (b"\xd7\x00\xff\xff\xff\xff\xff\xff\xff\xff", "\"1969-12-31T23:59:59.999Z\""),
        (b"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00", "null"),
        (b"\xcb\xff\xf0\x00\x00\x00\x00\x00\x00", "null"),
        (b"\xc7\x02\x00\x09\x08", PLACEHOLDER),
        (b"\xd4\x05x", r#"[5,{"_placeholder":true,"num":0}]"#),
        (b"\xc7\x01\xffx", r#"[-1,{"_placeholder":true,"num":0}]"#),
        (
            b"\x85\x07\xc0\xff\xc0\xc3\xc0\xc0\xc0\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00\xc0",
            r#"{"7":null,"-1":null,"true":null,"null":null,"1.5":null}"#,
        ),
        (b"\xa2\xc3\x28", "\"\u{fffd}(\""),
    ];
    for (bytes, json) in cases {
        assert_eq!(decode(&with_argument(bytes)).unwrap().arguments(), json, "{bytes:x?}");
    }
}

#[test]
fn lengths_of_strings_and_containers_are_counted_in_bytes_and_elements() {
    for (len, head) in [
        (31, &b"\xbf"[..]),
        (32, b"\xd9\x20"),
        (255, b"\xd9\xff"),
        (256, b"\xda\x01\x00"),
        (65_536, b"\xdb\x00\x01\x00\x00"),
    ] {
        let text = "é".repeat(len / 2) + &"x".repeat(len % 2);
        let bytes = with_argument(&[head, text.as_bytes()].concat());
        let json = format!("\"{text}\"");
        assert_eq!(encode(&event("/", None, "a", &json, &[])), bytes);
        assert_eq!(decode(&bytes).unwrap().arguments(), json);
    }
    for (len, head) in [
        (15, &b"\x9f"[..]),
        (16, b"\xdc\x00\x10"),
        (65_535, b"\xdc\xff\xff"),
        (65_536, b"\xdd\x00\x01\x00\x00"),
    ] {
        let json = format!("[{}]", vec!["1"; len].join(","));
        let bytes = with_argument(&[head, &vec![1; len]].concat());
        assert_eq!(encode(&event("/", None, "a", &json, &[])), bytes);
        assert_eq!(decode(&bytes).unwrap().arguments(), json);
    }
    let json = format!("{{{}}}", vec!["\"k\":0"; 16].join(","));
    let bytes = with_argument(&[&b"\xde\x00\x10"[..], &b"\xa1k\x00".repeat(16)].concat());
    assert_eq!(encode(&event("/", None, "a", &json, &[])), bytes);
}

#[test]
fn members_may_stand_in_any_order_and_others_are_ignored() {
    let message = b"\x86\xa7options\x81\xa8compress\xc3\xa4data\x91\xa1a\xa2id\xd4\x00\x00\xa3nsp\xa5/chat\xa4type\x02\xa1x\xc4\x01x";
    assert_eq!(decode(message), Ok(event("/chat", None, "a", "", &[])));
    assert_eq!(decode(b"\x83\xa4type\x00\xa3nsp\xa1/\xa4data\xd4\x00\x00"), Ok(connect("/", None)));
    // As python-socketio writes it.
    assert_eq!(decode(b"\x83\xa4type\x01\xa4data\xc0\xa3nsp\xa1/"), Ok(disconnect("/")));
    assert_eq!(decode(b"\x83\xa4type\x04\xa3nsp\xa1/\xa4data\xa2no"), Ok(connect_error("/", "\"no\"")));
}

#[test]
fn packets_that_break_a_rule_are_refused() {
    let cases: [(&[u8], Error); 26] = [
        (b"", Error::Msgpack),
        (b"\x90", Error::Msgpack),
        (b"\x82\xa4type\x00\xa3nsp\xa1/x", Error::Msgpack),
        (b"\x82\xa4type\x00\xa3nsp\xa2/", Error::Msgpack),
        (b"\x81\x01\x02", Error::Msgpack),
        (b"\x83\xa4type\x00\xa3nsp\xa1/\xa1x\xc1", Error::Msgpack),
        (b"\x80", Error::Namespace),
        (b"\x81\xa3nsp\xa1/", Error::UnknownType),
        (b"\x82\xa4type\x05\xa3nsp\xa1/", Error::UnknownType),
        (b"\x82\xa4type\xff\xa3nsp\xa1/", Error::UnknownType),
        (b"\x82\xa4type\xa12\xa3nsp\xa1/", Error::UnknownType),
        (b"\x81\xa4type\x00", Error::Namespace),
        (b"\x82\xa4type\x00\xa3nsp\x07", Error::Namespace),
        (b"\x82\xa4type\x00\xa3nsp\xa4chat", Error::Namespace),
        (b"\x82\xa4type\x00\xa3nsp\xa4/a,b", Error::Namespace),
        (b"\x83\xa4type\x00\xa3nsp\xa1/\xa4data\x90", Error::Connect),
        (b"\x83\xa4type\x00\xa3nsp\xa1/\xa4data\x81\xa1a\xc4\x00", Error::MisplacedBinary),
        (b"\x83\xa4type\x01\xa3nsp\xa1/\xa4data\x80", Error::Disconnect),
        (b"\x82\xa4type\x02\xa3nsp\xa1/", Error::Event),
        (b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x90", Error::Event),
        (b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x91\xc4\x01a", Error::Event),
        (b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x91\xaadisconnect", Error::ReservedName),
        (b"\x84\xa4type\x02\xa3nsp\xa1/\xa4data\x91\xa1a\xa2id\xff", Error::AckId),
        (b"\x83\xa4type\x03\xa3nsp\xa1/\xa4data\x90", Error::AckId),
        (b"\x84\xa4type\x03\xa3nsp\xa1/\xa2id\x00\xa4data\x80", Error::Ack),
        (b"\x83\xa4type\x04\xa3nsp\xa1/\xa4data\x05", Error::ConnectError),
    ];
    for (message, error) in cases {
        assert_eq!(decode(message), Err(error), "{message:x?}");
    }
    assert_eq!(decode(&with_argument(b"\x81\x90\x01")), Err(Error::Msgpack));
}

#[test]
fn every_cut_is_refused() {
    for (_, _, message) in samples() {
        for cut in 0..message.len() {
            assert!(decode(&message[..cut]).is_err(), "{message:x?} cut at {cut}");
        }
    }
}

#[test]
fn bombs_do_no_harm() {
    let too_deep = Err(Error::TooDeep { limit: 128 });
    let nested = |depth: usize| [&vec![0x91; depth][..], b"\xc0"].concat();
    assert!(decode(&with_argument(&nested(127))).is_ok());
    assert_eq!(decode(&with_argument(&nested(128))), too_deep);
    assert_eq!(decode(&with_argument(&nested(1_000_000))), too_deep);
    let maps = |depth: usize| [b"\x81\xa1k".repeat(depth).as_slice(), b"\xc0"].concat();
    assert_eq!(decode(&with_argument(&maps(300_000))), too_deep);
    // In a member that is ignored.
    let ignored = [&b"\x83\xa4type\x00\xa3nsp\xa1/\xa1x"[..], &nested(1_000_000)].concat();
    assert_eq!(decode(&ignored), Ok(connect("/", None)));
    for head in [
        &b"\xdd\xff\xff\xff\xff"[..],
        b"\xdf\xff\xff\xff\xff",
        b"\xdb\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
    ] {
        assert_eq!(decode(&with_argument(head)), Err(Error::Msgpack), "{head:x?}");
    }
    let text = "[".repeat(300_000) + &"]".repeat(300_000);
    assert_eq!(
        encode(&ack("/", 0, &text, &[])).len(),
        300_000 + b"\x84\xa4type\x03\xa3nsp\xa1/\xa2id\x00\xa4data\x91".len()
    );
}

#[test]
fn there_are_ten_attachments_at_most() {
    let with =
        |count: usize| with_argument(&[&[0x90 | count as u8][..], &b"\xc4\x01x".repeat(count)].concat());
    assert_eq!(decode(&with(10)).unwrap().attachments().len(), 10);
    assert_eq!(decode(&with(11)), Err(Error::TooManyAttachments { limit: 10 }));
}

#[test]
fn a_map_cannot_pass_for_a_placeholder() {
    let marked = b"\x82\xac_placeholder\xc3\xa3num\x00";
    let alone = decode(&with_argument(marked)).unwrap();
    assert_eq!((alone.arguments(), alone.attachments().len()), (PLACEHOLDER, 0));
    assert_eq!(encode(&alone), with_argument(marked));
    let beside = with_argument(&[&b"\x92\xc4\x01x"[..], marked].concat());
    assert_eq!(decode(&beside), Err(Error::Placeholder));
}

#[test]
fn text_that_is_no_json_leaves_nothing() {
    for packet in [
        event("/", None, "a", "1,", &[]),
        event("/", None, "a", "[", &[]),
        ack("/", 1, "\"é", &[]),
        connect("/", Some("")),
        connect("/", Some("{},{}")),
    ] {
        let mut out = b"before".to_vec();
        assert_eq!(msgpack::encode(&packet, &mut out), Err(Error::Json), "{packet:?}");
        assert_eq!(out, b"before");
    }
    let packet = event("/", None, "a", r#"{"_placeholder":true,"num":1}"#, &[b"x"]);
    assert_eq!(msgpack::encode(&packet, &mut Vec::new()), Err(Error::Placeholder));
}
