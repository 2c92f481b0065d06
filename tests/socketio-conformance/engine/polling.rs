//! Sending by `POST` and receiving by `GET`.

use std::io::Read;

use flate2::read::{GzDecoder, ZlibDecoder};

use super::v4;
use crate::case::{Case, Place, case};
use crate::client::{ending, survives};
use crate::http::{Connection, ask, ask_with, request};
use crate::polling::{OPEN, Polling, arrival, socket_id};
use crate::subject::{Profile, Subject};

const SENDING: Place = v4("Sending data");
const RECEIVING: Place = v4("Receiving data");
const ENCODING: Place = v4("Packet encoding, HTTP long-polling");
const HEADERS: Place = v4("Headers");
const REFERENCE: Place = Place("npm engine.io", "transports/polling");

pub(crate) const CASES: &[Case] = &[
    case!(
        SENDING,
        post_is_answered_with_ok,
        "A POST is answered with 200 and the body ok, text/html of 2 bytes"
    ),
    case!(SENDING, post_to_unknown_sid_is_refused, "A POST to an unknown session is answered with 400"),
    case!(
        SENDING,
        overlapping_posts_close,
        "A second POST beside one that is under way gets 400 and ends the session"
    ),
    case!(RECEIVING, get_of_unknown_sid_is_refused, "A GET of an unknown session is answered with 400"),
    case!(
        RECEIVING,
        get_waits_for_packets,
        "A GET without packets to send waits and is answered once there are some"
    ),
    case!(
        RECEIVING,
        get_takes_all_that_waits,
        "A GET is answered with all packets that wait, in their order"
    ),
    case!(
        RECEIVING,
        overlapping_gets_close,
        "A second GET beside a waiting one gets 400, the waiting one a close packet; the session ends"
    ),
    case!(ENCODING, packets_are_separated, "Packets of a payload are separated by 0x1e, in both directions"),
    case!(ENCODING, binary_is_base64, "Binary goes as b and base64 in both directions"),
    case!(ENCODING, text_is_utf8, "Text is UTF-8, counted in bytes"),
    case!(
        ENCODING,
        decoding_stops_at_a_bad_packet,
        "A bad packet ends the session: parse error; those behind it are dropped"
    ),
    case!(ENCODING, empty_payload_closes, "A payload without a packet ends the session"),
    case!(
        HEADERS,
        binary_content_type_closes,
        "application/octet-stream is refused with 400 and ends the session, as v4 has no binary \
         payloads"
    ),
    case!(HEADERS, content_type_is_optional, "Without a Content-Type, or with any other, the body is text"),
    case!(
        REFERENCE,
        oversized_post_is_refused,
        "A body over maxHttpBufferSize is refused with 413, whether announced or found out"
    ),
    case!(REFERENCE, largest_post_is_taken, "A body of exactly maxHttpBufferSize is taken"),
    case!(
        REFERENCE,
        other_methods_are_refused,
        "Another method than GET and POST is refused and harms nothing"
    ),
    case!(REFERENCE, aborted_get_closes, "A GET that the client gives up ends the session: transport error"),
    case!(
        REFERENCE,
        aborted_post_closes,
        "A POST that breaks off in its body ends the session: transport error"
    ),
    case!(REFERENCE, chunked_post_is_taken, "A body in chunks is taken, wherever its characters are split"),
    case!(
        REFERENCE,
        large_responses_are_compressed,
        "A response of 1,024 bytes or more is compressed for those who accept gzip or deflate"
    ),
    case!(
        REFERENCE,
        small_responses_are_not_compressed,
        "A response below 1,024 bytes goes as it is, and so does one to those who accept no compression"
    ),
    case!(
        REFERENCE,
        requests_are_pipelined,
        "Requests of a session may follow each other on one connection, pipelined too"
    ),
];

async fn post_is_answered_with_ok(subject: &'static Subject) {
    let session = Polling::open(subject.at(Profile::Default)).await;
    let response = session.try_post("40").await;
    assert_eq!((response.status, response.text()), (200, "ok"));
    assert_eq!(response.header("content-type"), Some("text/html"));
    assert_eq!(response.header("content-length"), Some("2"));
}

async fn post_to_unknown_sid_is_refused(subject: &'static Subject) {
    let target = format!("{OPEN}&sid=AAAAAAAAAAAAAAAAAAAA");
    let response = ask_with(subject.at(Profile::Default), "POST", &target, &[], b"40").await;
    assert_eq!(response.refusal(), (400, 1));
}

async fn overlapping_posts_close(subject: &'static Subject) {
    let session = Polling::open(subject.at(Profile::Default)).await;
    // Neither is complete, so whichever arrives second overlaps.
    let (mut one, mut other) = (session.partial_post().await, session.partial_post().await);
    let (one, other) = tokio::join!(one.try_response(), other.try_response());
    let statuses = [one, other].map(|response| response.map_or(400, |response| response.status));
    assert_eq!(statuses, [400, 400]);
    session.is_gone().await;
}

