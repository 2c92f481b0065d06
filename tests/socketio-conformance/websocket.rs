//! WebSocket frames by hand: a client that can also do what no client should.

use std::net::SocketAddr;

use crate::http::{Connection, Response, request};

/// An open WebSocket.
pub(crate) struct WebSocket {
    connection: Connection,
}

/// What a server sends. It must not mask, and has no reason to split a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    Text(String),
    Binary(Vec<u8>),
    /// With its status code.
    Close(Option<u16>),
    Pong(Vec<u8>),
    /// The connection ended.
    End,
}

pub(crate) const TEXT: u8 = 0x81;
pub(crate) const BINARY: u8 = 0x82;
pub(crate) const CLOSE: u8 = 0x88;
pub(crate) const PING: u8 = 0x89;

/// Headers of an upgrade; the key is the example of RFC 6455 section 1.3.
pub(crate) const UPGRADE: &[(&str, &str)] = &[
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

impl WebSocket {
    /// Upgrades or fails.
    pub(crate) async fn open(address: SocketAddr, target: &str) -> Self {
        Self::try_open(address, target).await.unwrap_or_else(|response| panic!("no upgrade: {response:?}"))
    }

    /// Upgrades or returns what the server said instead.
    pub(crate) async fn try_open(address: SocketAddr, target: &str) -> Result<Self, Response> {
        Self::open_with(address, target, &[]).await.map(|(socket, _)| socket)
    }

    /// As [`Self::try_open`] with more headers, and the response of the server.
    pub(crate) async fn open_with(
        address: SocketAddr,
        target: &str,
        headers: &[(&str, &str)],
    ) -> Result<(Self, Response), Response> {
        let mut connection = Connection::open(address).await;
        connection.send(request("GET", target, &[UPGRADE, headers].concat(), b"")).await;
        let response = connection.response().await;
        if response.status != 101 {
            return Err(response);
        }
        assert_eq!(response.header("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        Ok((Self { connection }, response))
    }

    /// A connection that has been upgraded.
    pub(crate) fn over(connection: Connection) -> Self {
        Self { connection }
    }

    pub(crate) async fn text(&mut self, text: &str) {
        self.raw(frame(TEXT, text.as_bytes())).await;
    }

    pub(crate) async fn binary(&mut self, data: &[u8]) {
        self.raw(frame(BINARY, data)).await;
    }

    /// Bytes as they are, frames or not.
    pub(crate) async fn raw(&mut self, bytes: impl AsRef<[u8]>) {
        self.connection.send(bytes).await;
    }

    /// Answers a closing frame and waits for the end of the connection.
    pub(crate) async fn finish(&mut self) {
        self.raw(frame(CLOSE, &[])).await;
        self.connection.finish().await;
    }

    /// The next frame.
    pub(crate) async fn next(&mut self) -> Frame {
        self.try_next().await.unwrap_or(Frame::End)
    }

    async fn try_next(&mut self) -> Option<Frame> {
        let head = self.connection.exactly(2).await?;
        let length = match head[1] {
            126 => self.number(2).await?,
            127 => self.number(8).await?,
            short => usize::from(short),
        };
        let payload = self.connection.exactly(length).await?;
        Some(match head[0] {
            TEXT => Frame::Text(String::from_utf8(payload).unwrap()),
            BINARY => Frame::Binary(payload),
            CLOSE => Frame::Close(payload.first_chunk().map(|code| u16::from_be_bytes(*code))),
            0x8a => Frame::Pong(payload),
            other => panic!("a frame that begins with {other:#x}"),
        })
    }

    async fn number(&mut self, bytes: usize) -> Option<usize> {
        let bytes = self.connection.exactly(bytes).await?;
        Some(bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    }
}

/// A frame of a client, masked with zeros so that the payload can be read in what goes over the wire.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        short @ 0..126 => frame.push(0x80 | short as u8),
        medium @ 126..0x1_0000 => {
            frame.push(0x80 | 126);
            frame.extend((medium as u16).to_be_bytes());
        }
        long => {
            frame.push(0x80 | 127);
            frame.extend((long as u64).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}
