//! What attacks write and read beside whole requests and frames.

use std::io::ErrorKind;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::attack::Target;
use crate::http::{Connection, SOON, request};
use crate::websocket::{Frame, TEXT, UPGRADE, WebSocket, frame};

/// The seed of all that is random, so that a run can be repeated.
const SEED: u64 = 0x0052_6f70_6577_6179;

impl Target<'_> {
    /// An open WebSocket from 127.0.0.2.
    pub(crate) async fn websocket(&self, path: &str) -> WebSocket {
        self.websocket_from(2, path, &[]).await
    }

    /// An open WebSocket from 127.0.0.`host`, with more headers.
    pub(crate) async fn websocket_from(&self, host: u8, path: &str, headers: &[(&str, &str)]) -> WebSocket {
        let mut connection = Connection::over(self.stream(host).await.unwrap());
        connection.send(request("GET", path, &[UPGRADE, headers].concat(), b"")).await;
        connection.upgraded().await
    }

    /// The bare stream of an open WebSocket, from 127.0.0.`host`.
    pub(crate) async fn upgraded(&self, host: u8, path: &str) -> TcpStream {
        let mut stream = self.stream(host).await.unwrap();
        stream.write_all(&request("GET", path, UPGRADE, b"")).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(SOON, stream.read_u8()).await.unwrap().unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
        stream
    }

    /// A member of a room, from 127.0.0.2, that has read all there was to read.
    pub(crate) async fn member(&self, room: &str) -> WebSocket {
        let mut socket = self.websocket("/ws").await;
        socket.text(&format!(r#"{{"type":"join","room":"{room}","id":"j"}}"#)).await;
        while !matches!(socket.next().await, Frame::Text(text) if text.contains(r#""type":"joined""#)) {}
        socket
    }
}

/// Reads until a closing frame or the end; its code, if there is one.
pub(crate) async fn close_code(socket: &mut WebSocket) -> Option<u16> {
    loop {
        match socket.next().await {
            Frame::Close(code) => return code,
            Frame::End => return None,
            Frame::Text(_) | Frame::Binary(_) | Frame::Pong(_) => {}
        }
    }
}

/// Writes the same bytes so many times, or until the server has had enough. Answers are read and dropped meanwhile, as
/// the kernel would else stop both sides.
pub(crate) async fn flood(stream: TcpStream, bytes: &[u8], times: usize) -> usize {
    let (mut reads, mut writes) = stream.into_split();
    let drain = tokio::spawn(async move {
        let mut buffer = vec![0; 64 * 1024];
        let mut read = 0;
        while let Ok(count @ 1..) = reads.read(&mut buffer).await {
            read += count;
        }
        read
    });
    for _ in 0..times {
        if !matches!(timeout(SOON, writes.write_all(bytes)).await, Ok(Ok(()))) {
            break;
        }
    }
    let _ = writes.shutdown().await;
    timeout(SOON, drain).await.expect("the server neither answers nor ends").unwrap()
}

/// Waits for the end of a connection, whatever comes before; the bytes that came.
pub(crate) async fn until_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut said = Vec::new();
    match timeout(SOON, stream.read_to_end(&mut said)).await.expect("the server keeps the connection") {
        Ok(_) => {}
        Err(error) => {
            assert!(matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{error}");
        }
    }
    said
}

/// A text frame of a client.
pub(crate) fn text(text: &str) -> Vec<u8> {
    frame(TEXT, text.as_bytes())
}

/// The same numbers in every run.
pub(crate) fn random() -> StdRng {
    StdRng::seed_from_u64(SEED)
}

pub(crate) fn random_bytes(random: &mut StdRng, most: usize) -> Vec<u8> {
    let mut bytes = vec![0; random.random_range(1..=most)];
    random.fill(&mut bytes[..]);
    bytes
}
