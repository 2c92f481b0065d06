//! How connections end: closing handshakes, dead peers, deadlines, violations.

mod support;

use std::time::Duration;

use ropeway_ws::{Cause, CloseCode, CloseFrame, Config, Deadline, Error, Heartbeat, Side};
use support::{pair, server_and_wire, text_frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

#[tokio::test]
async fn a_close_is_answered_and_both_know() {
    let (mut client, mut server) = pair(Config::default(), 4096);
    let closing =
        tokio::spawn(async move { client.close(Some(CloseFrame::new(CloseCode::NORMAL, "bye"))).await });
    assert!(server.next().await.is_none());
    let (ours, theirs) = (closing.await.unwrap(), server.outcome().unwrap());
    assert_eq!((ours.code, ours.reason.as_str(), ours.by, ours.clean), (1000, "bye", Side::Us, true));
    assert_eq!(
        (theirs.code, theirs.reason.as_str(), theirs.by, theirs.clean),
        (1000, "bye", Side::Peer, true)
    );
    assert!(matches!(server.send("late").await, Err(Error::Closed)));
}

#[tokio::test]
async fn a_stream_that_ends_without_close_is_1006() {
    let (mut server, wire) = server_and_wire(Config::default(), 4096);
    drop(wire);
    assert!(matches!(server.next().await, Some(Err(Error::EndOfStream))));
    assert!(server.next().await.is_none());
    assert_eq!(server.outcome().unwrap().code, CloseCode::ABNORMAL);
}

#[tokio::test]
async fn a_violation_is_told_to_the_peer_and_to_the_user() {
    let (mut server, mut wire) = server_and_wire(Config::default(), 4096);
    wire.write_all(&[0x81, 0x01, b'x']).await.unwrap();
    let mut told = Vec::new();
    let (received, _) = tokio::join!(server.next(), async {
        wire.read_to_end(&mut told).await.unwrap();
        wire.shutdown().await.unwrap();
    });
    assert!(matches!(received, Some(Err(Error::Violation(_)))));
    assert_eq!((told[0], &told[2..4]), (0x88, &1002u16.to_be_bytes()[..]));
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_found_by_the_heartbeat() {
    let heartbeat = Heartbeat::default();
    let (mut server, mut wire) =
        server_and_wire(Config { heartbeat: Some(heartbeat), ..Config::default() }, 4096);
    let start = Instant::now();
    assert!(matches!(server.next().await, Some(Err(Error::Deadline(Deadline::Heartbeat)))));
    assert_eq!(start.elapsed().as_secs(), 35);
    drop(server);
    let mut sent = Vec::new();
    wire.read_to_end(&mut sent).await.unwrap();
    assert_eq!(&sent[..2], b"\x89\x00", "a ping");
    assert_eq!(&sent[2..], b"\x88\x0e\x03\xf3ping timeout");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_pings_lives() {
    let config = Config { heartbeat: Some(Heartbeat::default()), ..Config::default() };
    let (mut client, mut server) = pair(config, 4096);
    tokio::spawn(async move { client.next().await });
    let waited = tokio::time::timeout(Duration::from_secs(3600), server.next()).await;
    assert!(waited.is_err(), "still open");
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_with_1001() {
    let config = Config { idle_timeout: Some(Duration::from_secs(60)), ..Config::default() };
    let (mut server, mut wire) = server_and_wire(config, 4096);
    wire.write_all(&text_frame("one")).await.unwrap();
    server.next().await.unwrap().unwrap();
    let start = Instant::now();
    let peer = tokio::spawn(async move {
        let mut sent = [0; 4];
        wire.read_exact(&mut sent).await.unwrap();
        wire.write_all(&[0x88, 0x82, 0, 0, 0, 0, 3, 0xe9]).await.unwrap();
        (sent, wire)
    });
    assert!(matches!(server.next().await, Some(Err(Error::Deadline(Deadline::Idle)))));
    assert!((60..=75).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    let (sent, _wire) = peer.await.unwrap();
    assert_eq!((sent[0], &sent[2..]), (0x88, &1001u16.to_be_bytes()[..]));
    assert!(server.outcome().unwrap().clean);
}

#[tokio::test(start_paused = true)]
async fn a_close_without_an_answer_ends_at_the_deadline() {
    let (mut server, _wire) = server_and_wire(Config::default(), 4096);
    let start = Instant::now();
    let outcome = server.close(None).await;
    assert_eq!(start.elapsed().as_secs(), 5);
    assert_eq!((outcome.cause, outcome.clean), (Cause::Deadline(Deadline::Close), false));
}

#[tokio::test(start_paused = true)]
async fn deadlines_hold_while_a_write_is_blocked() {
    // The peer reads nothing: the pipe is full, and the close frame is stuck behind it.
    let (mut server, _wire) = server_and_wire(Config::default(), 16);
    server.outgoing().send(vec![0; 1000]).unwrap();
    let start = Instant::now();
    let outcome = server.close(None).await;
    assert_eq!(start.elapsed().as_secs(), 5);
    assert_eq!(outcome.cause, Cause::Deadline(Deadline::Close));
}

#[tokio::test(start_paused = true)]
async fn a_server_whose_peer_closes_but_does_not_read_gives_up() {
    let (mut server, mut wire) = server_and_wire(Config::default(), 16);
    server.outgoing().send(vec![0; 1000]).unwrap();
    wire.write_all(&[0x88, 0x80, 0, 0, 0, 0]).await.unwrap();
    let start = Instant::now();
    server.next().await;
    assert_eq!(start.elapsed().as_secs(), 5);
}
