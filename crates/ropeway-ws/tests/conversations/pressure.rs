//! A peer that does not read makes its sender wait, and costs no more memory than the high water.

use std::cell::Cell;
use std::pin::pin;
use std::time::Duration;

use ropeway_ws::server::{Acceptor, Listener};
use ropeway_ws::{Config, Message, Negotiated, Prepared, WebSocket};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::support::{echo, echo_server};

/// What may be queued before a sender waits, in bytes.
const HIGH_WATER: usize = 256 * 1024;

/// Far more than the high water and the buffers of two sockets on this machine.
const PLENTY: usize = 256 << 20;

/// Long enough for whoever can go on to go on.
const A_WHILE: Duration = Duration::from_millis(300);

/// A server's end, and the stream of its peer.
async fn server_and_wire() -> (WebSocket, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let wire = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    (WebSocket::server(stream, Negotiated::default(), Default::default(), Vec::new()), wire)
}

#[tokio::test]
async fn send_waits_for_a_peer_that_does_not_read() {
    let (mut server, mut wire) = server_and_wire().await;
    let message = vec![7; 100_000];
    let mut sent = 0;
    while timeout(A_WHILE, server.send(message.clone())).await.is_ok() {
        sent += 1;
        assert!(sent * message.len() < PLENTY, "nothing waits");
        assert!(server.queued() < HIGH_WATER + message.len() + 20, "{}", server.queued());
    }
    assert!(server.queued() >= HIGH_WATER, "{}", server.queued());
    // The same for the other ways to send.
    assert!(timeout(A_WHILE, server.send_prepared(&Prepared::new("x"))).await.is_err());
    assert!(timeout(A_WHILE, server.flush()).await.is_err());

    // The peer reads again, and all goes on where it stopped.
    let reading = tokio::spawn(async move {
        let mut all = Vec::new();
        wire.read_to_end(&mut all).await.unwrap();
        all.len()
    });
    server.send("the last").await.unwrap();
    server.flush().await.unwrap();
    assert_eq!(server.queued(), 0);
    drop(server);
    assert_eq!(reading.await.unwrap(), sent * (10 + message.len()) + 10);
}

#[tokio::test]
async fn an_echo_stops_reading_from_a_peer_that_does_not_read() {
    let listener = Listener::bind("127.0.0.1:0", Acceptor::new(Config::default())).await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap().handshake().await.unwrap();
        echo(socket).await
    });
    let mut client = ropeway_ws::connect(&url).await.unwrap();
    let message = vec![7; 100_000];
    let mut sent = 0;
    while timeout(A_WHILE, client.send(message.clone())).await.is_ok() {
        sent += 1;
        assert!(sent * message.len() < PLENTY, "the server reads on and on");
    }
    // The client reads again: all comes back, and the connection is as good as before.
    for i in 0..sent {
        let received = timeout(Duration::from_secs(20), client.next()).await;
        let received = received.unwrap_or_else(|_| panic!("stuck after {i} of {sent}"));
        assert!(received.unwrap().unwrap() == Message::from(message.clone()));
    }
    assert!(client.close(None).await.clean);
    assert!(serving.await.unwrap().clean);
}

/// What is sent and what comes back are more than both queues hold, and neither may wait for the other.
#[tokio::test]
async fn two_tasks_may_send_and_receive_without_end() {
    let url = echo_server(Acceptor::new(Config::default())).await;
    let (mut reader, mut writer) = ropeway_ws::connect(&url).await.unwrap().split();
    let count = (64 << 20) / 100_000;
    let writing = tokio::spawn(async move {
        for _ in 0..count {
            writer.send(vec![7; 100_000]).await.unwrap();
        }
        writer.flush().await.unwrap();
    });
    for i in 0..count {
        let received = timeout(Duration::from_secs(20), reader.next()).await;
        assert_eq!(
            received.unwrap_or_else(|_| panic!("stuck after {i} of {count}")).unwrap().unwrap().len(),
            100_000
        );
    }
    writing.await.unwrap();
}

#[tokio::test]
async fn small_messages_fill_no_memory_either() {
    let (mut server, mut wire) = server_and_wire().await;
    let most = Cell::new(0);
    let writing = async {
        // A text of ten bytes, masked with zeros, ten thousand times a write.
        let batch = b"\x81\x8a\0\0\0\0ten bytes!".repeat(10_000);
        let mut written = 0;
        while written < PLENTY {
            let mut write = pin!(wire.write_all(&batch));
            while timeout(A_WHILE, &mut write).await.is_err() {
                if most.get() >= HIGH_WATER {
                    return;
                }
            }
            written += batch.len();
        }
        panic!("the server reads on and on");
    };
    let serving = server.serve(|event, outgoing| {
        if let ropeway_ws::Event::Message(message) = event {
            // Four answers to each: the queue grows faster than the input.
            for _ in 0..4 {
                outgoing.send(message.clone()).unwrap();
            }
            most.set(most.get().max(outgoing.queued()));
        }
    });
    let mut serving = pin!(serving);
    tokio::select! {
        () = writing => {}
        _ = &mut serving => panic!("the peer is slow, which is no reason to end"),
    }
    // The write that does not end was cancelled, and the wire lives: the server goes on waiting.
    assert!(timeout(A_WHILE, serving).await.is_err(), "the peer is slow, which is no reason to end");
    assert!((HIGH_WATER..HIGH_WATER + 100).contains(&most.get()), "{}", most.get());
    drop(wire);
}

#[tokio::test]
async fn pings_of_a_peer_that_does_not_read_are_bounded() {
    let (mut server, mut wire) = server_and_wire().await;
    let writing = tokio::spawn(async move {
        let batch = b"\x89\x84\0\0\0\0ping".repeat(10_000);
        let mut written = 0;
        while written < 32 << 20 && timeout(A_WHILE, wire.write_all(&batch)).await.is_ok() {
            written += batch.len();
        }
        wire
    });
    let (wire, _) = tokio::join!(writing, timeout(Duration::from_secs(3), server.next()));
    assert!(server.queued() <= HIGH_WATER + 200, "{}", server.queued());
    drop(wire.unwrap());
}
