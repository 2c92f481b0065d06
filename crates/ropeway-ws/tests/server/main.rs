//! The server's handshake on bare streams, on hyper and in axum.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may stop at the first surprise")]

#[cfg(feature = "axum")]
mod axum;
mod bare;
#[cfg(feature = "hyper")]
mod hyper;
mod refusals;
#[path = "../support/mod.rs"]
mod support;

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use support::script::{header, read_head};

/// What the server answers to `request`: the head, and a body by its `Content-Length`.
async fn ask(address: SocketAddr, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let head = read_head(&mut stream).await;
    let len = header(&head, "content-length").map_or(0, |len| len.parse().unwrap());
    let mut body = vec![0; len];
    stream.read_exact(&mut body).await.unwrap();
    (head, String::from_utf8(body).unwrap())
}

/// Sends `first`, an upgrade with what may follow it, and then `second`; the frames that come back while `len` bytes of
/// them do.
#[cfg(feature = "hyper")]
async fn talk(address: SocketAddr, first: &[u8], second: &[u8], len: usize) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(first).await.unwrap();
    let head = read_head(&mut stream).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert_eq!(header(&head, "sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    stream.write_all(second).await.unwrap();
    let mut frames = vec![0; len];
    stream.read_exact(&mut frames).await.unwrap();
    frames
}
