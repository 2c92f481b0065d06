//! `Acceptor::accept` on bare streams.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use ropeway_proto::handshake::head::HeadError;
use ropeway_ws::server::{AcceptError, Acceptor, Listener};
use ropeway_ws::{Config, Message, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::ask;
use crate::support::script::{header, read_head, upgrade_request};
use crate::support::text_frame;

/// A port that takes one connection; what came of it, as the first message or the error.
async fn take_one(acceptor: Acceptor) -> (SocketAddr, JoinHandle<Result<Message<'static>, AcceptError>>) {
    let listener = Listener::bind("127.0.0.1:0", acceptor).await.unwrap();
    let address = listener.local_addr().unwrap();
    let taking = tokio::spawn(async move {
        let (mut socket, _request) = listener.accept().await.unwrap().handshake().await?;
        Ok(socket.next().await.unwrap().unwrap())
    });
    (address, taking)
}

fn acceptor() -> Acceptor {
    Acceptor::new(Config::default())
}

#[tokio::test]
async fn a_head_may_be_split_at_every_byte() {
    let bytes = [upgrade_request("").into_bytes(), text_frame("behind")].concat();
    for at in 1..bytes.len() {
        // One byte less than the pipe holds leaves no room for the rest before the start was read.
        let (mut wire, server) = tokio::io::duplex(bytes.len().max(200));
        wire.write_all(&bytes[..at]).await.unwrap();
        let accepting = tokio::spawn(async move { acceptor().accept(Stream::new(server)).await });
        tokio::task::yield_now().await;
        wire.write_all(&bytes[at..]).await.unwrap();
        let (mut socket, request) = accepting.await.unwrap().unwrap();
        assert_eq!(request.uri(), "/chat");
        assert_eq!(socket.next().await.unwrap().unwrap(), Message::from("behind"), "split at {at}");
    }
}

#[tokio::test]
async fn a_head_may_come_byte_by_byte() {
    let (address, taking) = take_one(acceptor()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    for byte in [upgrade_request("").into_bytes(), text_frame("slow")].concat() {
        stream.write_all(&[byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(taking.await.unwrap().unwrap(), Message::from("slow"));
}

#[tokio::test]
async fn frames_behind_the_request_in_one_segment_are_received() {
    let (address, taking) = take_one(acceptor()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    // More than one read takes.
    let large = [&[0x82, 0xff, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0][..], &[7; 3 << 16]].concat();
    let bytes = [upgrade_request("").as_bytes(), &large].concat();
    stream.write_all(&bytes).await.unwrap();
    assert_eq!(taking.await.unwrap().unwrap(), Message::from(vec![7; 3 << 16]));
}

#[tokio::test(start_paused = true)]
async fn a_head_that_trickles_in_does_not_hold_the_server_up() {
    let (mut wire, server) = tokio::io::duplex(4096);
    let start = Instant::now();
    let accepting = tokio::spawn(async move { acceptor().accept(Stream::new(server)).await });
    tokio::spawn(async move {
        for byte in upgrade_request("").bytes().cycle() {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if wire.write_all(&[byte]).await.is_err() {
                return;
            }
        }
    });
    assert!(matches!(accepting.await.unwrap(), Err(AcceptError::Timeout)));
    assert_eq!(start.elapsed().as_secs(), 10);
}

#[tokio::test]
async fn a_peer_that_says_nothing_is_let_go() {
    let (address, taking) = take_one(acceptor().timeout(Duration::from_millis(100))).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    assert_eq!(stream.read(&mut [0; 16]).await.unwrap(), 0, "no answer, and the end");
    assert!(matches!(taking.await.unwrap(), Err(AcceptError::Timeout)));
}

#[tokio::test]
async fn a_peer_that_leaves_within_its_request_is_an_error() {
    let (address, taking) = take_one(acceptor()).await;
    TcpStream::connect(address).await.unwrap().write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let Err(AcceptError::Io(error)) = taking.await.unwrap() else { panic!() };
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
}

/// The answer must reach a peer that has sent more than was read.
#[tokio::test]
async fn a_head_over_the_limits_is_answered_with_431() {
    let large = format!("X-Large: {}\r\n", "x".repeat(200_000));
    let many = "X-Many: 1\r\n".repeat(101);
    for (more, expected) in [(large, HeadError::TooLarge(16 * 1024)), (many, HeadError::TooManyHeaders(100))]
    {
        let (address, taking) = take_one(acceptor()).await;
        let (head, body) = ask(address, &upgrade_request(&more)).await;
        assert!(head.starts_with("HTTP/1.1 431 "), "{head}");
        assert_eq!(header(&head, "connection"), Some("close"));
        assert_eq!(body, "The header fields of the request are too large or too many.\n");
        let taken = taking.await.unwrap();
        assert!(matches!(&taken, Err(AcceptError::Head(error)) if *error == expected), "{taken:?}");
    }
}

#[tokio::test]
async fn garbage_is_answered_with_400() {
    for garbage in [
        "\r\n\r\n",
        "GET\r\n\r\n",
        "GET / SPDY/3\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "\x16\x03\x01\r\n\r\n",
    ] {
        let (address, taking) = take_one(acceptor()).await;
        let (head, body) = ask(address, garbage).await;
        assert!(head.starts_with("HTTP/1.1 400 "), "{garbage:?}: {head}");
        assert_eq!(header(&head, "content-type"), Some("text/plain; charset=utf-8"));
        assert_eq!(body, "The request is not valid HTTP/1.1.\n");
        assert!(matches!(taking.await.unwrap(), Err(AcceptError::Head(HeadError::Malformed(_)))));
    }
}

#[tokio::test]
async fn a_refused_peer_that_stays_is_let_go_after_a_moment() {
    let (address, taking) = take_one(acceptor()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    read_head(&mut stream).await;
    let taken = tokio::time::timeout(Duration::from_secs(30), taking).await.unwrap().unwrap();
    assert!(matches!(taken, Err(AcceptError::Refused(_))), "{taken:?}");
}
