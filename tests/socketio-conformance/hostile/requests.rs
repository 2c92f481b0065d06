//! HTTP that is too long, too slow, too much or contradicts itself.

use std::collections::HashSet;

use tokio::time::{Duration, sleep};

use super::HOSTILE;
use crate::case::{Case, case};
use crate::client::{Client, ending, survives};
use crate::http::{Connection, ask_with, request};
use crate::polling::{OPEN, Polling};
use crate::subject::{Profile, Subject};
use crate::websocket::{TEXT, UPGRADE, frame};

pub(crate) const CASES: &[Case] = &[
    case!(
        HOSTILE,
        slow_bodies_are_taken,
        "A body that comes byte by byte is taken, and others are served meanwhile"
    ),
    case!(
        HOSTILE,
        stalled_bodies_end_with_the_heartbeat,
        "A body that never ends is given up when the session times out"
    ),
    case!(HOSTILE, many_stalled_bodies, "Hundreds of bodies under way keep nobody else from being served"),
    case!(HOSTILE, long_heads_are_refused, "A head of a megabyte is refused or its connection ended"),
    case!(HOSTILE, many_headers_are_refused, "Thousands of headers are refused or their connection ended"),
    case!(
        HOSTILE,
        lying_lengths_are_refused,
        "Lengths that are no lengths, or contradict each other, open no session"
    ),
    case!(
        HOSTILE,
        huge_lengths_take_nothing,
        "An announced length takes no memory and is refused at once with 413"
    )
    .beyond_the_reference("it waits for the body to come"),
    case!(HOSTILE, guessed_sids_are_refused, "Thousands of guessed sids are refused, each in its turn"),
    case!(
        HOSTILE,
        pipelined_handshakes_are_answered_in_order,
        "Handshakes pipelined on one connection open a session each"
    ),
    case!(
        HOSTILE,
        frames_may_follow_the_upgrade_at_once,
        "Frames in the same segment as the upgrade are not lost"
    )
    .beyond_the_reference("it loses what comes before its session is made"),
    case!(HOSTILE, broken_utf8_in_a_body, "A body that is not UTF-8 harms its session at most"),
    case!(HOSTILE, requests_after_the_end, "What is sent after a session ended is refused"),
];

