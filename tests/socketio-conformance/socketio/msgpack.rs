//! The parser of npm `socket.io-msgpack-parser`: each packet is one binary message.

use crate::case::{Case, Place, case};
use crate::client::Client;
use crate::http::soon;
use crate::polling::Polling;
use crate::subject::{Profile, Subject};
use crate::websocket::Frame;

const PARSER: Place = Place("npm socket.io-msgpack-parser", "decoder");
const FAULTS: Place = Place("Faults of other servers", "msgpack");

pub(crate) const CASES: &[Case] = &[
    case!(PARSER, namespace_is_joined, "CONNECT is answered with CONNECT and an id"),
    case!(
        PARSER,
        unknown_namespace_is_refused,
        "An unknown namespace is refused with CONNECT_ERROR and its message"
    ),
    case!(PARSER, events_are_echoed, "Events go both ways, numbers, nil and binary in them as they are"),
    case!(PARSER, events_are_acknowledged, "Events with an id are acknowledged"),
    case!(PARSER, polling_carries_it, "Over polling the packets are base64"),
    case!(PARSER, broken_packets_close, "What is no packet in MessagePack ends the connection"),
    case!(
        FAULTS,
        depth_is_limited,
        "A value that is nested without end ends the connection and not the server"
    )
    .sparing_the_reference("its decoder recurses as deep as it is told to"),
    case!(
        FAULTS,
        lengths_are_not_believed,
        "A length that the message does not have takes no memory and ends the connection"
    ),
];

/// A value in MessagePack, as far as these tests need it.
enum Value<'a> {
    Text(&'a str),
    Number(u8),
    Nil,
    Binary(&'a [u8]),
    List(&'a [Value<'a>]),
    Map(&'a [(&'a str, Value<'a>)]),
}
use Value::{Binary, List, Map, Nil, Number, Text};

impl Value<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Text(text) => {
                out.push(0xa0 | text.len() as u8);
                out.extend(text.bytes());
            }
            Number(number) => out.push(*number),
            Nil => out.push(0xc0),
            Binary(bytes) => {
                out.extend([0xc4, bytes.len() as u8]);
                out.extend(*bytes);
            }
            List(values) => {
                out.push(0x90 | values.len() as u8);
                values.iter().for_each(|value| value.write(out));
            }
            Map(entries) => {
                out.push(0x80 | entries.len() as u8);
                for (key, value) in *entries {
                    Text(key).write(out);
                    value.write(out);
                }
            }
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(&mut bytes);
        bytes
    }
}

/// A packet without id.
fn packet(kind: u8, namespace: &str, data: Value<'_>) -> Vec<u8> {
    Map(&[("type", Number(kind)), ("data", data), ("nsp", Text(namespace))]).bytes()
}

const CONNECT: &[u8] = b"\x82\xa4type\x00\xa3nsp\xa1/";

async fn hear(client: &mut Client) -> Vec<u8> {
    match client.frame().await {
        Frame::Binary(bytes) => bytes,
        other => panic!("{other:?} instead of a packet"),
    }
}

/// Whether bytes contain others: the order of keys is free.
fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// A key and its value as they stand in a map.
fn entry(key: &str, value: Value<'_>) -> Vec<u8> {
    [Text(key).bytes(), value.bytes()].concat()
}

async fn connected(subject: &'static Subject) -> Client {
    let mut client = Client::open(subject.at(Profile::Msgpack)).await;
    client.binary(CONNECT).await;
    let answer = hear(&mut client).await;
    assert!(has(&answer, &entry("type", Number(0))) && has(&answer, b"\xa3sid\xb4"), "{answer:?}");
    let greeting = hear(&mut client).await;
    assert!(has(&greeting, &entry("data", List(&[Text("auth"), Map(&[])]))), "{greeting:?}");
    client
}

async fn namespace_is_joined(subject: &'static Subject) {
    let mut client = connected(subject).await;
    client.binary(&packet(0, "/custom", Map(&[("token", Text("123"))]))).await;
    let answer = hear(&mut client).await;
    assert!(has(&answer, &entry("nsp", Text("/custom"))) && has(&answer, b"\xa3sid\xb4"), "{answer:?}");
    let greeting = hear(&mut client).await;
    assert!(has(&greeting, &List(&[Text("auth"), Map(&[("token", Text("123"))])]).bytes()), "{greeting:?}");
}

