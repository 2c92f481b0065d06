//! What is left behind goes away: sessions expire and their memory is given back.

use serde_json::Value;

use crate::case::{Case, Place, case};
use crate::client::Client;
use crate::http::{Connection, ask, request};
use crate::polling::{OPEN, Polling};
use crate::subject::{Profile, Subject};

const FAULTS: Place = Place("Faults of other servers", "memory");

pub(crate) const CASES: &[Case] = &[
    case!(
        FAULTS,
        abandoned_sessions_expire,
        "Sessions that were opened and left are gone after the heartbeat"
    ),
    case!(
        FAULTS,
        abandoned_attachments_expire,
        "A packet whose attachments never come ends with its connection, when it stops to answer pings"
    ),
    case!(
        FAULTS,
        memory_comes_back_from_sessions,
        "Thousands of sessions, opened and left, leave no memory behind"
    )
    .sparing_the_reference("its collector decides when memory is given back")
    .alone(),
    case!(
        FAULTS,
        memory_comes_back_from_attachments,
        "Attachments that waited for others leave no memory behind"
    )
    .sparing_the_reference("its collector decides when memory is given back")
    .alone(),
    case!(
        FAULTS,
        memory_comes_back_from_connections,
        "Connections, namespaces and rooms leave no memory behind"
    )
    .sparing_the_reference("its collector decides when memory is given back")
    .alone(),
];

/// Opens sessions over one connection, leaves them and waits until the last of them are gone.
async fn abandon(subject: &'static Subject, count: usize) {
    let mut last = Vec::new();
    let mut connection = Connection::open(subject.at(Profile::Short)).await;
    let handshake = request("GET", OPEN, &[("X-Ballast", &"x".repeat(1000))], b"");
    for _ in 0..count / 50 {
        connection.send(handshake.repeat(50)).await;
        last.clear();
        for _ in 0..50 {
            let response = connection.response().await;
            let open: Value = serde_json::from_str(&response.packets()[0][1..]).unwrap();
            last.push(format!("{OPEN}&sid={}", open["sid"].as_str().unwrap()));
        }
    }
    for target in last {
        // A GET is answered by the ping at the latest.
        while ask(subject.at(Profile::Short), "GET", &target).await.status == 200 {}
    }
}

async fn abandoned_sessions_expire(subject: &'static Subject) {
    abandon(subject, 500).await;
}

async fn abandoned_attachments_expire(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Short)).await;
    client.text(r#"452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#).await;
    client.binary(&[1; 100_000]).await;
    // The frames are read past the helper that answers pings.
    while matches!(client.next().await, crate::websocket::Frame::Text(_)) {}
    let (session, sid) = Polling::connect(subject.at(Profile::Short)).await;
    session.post(r#"451-["message",{"_placeholder":true,"num":0}]"#).await;
    assert_eq!(crate::client::ending(session.address, &sid).await, "ping timeout");
}

/// Does something several times; the server may grow in the beginning but not each time.
async fn settles<F: Future<Output = ()>>(
    subject: &'static Subject,
    allowed: usize,
    mut round: impl FnMut() -> F,
) {
    let mut after = Vec::new();
    for _ in 0..6 {
        round().await;
        after.push(subject.resident());
    }
    let grown = after[5].saturating_sub(after[2]);
    assert!(grown < allowed, "grown by {grown} bytes: {after:?}");
}

async fn memory_comes_back_from_sessions(subject: &'static Subject) {
    // Each round leaves 2 MB behind if a session's head alone is kept.
    settles(subject, 4_000_000, || abandon(subject, 2_000)).await;
}

async fn memory_comes_back_from_attachments(subject: &'static Subject) {
    // Each round leaves 36 MB behind if attachments are kept.
    settles(subject, 50_000_000, || async {
        for _ in 0..8 {
            let mut client = Client::connect(subject.at(Profile::Default)).await;
            let places = [r#"{"_placeholder":true,"num":0}"#; 10].join(",");
            client.text(&format!(r#"4510-["message",{places}]"#)).await;
            for _ in 0..5 {
                client.binary(&vec![1; 900_000]).await;
            }
            drop(client);
        }
        Client::connect(subject.at(Profile::Default)).await.works().await;
    })
    .await;
}

async fn memory_comes_back_from_connections(subject: &'static Subject) {
    let number = std::sync::atomic::AtomicUsize::new(0);
    let number = &number;
    settles(subject, 10_000_000, || async move {
        for _ in 0..300 {
            let unique = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let mut client = Client::connect(subject.at(Profile::Default)).await;
            client.join("/custom").await;
            let room = format!("{unique}{}", "x".repeat(100));
            client.ask("join", &format!("{room:?}")).await;
        }
    })
    .await;
}
