//! A server that says what a test tells it to.

use ropeway_proto::handshake::accept_key;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Listens, and answers one connection after the other by a script.
pub(crate) struct Script(TcpListener);

impl Script {
    pub(crate) async fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    pub(crate) fn authority(&self) -> String {
        self.0.local_addr().unwrap().to_string()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("ws://{}{path}", self.authority())
    }

    pub(crate) async fn accept(&self) -> TcpStream {
        self.0.accept().await.unwrap().0
    }

    /// Takes the next connection, reads the head of its request, and says what `answer` makes of it. The stream stays
    /// open for as long as the test keeps it.
    pub(crate) async fn answer(&self, answer: impl FnOnce(&str) -> Vec<u8>) -> (String, TcpStream) {
        let mut stream = self.accept().await;
        let request = read_head(&mut stream).await;
        stream.write_all(&answer(&request)).await.unwrap();
        (request, stream)
    }
}

/// A head, request or response, up to its empty line and not a byte further.
pub(crate) async fn read_head(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// The value of a header, if it is there.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// What `Sec-WebSocket-Accept` has to say to a request.
pub(crate) fn accept_for(request: &str) -> String {
    accept_key(header(request, "sec-websocket-key").unwrap().as_bytes())
}

/// The right answer to a request, with more header lines.
pub(crate) fn switching(request: &str, more: &str) -> Vec<u8> {
    let accept = accept_for(request);
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{more}\r\n"
    )
    .into_bytes()
}

/// A request that opens a WebSocket, with more header lines.
pub(crate) fn upgrade_request(more: &str) -> String {
    format!(
        "GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{more}\r\n"
    )
}