async fn unknown_namespace_is_refused(subject: &'static Subject) {
    let mut client = Client::open(subject.at(Profile::Msgpack)).await;
    client.binary(&Map(&[("type", Number(0)), ("nsp", Text("/random"))]).bytes()).await;
    let answer = hear(&mut client).await;
    assert!(has(&answer, &entry("type", Number(4))), "{answer:?}");
    assert!(has(&answer, &entry("data", Map(&[("message", Text("Invalid namespace"))]))), "{answer:?}");
}

async fn events_are_echoed(subject: &'static Subject) {
    let mut client = connected(subject).await;
    let arguments =
        || [Number(1), Nil, Text("€🐎"), Binary(&[0, 255]), List(&[]), Map(&[("a", Binary(&[]))])];
    let data = |name: &'static str| {
        arguments().into_iter().fold(Text(name).bytes(), |mut out, value| {
            value.write(&mut out);
            out
        })
    };
    let event = [b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x97", &data("message")[..]].concat();
    client.binary(&event).await;
    let answer = hear(&mut client).await;
    assert!(has(&answer, &[b"\xa4data\x97", &data("message-back")[..]].concat()), "{answer:?}");
    assert!(has(&answer, &entry("type", Number(2))), "{answer:?}");
}

async fn events_are_acknowledged(subject: &'static Subject) {
    let mut client = connected(subject).await;
    let data = List(&[Text("message-with-ack"), Number(7), Binary(&[1])]);
    client
        .binary(&Map(&[("type", Number(2)), ("nsp", Text("/")), ("id", Number(9)), ("data", data)]).bytes())
        .await;
    let answer = hear(&mut client).await;
    let answer_data = entry("data", List(&[Number(7), Binary(&[1])]));
    assert!(has(&answer, &answer_data) && has(&answer, &entry("id", Number(9))), "{answer:?}");
    assert!(has(&answer, &entry("type", Number(3))), "{answer:?}");
}

async fn polling_carries_it(subject: &'static Subject) {
    let mut session = Polling::open(subject.at(Profile::Msgpack)).await;
    // 82 a4 74 79 70 65 00 a3 6e 73 70 a1 2f
    session.post("bgqR0eXBlAKNuc3ChLw==").await;
    let answer = session.next().await;
    // The first byte of a map of three entries or four.
    assert!(answer.starts_with("bg") || answer.starts_with("bh"), "{answer}");
}

async fn broken_packets_close(subject: &'static Subject) {
    let broken = [
        Vec::new(),
        vec![0xc1],
        vec![0x82, 0xa4],
        List(&[]).bytes(),
        Map(&[("type", Number(9)), ("nsp", Text("/"))]).bytes(),
        Map(&[("type", Text("2")), ("nsp", Text("/"))]).bytes(),
        Map(&[("type", Number(2)), ("nsp", Number(1))]).bytes(),
        packet(2, "/", Map(&[])),
        packet(2, "/", Text("message")),
        packet(0, "/custom", List(&[])),
        packet(2, "/random", List(&[Text("message")])),
    ];
    for bytes in broken {
        let mut client = connected(subject).await;
        client.binary(&bytes).await;
        soon(&format!("the end for {bytes:?}"), client.closes()).await;
    }
}

async fn depth_is_limited(subject: &'static Subject) {
    let mut client = connected(subject).await;
    let head = b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x92\xa7message";
    client.binary(&[&head[..], &[0x91; 500_000], &[0xc0]].concat()).await;
    client.closes().await;
    connected(subject).await;
}

async fn lengths_are_not_believed(subject: &'static Subject) {
    let before = subject.resident();
    for claim in
        [b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xff"]
    {
        let mut client = connected(subject).await;
        let head = b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x92\xa7message";
        client.binary(&[&head[..], claim].concat()).await;
        client.closes().await;
    }
    assert!(subject.resident() < before + 100_000_000);
}