async fn get_of_unknown_sid_is_refused(subject: &'static Subject) {
    let response =
        ask(subject.at(Profile::Default), "GET", &format!("{OPEN}&sid=AAAAAAAAAAAAAAAAAAAA")).await;
    assert_eq!(response.refusal(), (400, 1));
}

async fn get_waits_for_packets(subject: &'static Subject) {
    let (session, _) = Polling::connect(subject.at(Profile::Default)).await;
    let mut get = session.pending_get().await;
    session.post(r#"42["message","hi"]"#).await;
    assert_eq!(get.response().await.packets(), [r#"42["message-back","hi"]"#]);
}

async fn get_takes_all_that_waits(subject: &'static Subject) {
    let (session, _) = Polling::connect(subject.at(Profile::Default)).await;
    for number in 0..3 {
        session.post(format!(r#"42["message",{number}]"#)).await;
    }
    // What the application says is said before its answer to a later request.
    let expected = [0, 1, 2].map(|number| format!(r#"42["message-back",{number}]"#));
    assert_eq!(session.get().await.packets(), expected);
}

async fn overlapping_gets_close(subject: &'static Subject) {
    let session = Polling::open(subject.at(Profile::Default)).await;
    let (one, other) = tokio::join!(session.get(), session.get());
    let (waiting, second) = if one.status == 200 { (one, other) } else { (other, one) };
    assert_eq!((waiting.status, waiting.text(), second.status), (200, "1", 400));
    session.is_gone().await;
}

async fn packets_are_separated(subject: &'static Subject) {
    let (session, _) = Polling::connect(subject.at(Profile::Default)).await;
    session.post("42[\"message\",1]\x1e42[\"message\",2]\x1e42[\"message\",3]").await;
    let expected = "42[\"message-back\",1]\x1e42[\"message-back\",2]\x1e42[\"message-back\",3]";
    assert_eq!(session.get().await.text(), expected);
}

async fn binary_is_base64(subject: &'static Subject) {
    let (session, _) = Polling::connect(subject.at(Profile::Default)).await;
    session.post("451-[\"message\",{\"_placeholder\":true,\"num\":0}]\x1ebAQIDBA==").await;
    let expected = "451-[\"message-back\",{\"_placeholder\":true,\"num\":0}]\x1ebAQIDBA==";
    assert_eq!(session.get().await.text(), expected);
}

async fn text_is_utf8(subject: &'static Subject) {
    let (session, _) = Polling::connect(subject.at(Profile::Default)).await;
    session.post(r#"42["message","€ 🐎 ž"]"#).await;
    let response = session.get().await;
    assert_eq!(response.text(), r#"42["message-back","€ 🐎 ž"]"#);
    assert_eq!(response.header("content-length"), Some(response.body.len().to_string().as_str()));
}

async fn decoding_stops_at_a_bad_packet(subject: &'static Subject) {
    let address = subject.at(Profile::Default);
    let (witness, _) = Polling::connect(address).await;
    witness.post(r#"420["join","bad-packet"]"#).await;
    assert_eq!(witness.get().await.packets(), ["430[]"]);
    let (session, sid) = Polling::connect(address).await;
    session.try_post("3\x1eabc\x1e42[\"others\",\"bad-packet\",\"behind\",1]").await;
    session.is_gone().await;
    assert_eq!(ending(address, &sid).await, "parse error");
    witness.post(r#"421["leave","bad-packet"]"#).await;
    assert_eq!(witness.get().await.packets(), ["431[]"]);
}

async fn empty_payload_closes(subject: &'static Subject) {
    let session = Polling::open(subject.at(Profile::Default)).await;
    session.try_post("").await;
    session.is_gone().await;
}

async fn binary_content_type_closes(subject: &'static Subject) {
    let session = Polling::open(subject.at(Profile::Default)).await;
    let headers = [("Content-Type", "application/octet-stream")];
    let response = ask_with(session.address, "POST", &session.target(), &headers, b"40").await;
    assert_eq!(response.status, 400);
    session.is_gone().await;
}

async fn content_type_is_optional(subject: &'static Subject) {
    for content_type in ["text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "nonsense"] {
        let session = Polling::open(subject.at(Profile::Default)).await;
        let headers = [("Content-Type", content_type)];
        let response = ask_with(session.address, "POST", &session.target(), &headers, b"40").await;
        assert_eq!((response.status, response.text()), (200, "ok"));
        socket_id(session.get().await.packets()[0], "40");
    }
}

async fn oversized_post_is_refused(subject: &'static Subject) {
    let body = vec![b'4'; 10_001];
    let session = Polling::open(subject.at(Profile::Limited)).await;
    let response = session.try_post(&body).await;
    assert_eq!((response.status, response.text()), (413, ""));
    let session = Polling::open(subject.at(Profile::Limited)).await;
    let mut connection = Connection::open(session.address).await;
    connection.send(chunked_head(&session)).await;
    connection.send(format!("{:x}\r\n", body.len())).await;
    connection.send(&body).await;
    connection.send("\r\n0\r\n\r\n").await;
    assert_eq!(connection.response().await.status, 413);
}

async fn largest_post_is_taken(subject: &'static Subject) {
    let (session, _) = Polling::connect(subject.at(Profile::Limited)).await;
    let filling = "x".repeat(10_000 - r#"420["message-with-ack",""]"#.len());
    session.post(format!(r#"420["message-with-ack","{filling}"]"#)).await;
    assert_eq!(session.get().await.packets(), [format!(r#"430["{filling}"]"#)]);
}

async fn other_methods_are_refused(subject: &'static Subject) {
    let (session, _) = Polling::connect(subject.at(Profile::Default)).await;
    for method in ["PUT", "DELETE", "PATCH"] {
        let response = ask(session.address, method, &session.target()).await;
        assert!(response.status >= 400, "{method} {}", response.status);
    }
    session.post(r#"42["message","hi"]"#).await;
    assert_eq!(session.get().await.packets(), [r#"42["message-back","hi"]"#]);
}

async fn aborted_get_closes(subject: &'static Subject) {
    let (session, sid) = Polling::connect(subject.at(Profile::Default)).await;
    drop(session.pending_get().await);
    assert_eq!(ending(session.address, &sid).await, "transport error");
    session.is_gone().await;
}

async fn aborted_post_closes(subject: &'static Subject) {
    let (session, sid) = Polling::connect(subject.at(Profile::Default)).await;
    let post = session.partial_post().await;
    arrival(session.address).await;
    drop(post);
    assert_eq!(ending(session.address, &sid).await, "transport error");
    session.is_gone().await;
}

fn chunked_head(session: &Polling) -> String {
    format!("POST {} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", session.target())
}

async fn chunked_post_is_taken(subject: &'static Subject) {
    let (session, _) = Polling::connect(subject.at(Profile::Default)).await;
    let mut connection = Connection::open(session.address).await;
    connection.send(chunked_head(&session)).await;
    for byte in r#"42["message","€🐎"]"#.bytes() {
        connection.send([b"1\r\n", &[byte][..], b"\r\n"].concat()).await;
        tokio::task::yield_now().await;
    }
    connection.send("0\r\n\r\n").await;
    assert_eq!(connection.response().await.text(), "ok");
    assert_eq!(session.get().await.packets(), [r#"42["message-back","€🐎"]"#]);
}

async fn large_responses_are_compressed(subject: &'static Subject) {
    let (session, _) = Polling::connect(subject.at(Profile::Default)).await;
    let filling = "x".repeat(1024);
    let expected = format!(r#"42["message-back","{filling}"]"#);
    for encoding in ["gzip", "deflate"] {
        session.post(format!(r#"42["message","{filling}"]"#)).await;
        let headers = [("Accept-Encoding", encoding)];
        let response = ask_with(session.address, "GET", &session.target(), &headers, b"").await;
        assert_eq!(response.header("content-encoding"), Some(encoding));
        assert!(response.body.len() < 200, "{} bytes", response.body.len());
        assert_eq!(inflated(encoding, &response.body), expected);
    }
}

fn inflated(encoding: &str, body: &[u8]) -> String {
    let mut text = String::new();
    match encoding {
        "gzip" => GzDecoder::new(body).read_to_string(&mut text).unwrap(),
        _ => ZlibDecoder::new(body).read_to_string(&mut text).unwrap(),
    };
    text
}

async fn small_responses_are_not_compressed(subject: &'static Subject) {
    let (session, _) = Polling::connect(subject.at(Profile::Default)).await;
    for (length, accepted) in [(900, "gzip"), (2000, "identity"), (2000, "br")] {
        let filling = "x".repeat(length);
        session.post(format!(r#"42["message","{filling}"]"#)).await;
        let headers = [("Accept-Encoding", accepted)];
        let response = ask_with(session.address, "GET", &session.target(), &headers, b"").await;
        assert_eq!(response.header("content-encoding"), None);
        assert_eq!(response.packets(), [format!(r#"42["message-back","{filling}"]"#)]);
    }
}

async fn requests_are_pipelined(subject: &'static Subject) {
    let address = subject.at(Profile::Default);
    let (session, _) = Polling::connect(address).await;
    let mut connection = Connection::open(address).await;
    let post = request("POST", &session.target(), &[], br#"42["message","hi"]"#);
    let get = request("GET", &session.target(), &[], b"");
    for _ in 0..3 {
        connection.send([&post[..], &get].concat()).await;
        assert_eq!(connection.response().await.text(), "ok");
        assert_eq!(connection.response().await.text(), r#"42["message-back","hi"]"#);
    }
    survives(address).await;
}