async fn slow_bodies_are_taken(subject: &'static Subject) {
    let (session, _) = Polling::connect(subject.at(Profile::Default)).await;
    let whole = request("POST", &session.target(), &[], r#"42["message","€🐎"]"#.as_bytes());
    let mut connection = Connection::open(session.address).await;
    for byte in whole {
        connection.send([byte]).await;
        sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(connection.response().await.text(), "ok");
    assert_eq!(session.get().await.packets(), [r#"42["message-back","€🐎"]"#]);
}

async fn stalled_bodies_end_with_the_heartbeat(subject: &'static Subject) {
    let address = subject.at(Profile::Short);
    let (session, sid) = Polling::connect(address).await;
    let mut post = session.partial_post().await;
    assert_eq!(ending(address, &sid).await, "ping timeout");
    assert!(post.try_response().await.is_none_or(|response| response.status >= 400));
    session.is_gone().await;
}

async fn many_stalled_bodies(subject: &'static Subject) {
    let address = subject.at(Profile::Default);
    let mut stalled = Vec::new();
    for _ in 0..200 {
        let session = Polling::open(address).await;
        stalled.push(session.partial_post().await);
    }
    survives(address).await;
    Polling::connect(address).await;
}

/// Nothing but a refusal comes back, and the server goes on.
async fn refuses(subject: &'static Subject, request: &[u8]) {
    let address = subject.at(Profile::Default);
    let mut connection = Connection::open(address).await;
    connection.send(request).await;
    let response = connection.try_response().await;
    assert!(response.as_ref().is_none_or(|response| response.status >= 400), "{response:?}");
    survives(address).await;
}

async fn long_heads_are_refused(subject: &'static Subject) {
    let long = "x".repeat(1_000_000);
    refuses(subject, &request("GET", OPEN, &[("X-Long", &long)], b"")).await;
    refuses(subject, &request("GET", &format!("{OPEN}&x={long}"), &[], b"")).await;
    refuses(subject, format!("GET {OPEN} HTTP/1.1\r\nHost: {long}").as_bytes()).await;
}

async fn many_headers_are_refused(subject: &'static Subject) {
    let names: Vec<_> = (0..5_000).map(|number| format!("x{number}")).collect();
    let headers: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();
    refuses(subject, &request("GET", OPEN, &headers, b"")).await;
}

async fn lying_lengths_are_refused(subject: &'static Subject) {
    for headers in [
        "Content-Length: -1",
        "Content-Length: 0x2",
        "Content-Length: 2, 3",
        "Content-Length: 99999999999999999999999",
        "Content-Length: 2\r\nContent-Length: 3",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    ] {
        let session = Polling::open(subject.at(Profile::Default)).await;
        let head = format!("POST {} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n\r\n40", session.target());
        refuses(subject, head.as_bytes()).await;
    }
}

async fn huge_lengths_take_nothing(subject: &'static Subject) {
    let session = Polling::open(subject.at(Profile::Default)).await;
    let head =
        format!("POST {} HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000000\r\n\r\n40", session.target());
    let mut connection = Connection::open(session.address).await;
    connection.send(head).await;
    assert_eq!(connection.response().await.status, 413);
}

async fn guessed_sids_are_refused(subject: &'static Subject) {
    let address = subject.at(Profile::Default);
    let mut connection = Connection::open(address).await;
    for round in 0..40_u64 {
        let guess = |number: u64| (round * 50 + number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let target = |number| format!("{OPEN}&sid={:020x}", guess(number));
        let requests: Vec<_> = (0..50).map(|number| request("GET", &target(number), &[], b"")).collect();
        connection.send(requests.concat()).await;
        for _ in 0..50 {
            assert_eq!(connection.response().await.refusal(), (400, 1));
        }
    }
    survives(address).await;
}

async fn pipelined_handshakes_are_answered_in_order(subject: &'static Subject) {
    let mut connection = Connection::open(subject.at(Profile::Short)).await;
    let known = request("GET", OPEN, &[], b"");
    let refused = request("GET", "/socket.io/?EIO=4&transport=abc", &[], b"");
    connection.send([&known[..], &refused].concat().repeat(30)).await;
    let mut sids = HashSet::new();
    for _ in 0..30 {
        assert!(sids.insert(connection.response().await.packets()[0].to_owned()));
        assert_eq!(connection.response().await.refusal(), (400, 0));
    }
}

async fn frames_may_follow_the_upgrade_at_once(subject: &'static Subject) {
    let mut connection = Connection::open(subject.at(Profile::Default)).await;
    let head = request("GET", crate::client::OPEN, UPGRADE, b"");
    connection.send([&head[..], &frame(TEXT, b"40")].concat()).await;
    let mut client = Client::over(connection.upgraded().await).await;
    assert!(client.hear().await.starts_with(r#"40{"sid""#));
}

async fn broken_utf8_in_a_body(subject: &'static Subject) {
    let (session, _) = Polling::connect(subject.at(Profile::Default)).await;
    let response = session.try_post(b"42[\"message\",\"\xff\xfe\xf0\x9f\x90\"]").await;
    assert!(matches!(response.status, 200 | 400), "{response:?}");
    survives(session.address).await;
}

async fn requests_after_the_end(subject: &'static Subject) {
    let (session, _) = Polling::connect(subject.at(Profile::Default)).await;
    session.post("1\x1e42[\"message\",1]").await;
    for _ in 0..3 {
        let headers = [("Content-Type", "application/octet-stream")];
        let late = ask_with(session.address, "POST", &session.target(), &headers, b"40").await;
        assert_eq!(late.refusal(), (400, 1));
        session.is_gone().await;
    }
}
