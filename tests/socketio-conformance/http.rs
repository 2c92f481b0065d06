//! HTTP/1.1 by hand, so that requests can be partial, aborted, overlapping, pipelined or wrong.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::websocket::WebSocket;

/// How long a server may take for what it should do at once.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// A TCP connection to the server and what came on it but was not asked for yet.
pub(crate) struct Connection {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// A whole response.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let stream = soon("a connection", TcpStream::connect(address)).await.unwrap();
        Self::over(stream)
    }

    /// On a stream that is open.
    pub(crate) fn over(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        Self { stream, unread: Vec::new() }
    }

    /// Writes all of it; a server that has closed meanwhile is no surprise here but in what it answers.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = soon("a server that reads", self.stream.write_all(bytes.as_ref())).await;
    }

    /// The next response.
    pub(crate) async fn response(&mut self) -> Response {
        self.try_response().await.expect("the connection ended without a response")
    }

    /// The next response, or nothing when the connection ends before one is complete.
    pub(crate) async fn try_response(&mut self) -> Option<Response> {
        let head = loop {
            if let Some(end) = find(&self.unread, b"\r\n\r\n") {
                break self.take(end + 4);
            }
            self.read().await?;
        };
        let (status, headers) = parse_head(&String::from_utf8(head).unwrap());
        let mut response = Response { status, headers, body: Vec::new() };
        response.body = self.body(&response).await?;
        Some(response)
    }

    async fn body(&mut self, response: &Response) -> Option<Vec<u8>> {
        if response.header("transfer-encoding") == Some("chunked") {
            return self.chunks().await;
        }
        match response.header("content-length") {
            Some(length) => self.exactly(length.parse().unwrap()).await,
            None if matches!(response.status, 101 | 204 | 304) => Some(Vec::new()),
            None => {
                while self.read().await.is_some() {}
                Some(std::mem::take(&mut self.unread))
            }
        }
    }

    async fn chunks(&mut self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let end = loop {
                if let Some(end) = find(&self.unread, b"\r\n") {
                    break end;
                }
                self.read().await?;
            };
            let size = String::from_utf8(self.take(end + 2)).unwrap();
            let size = usize::from_str_radix(size.trim(), 16).unwrap();
            body.extend_from_slice(&self.exactly(size).await?);
            self.exactly(2).await?;
            if size == 0 {
                return Some(body);
            }
        }
    }

    /// So many bytes, or nothing when the connection ends before.
    pub(crate) async fn exactly(&mut self, count: usize) -> Option<Vec<u8>> {
        while self.unread.len() < count {
            self.read().await?;
        }
        Some(self.take(count))
    }

    /// Whatever comes next is dropped until the server has ended the connection.
    pub(crate) async fn ended(&mut self) {
        while self.read().await.is_some() {}
    }

    /// The WebSocket that an upgrade which was sent leads to.
    pub(crate) async fn upgraded(mut self) -> WebSocket {
        assert_eq!(self.response().await.status, 101);
        WebSocket::over(self)
    }

    /// Says that no more is sent and waits for the end of the connection.
    pub(crate) async fn finish(&mut self) {
        let _ = self.stream.shutdown().await;
        self.ended().await;
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        self.unread.drain(..count).collect()
    }

    /// Reads more, or nothing when there is no more.
    async fn read(&mut self) -> Option<()> {
        match soon("more from the server", self.stream.read_buf(&mut self.unread)).await {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(()),
        }
    }
}

impl Response {
    /// The value of a header, if it was sent.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The packets of a polling payload.
    pub(crate) fn packets(&self) -> Vec<&str> {
        assert_eq!(self.status, 200, "{}", self.text());
        self.text().split('\x1e').collect()
    }

    /// Status and `code` of a refusal, whose body must have the form of one.
    pub(crate) fn refusal(&self) -> (u16, u64) {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{self:?}"));
        assert!(body["message"].is_string(), "{body}");
        (self.status, body["code"].as_u64().unwrap_or_else(|| panic!("code is no number: {body}")))
    }
}

/// A request as bytes; `Host` and `Content-Length` are added.
pub(crate) fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if method != "GET" || !body.is_empty() {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

/// One request on a connection of its own.
pub(crate) async fn ask(address: SocketAddr, method: &str, target: &str) -> Response {
    ask_with(address, method, target, &[], b"").await
}

/// As [`ask`], with headers and a body.
pub(crate) async fn ask_with(
    address: SocketAddr,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Response {
    let mut connection = Connection::open(address).await;
    connection.send(request(method, target, headers, body)).await;
    connection.response().await
}

/// Waits for what should happen at once.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(SOON, future).await.unwrap_or_else(|_| panic!("waited {SOON:?} in vain for {what}"))
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn parse_head(head: &str) -> (u16, Vec<(String, String)>) {
    let mut lines = head.trim_end().split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let header = |line: &str| {
        let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("bad header {line:?}"));
        (name.to_owned(), value.trim().to_owned())
    };
    (status, lines.map(header).collect())
}
