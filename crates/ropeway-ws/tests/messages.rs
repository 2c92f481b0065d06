//! Messages both ways, whole and split, alone and in batches.

mod support;

use futures_util::{SinkExt, StreamExt};
use ropeway_ws::{Config, Message, Negotiated, Prepared, Stream, WebSocket, deflate};
use support::{Stutter, echo, pair, server_and_wire, text_frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn messages_of_all_sizes_come_back_as_they_were() {
    for deflate in [None, Some(deflate::Config::default())] {
        let config = Config { max_message: 8 << 20, deflate, ..Config::default() };
        let (mut client, server) = pair(config, 4096);
        let server = tokio::spawn(echo(server));
        for len in [0, 1, 125, 126, 65535, 65536, 200_000, 3_000_000] {
            let text = "añ🚡 ".repeat(len / 8 + 1);
            let binary: Vec<u8> = (0..len).map(|i| (i * 31 % 251) as u8).collect();
            for message in [Message::from(text), Message::from(binary)] {
                let sent = message.clone();
                // The pipe is smaller than the message: sending and receiving have to go on at the same time.
                client.outgoing().send(sent).unwrap();
                assert_eq!(client.next().await.unwrap().unwrap(), message);
            }
        }
        assert!(client.close(None).await.clean);
        server.await.unwrap();
    }
}

#[tokio::test]
async fn a_stream_that_stutters_byte_by_byte_changes_nothing() {
    let (wire, server) = tokio::io::duplex(64);
    let config = std::sync::Arc::new(Config::default());
    let stutter = Stream::new(Stutter::new(server));
    tokio::spawn(echo(WebSocket::server(stutter, Negotiated::default(), config.clone(), Vec::new())));
    let mut client = WebSocket::client(Stream::new(wire), Negotiated::default(), config, Vec::new());
    for text in ["", "short", &"long ".repeat(200)] {
        client.send(text).await.unwrap();
        assert_eq!(client.next().await.unwrap().unwrap(), Message::from(text));
    }
}

#[tokio::test]
async fn answers_to_one_read_leave_in_one_write() {
    let (mut server, mut wire) = server_and_wire(Config::default(), 4096);
    wire.write_all(&[text_frame("a"), text_frame("b"), text_frame("c")].concat()).await.unwrap();
    for text in ["a", "b", "c"] {
        let message = server.next().await.unwrap().unwrap();
        assert_eq!(message, Message::from(text));
        server.send(message).await.unwrap();
        // Nothing leaves while messages of the same read wait.
        assert_eq!(server.queued(), if text == "c" { 0 } else { 3 * (1 + usize::from(text == "b")) });
    }
    let mut answer = [0; 9];
    wire.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"\x81\x01a\x81\x01b\x81\x01c");
}

#[tokio::test]
async fn what_arrived_behind_the_handshake_is_received() {
    let (_wire, server) = tokio::io::duplex(64);
    let config = std::sync::Arc::new(Config::default());
    let mut server =
        WebSocket::server(Stream::new(server), Negotiated::default(), config, text_frame("early"));
    assert_eq!(server.next().await.unwrap().unwrap(), Message::from("early"));
}

#[tokio::test]
async fn a_prepared_message_reaches_many() {
    let prepared = Prepared::new("to all");
    for _ in 0..3 {
        let (mut client, mut server) = pair(Config::default(), 4096);
        server.send_prepared(&prepared).await.unwrap();
        client.send_prepared(&prepared).await.unwrap();
        assert_eq!(client.next().await.unwrap().unwrap(), prepared.message());
        assert_eq!(server.next().await.unwrap().unwrap(), prepared.message());
    }
}

#[tokio::test]
async fn it_is_a_stream_and_a_sink() {
    let (client, server) = pair(Config::default(), 4096);
    let (mut sink, mut stream) = StreamExt::split(client);
    tokio::spawn(echo(server));
    sink.feed(Message::from("one")).await.unwrap();
    sink.send(Message::from("two")).await.unwrap();
    assert_eq!(StreamExt::next(&mut stream).await.unwrap().unwrap(), Message::from("one"));
    assert_eq!(StreamExt::next(&mut stream).await.unwrap().unwrap(), Message::from("two"));
}

#[tokio::test]
async fn traffic_is_what_the_network_saw() {
    let (mut server, mut wire) = server_and_wire(Config::default(), 64 * 1024);
    wire.write_all(&[text_frame("a"), text_frame("bc"), b"\x81\x83\0\0".to_vec()].concat()).await.unwrap();
    let mut seen = Vec::new();
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let poll = server.poll_receive(&mut cx, |_, outgoing| {
        seen.push(outgoing.traffic().received);
        std::ops::ControlFlow::Continue(())
    });
    assert!(poll.is_pending());
    assert_eq!(seen, [7, 7 + 8], "each event with all before it");
    assert_eq!(server.traffic().received, 7 + 8 + 4, "and what has come of the next frame");
    server.send("hello").await.unwrap();
    let large = vec![7; 20_000];
    server.send(&large[..]).await.unwrap();
    assert_eq!(server.traffic().sent, 2 + 5 + 4 + 20_000);
}
