//! Packets that are too many, too deep, too large, or cut where it hurts.

use super::HOSTILE;
use crate::case::{Case, Place, case};
use crate::client::{Client, survives};
use crate::polling::Polling;
use crate::subject::{Profile, Subject};
use crate::websocket::{BINARY, TEXT, frame};

const FAULTS: Place = Place("Faults of other servers", "packets");

pub(crate) const CASES: &[Case] = &[
    case!(HOSTILE, large_events_pass, "An event of nearly maxHttpBufferSize passes, over both transports"),
    case!(
        HOSTILE,
        payload_without_separator,
        "A payload of a megabyte that is one bad packet ends its session only"
    ),
    case!(
        HOSTILE,
        thousands_of_packets_in_one_post,
        "Thousands of packets in one POST are all answered, in order"
    ),
    case!(
        HOSTILE,
        thousands_of_refusals,
        "Thousands of unknown namespaces are all refused, and the connection goes on"
    ),
    case!(HOSTILE, payload_of_separators, "A payload of nothing but separators ends its session only"),
    case!(
        HOSTILE,
        deep_json_closes,
        "JSON that is nested without end ends its connection only, in an event, an ACK and CONNECT"
    )
    .sparing_the_reference("it recurses over arguments"),
    case!(HOSTILE, ids_without_end_close, "An id beyond 64 bits ends the connection")
        .beyond_the_reference("it answers with a rounded number"),
    case!(HOSTILE, namespaces_without_end, "A namespace of 100 kB is unknown or ends the connection"),
    case!(
        HOSTILE,
        frames_split_at_each_byte,
        "Frames that come byte by byte are taken, in characters and binary alike"
    ),
    case!(
        FAULTS,
        multibyte_packets,
        "Packets that begin or break off with characters of several bytes end their session only"
    ),
];

async fn large_events_pass(subject: &'static Subject) {
    let word = "€".repeat(330_000);
    let (event, answer) = (format!(r#"42["message","{word}"]"#), format!(r#"42["message-back","{word}"]"#));
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.text(&event).await;
    client.hears(&answer).await;
    let (session, _) = Polling::connect(subject.at(Profile::Default)).await;
    session.post(&event).await;
    assert_eq!(session.get().await.text(), answer);
}

async fn payload_without_separator(subject: &'static Subject) {
    for byte in [b'4', b'x', 0] {
        let (session, _) = Polling::connect(subject.at(Profile::Default)).await;
        session.try_post(vec![byte; 1_000_000]).await;
        let after = session.get().await;
        assert!(after.status == 400 || after.packets().last() == Some(&"1"), "{byte}: {after:?}");
    }
    survives(subject.at(Profile::Default)).await;
}

async fn thousands_of_packets_in_one_post(subject: &'static Subject) {
    const PACKETS: usize = 20_000;
    let (mut session, _) = Polling::connect(subject.at(Profile::Default)).await;
    let packets: Vec<_> = (0..PACKETS).map(|number| format!(r#"42["message",{number}]"#)).collect();
    session.post(packets.join("\x1e")).await;
    for number in 0..PACKETS {
        assert_eq!(session.next().await, format!(r#"42["message-back",{number}]"#));
    }
}

async fn thousands_of_refusals(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    let frames: Vec<_> = (0..3000).map(|number| frame(TEXT, format!("40/n{number},").as_bytes())).collect();
    client.raw(frames.concat()).await;
    for number in 0..3000 {
        client.hears(&format!(r#"44/n{number},{{"message":"Invalid namespace"}}"#)).await;
    }
    client.works().await;
}

async fn payload_of_separators(subject: &'static Subject) {
    let (session, _) = Polling::connect(subject.at(Profile::Default)).await;
    session.try_post(vec![0x1e; 1_000_000]).await;
    session.is_gone().await;
    survives(session.address).await;
}

async fn deep_json_closes(subject: &'static Subject) {
    for (before, after) in [(r#"42["message","#, "]"), ("430[", "]"), (r#"40/custom,{"a":"#, "}")] {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
            let mut client = Client::connect(subject.at(Profile::Default)).await;
            let depth = 140_000;
            client.text(&format!("{before}{}1{}{after}", open.repeat(depth), close.repeat(depth))).await;
            client.closes().await;
        }
    }
    survives(subject.at(Profile::Default)).await;
}

async fn ids_without_end_close(subject: &'static Subject) {
    for id in ["18446744073709551616", "99999999999999999999999999999999999999999999"] {
        let mut client = Client::connect(subject.at(Profile::Default)).await;
        client.text(&format!(r#"42{id}["message-with-ack",1]"#)).await;
        client.closes().await;
    }
}

async fn namespaces_without_end(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.text(&format!("40/{},", "n".repeat(100_000))).await;
    client.frame().await;
    survives(subject.at(Profile::Default)).await;
}

async fn frames_split_at_each_byte(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    let text = r#"451-["message","€🐎",{"_placeholder":true,"num":0}]"#;
    for byte in [frame(TEXT, text.as_bytes()), frame(BINARY, &[1, 2, 3])].concat() {
        client.raw([byte]).await;
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    client.hears(r#"451-["message-back","€🐎",{"_placeholder":true,"num":0}]"#).await;
    client.hears_binary(&[1, 2, 3]).await;
}

async fn multibyte_packets(subject: &'static Subject) {
    let address = subject.at(Profile::Default);
    for packet in ["€", "🐎", "4€", "42€", "40/€", "45€-[]", "451-€", "42€[]", "6€1", "\u{301}4"]
    {
        let mut client = Client::connect(address).await;
        client.text(packet).await;
        client.frame_or_silence().await;
        let (session, _) = Polling::connect(address).await;
        session.try_post(packet).await;
    }
    survives(address).await;
}
