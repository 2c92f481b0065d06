//! Connections for tests.
#![allow(dead_code, reason = "every test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "tests may stop at the first surprise")]

pub(crate) mod script;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use ropeway_ws::server::{Acceptor, Listener};
use ropeway_ws::{Config, Event, Negotiated, Outcome, Stream, WebSocket, deflate};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

/// Two ends joined by a pipe that holds `capacity` bytes each way.
pub(crate) fn pair(config: Config, capacity: usize) -> (WebSocket, WebSocket) {
    let (client, server) = tokio::io::duplex(capacity);
    let negotiated = Negotiated {
        subprotocol: None,
        deflate: config.deflate.as_ref().map(|_| deflate::Params::default()),
    };
    let config = Arc::new(config);
    (
        WebSocket::client(Stream::new(client), negotiated.clone(), Arc::clone(&config), Vec::new()),
        WebSocket::server(Stream::new(server), negotiated, config, Vec::new()),
    )
}

/// A server whose peer is a bare stream.
pub(crate) fn server_and_wire(config: Config, capacity: usize) -> (WebSocket, DuplexStream) {
    let (wire, server) = tokio::io::duplex(capacity);
    let server = WebSocket::server(Stream::new(server), Negotiated::default(), Arc::new(config), Vec::new());
    (server, wire)
}

/// Sends back every message until the connection ends.
pub(crate) async fn echo(mut socket: WebSocket) -> Outcome {
    socket
        .serve(|event, outgoing| {
            if let Event::Message(message) = event {
                assert_eq!(outgoing.send(message), Ok(()));
            }
        })
        .await
}

/// A server on a port of its own that echoes on every connection, for as long as the test runs; its URL.
pub(crate) async fn echo_server(acceptor: Acceptor) -> String {
    let listener = Listener::bind("127.0.0.1:0", acceptor).await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok(pending) = listener.accept().await {
            tokio::spawn(async move {
                if let Ok((socket, _request)) = pending.handshake().await {
                    echo(socket).await;
                }
            });
        }
    });
    url
}

/// A masked text frame of a client; the key is zero so that the bytes stay readable.
pub(crate) fn text_frame(text: &str) -> Vec<u8> {
    assert!(text.len() < 126);
    let mut frame = vec![0x81, 0x80 | text.len() as u8, 0, 0, 0, 0];
    frame.extend_from_slice(text.as_bytes());
    frame
}

/// A stream that gives and takes one byte at a time and is pending in between: every await of a user is really awaited.
pub(crate) struct Stutter<S> {
    inner: S,
    /// For reads and for writes: whether the next one is let through.
    ready: [bool; 2],
}

impl<S> Stutter<S> {
    pub(crate) fn new(inner: S) -> Self {
        Self { inner, ready: [false; 2] }
    }

    fn stutter(&mut self, way: usize, cx: &mut Context<'_>) -> Poll<()> {
        self.ready[way] = !self.ready[way];
        if !self.ready[way] {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Stutter<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        std::task::ready!(self.stutter(0, cx));
        let mut one = [0];
        let mut one = ReadBuf::new(&mut one);
        std::task::ready!(Pin::new(&mut self.inner).poll_read(cx, &mut one))?;
        buf.put_slice(one.filled());
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Stutter<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        std::task::ready!(self.stutter(1, cx));
        Pin::new(&mut self.inner).poll_write(cx, &buf[..buf.len().min(1)])
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
