//! Pings of the server, pongs of the client, and what becomes of those who do not answer.

use std::time::{Duration, Instant};

use super::v4;
use crate::case::{Case, Place, case};
use crate::client::{Client, ending};
use crate::polling::Polling;
use crate::subject::{PING_INTERVAL, PING_TIMEOUT, Profile, Subject};
use crate::websocket::Frame;

const HEARTBEAT: Place = v4("Heartbeat");
const FAULTS: Place = Place("Faults of other servers", "heartbeat");
const REFERENCE: Place = Place("npm engine.io", "socket");

pub(crate) const CASES: &[Case] = &[
    case!(
        HEARTBEAT,
        websocket_is_pinged_at_the_interval,
        "Over WebSocket the server sends a ping each pingInterval while it is answered"
    ),
    case!(
        HEARTBEAT,
        polling_is_pinged_at_the_interval,
        "Over polling the server sends a ping each pingInterval while it is answered"
    ),
    case!(
        HEARTBEAT,
        silent_websocket_is_closed,
        "A WebSocket that does not answer a ping within pingTimeout is closed: ping timeout"
    ),
    case!(
        HEARTBEAT,
        silent_polling_is_closed,
        "A polling session that does not answer within pingTimeout is gone: ping timeout"
    ),
    case!(
        FAULTS,
        first_ping_waits_for_the_interval,
        "The first ping comes after pingInterval and not with the handshake"
    ),
    case!(
        REFERENCE,
        any_packet_puts_off_the_timeout_once,
        "A packet that comes instead of the pong puts the timeout off, once"
    ),
    case!(REFERENCE, ping_of_a_client_is_an_error, "A ping of a v4 client ends the session: transport error"),
    case!(REFERENCE, unasked_pong_is_harmless, "A pong that nobody asked for changes nothing"),
];

/// A bit less than a time, for clocks that do not agree.
fn nearly(time: Duration) -> Duration {
    time.mul_f32(0.9)
}

async fn websocket_is_pinged_at_the_interval(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Short)).await;
    for _ in 0..4 {
        assert_eq!(client.next().await, Frame::Text("2".to_owned()));
        let pinged = Instant::now();
        client.text("3").await;
        client.text(r#"42["message","between"]"#).await;
        assert_eq!(client.next().await, Frame::Text(r#"42["message-back","between"]"#.to_owned()));
        assert!(pinged.elapsed() < PING_INTERVAL + PING_TIMEOUT);
    }
}

async fn polling_is_pinged_at_the_interval(subject: &'static Subject) {
    let session = Polling::open(subject.at(Profile::Short)).await;
    session.post("40").await;
    session.get().await;
    for _ in 0..3 {
        assert_eq!(session.get().await.packets(), ["2"]);
        session.post("3").await;
    }
}

async fn silent_websocket_is_closed(subject: &'static Subject) {
    let address = subject.at(Profile::Short);
    let mut client = Client::connect(address).await;
    assert_eq!(client.next().await, Frame::Text("2".to_owned()));
    let pinged = Instant::now();
    client.closes().await;
    assert!(pinged.elapsed() > nearly(PING_TIMEOUT), "{:?}", pinged.elapsed());
    assert_eq!(ending(address, &client.sid).await, "ping timeout");
}

async fn silent_polling_is_closed(subject: &'static Subject) {
    let address = subject.at(Profile::Short);
    let (session, sid) = Polling::connect(address).await;
    assert_eq!(ending(address, &sid).await, "ping timeout");
    session.is_gone().await;
}

async fn first_ping_waits_for_the_interval(subject: &'static Subject) {
    let opened = Instant::now();
    let mut client = Client::connect(subject.at(Profile::Short)).await;
    assert_eq!(client.next().await, Frame::Text("2".to_owned()));
    assert!(opened.elapsed() > nearly(PING_INTERVAL), "{:?}", opened.elapsed());
    let opened = Instant::now();
    let (session, _) = Polling::connect(subject.at(Profile::Short)).await;
    assert_eq!(session.get().await.packets(), ["2"]);
    assert!(opened.elapsed() > nearly(PING_INTERVAL), "{:?}", opened.elapsed());
}

async fn any_packet_puts_off_the_timeout_once(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Short)).await;
    assert_eq!(client.next().await, Frame::Text("2".to_owned()));
    tokio::time::sleep(PING_TIMEOUT / 5).await;
    let refreshed = Instant::now();
    client.text(r#"42["message",1]"#).await;
    client.hears(r#"42["message-back",1]"#).await;
    tokio::time::sleep(PING_TIMEOUT / 5).await;
    client.text(r#"42["message",2]"#).await;
    client.hears(r#"42["message-back",2]"#).await;
    client.closes().await;
    let lasted = refreshed.elapsed();
    assert!(lasted > nearly(PING_TIMEOUT) && lasted < PING_TIMEOUT * 2, "{lasted:?}");
}

async fn ping_of_a_client_is_an_error(subject: &'static Subject) {
    let address = subject.at(Profile::Default);
    for packet in ["2", "2probe"] {
        let mut client = Client::connect(address).await;
        client.text(packet).await;
        client.closes().await;
        assert_eq!(ending(address, &client.sid).await, "transport error");
    }
    let (session, sid) = Polling::connect(address).await;
    session.try_post("2").await;
    assert_eq!(ending(address, &sid).await, "transport error");
}

async fn unasked_pong_is_harmless(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.text("3").await;
    client.text("3").await;
    client.works().await;
}
