//! HTTP by hand.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::running::{KEY, Running};

/// Longer than anything here takes.
pub(crate) const SOON: Duration = Duration::from_secs(10);

pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A request under way.
pub(crate) struct Exchange(pub(crate) TcpStream);

impl Exchange {
    /// Sends `METHOD target` with headers, each ended by a line break, and a body.
    pub(crate) fn begin(server: &Running, request: &str, headers: &str, body: &[u8]) -> Self {
        let length = if body.is_empty() && request.starts_with("GET") {
            String::new()
        } else {
            format!("content-length: {}\r\n", body.len())
        };
        Self::head(server, request, &format!("connection: close\r\n{length}{headers}"), body)
    }

    /// The same without headers of its own.
    pub(crate) fn head(server: &Running, request: &str, headers: &str, body: &[u8]) -> Self {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        let head = format!("{request} HTTP/1.1\r\nhost: {}\r\n{headers}\r\n", server.address);
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        Self(stream)
    }

    /// Waits for the answer and the end of the connection.
    pub(crate) fn finish(mut self) -> Answer {
        let mut bytes = Vec::new();
        self.0.read_to_end(&mut bytes).unwrap();
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        Answer { status: head[9..12].parse().unwrap(), head, body: bytes[end + 4..].to_vec() }
    }

    /// Whether nothing has been answered for a while after the server has read the request.
    pub(crate) fn is_held(&mut self) -> bool {
        self.is_read();
        self.0.set_read_timeout(Some(Duration::from_millis(150))).unwrap();
        let peeked = self.0.peek(&mut [0]).map_err(|error| error.kind());
        self.0.set_read_timeout(Some(SOON)).unwrap();
        peeked == Err(ErrorKind::WouldBlock)
    }

    /// Waits until the server has read all that was sent. Only the kernel knows: nothing waits at that end any more.
    fn is_read(&self) {
        let end = |address: SocketAddr| format!("0100007F:{:04X}", address.port());
        let ends = format!(" {} {} ", end(self.0.peer_addr().unwrap()), end(self.0.local_addr().unwrap()));
        let deadline = Instant::now() + SOON;
        while waiting_bytes(&ends).is_some_and(|bytes| bytes > 0) {
            assert!(Instant::now() < deadline, "the server does not read");
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Bytes that have come for the first of two ends, and that it has not read.
fn waiting_bytes(ends: &str) -> Option<u32> {
    let connections = fs::read_to_string("/proc/net/tcp").unwrap();
    let (_, connection) = connections.split_once(ends)?;
    // The state, and the queues to be sent and to be read.
    let queues = connection.split(' ').nth(1)?;
    u32::from_str_radix(queues.split_once(':')?.1, 16).ok()
}

pub(crate) fn request(server: &Running, request: &str, headers: &str, body: &[u8]) -> Answer {
    Exchange::begin(server, request, headers, body).finish()
}

pub(crate) fn get(server: &Running, target: &str) -> Answer {
    request(server, &format!("GET {target}"), "", b"")
}

impl Running {
    /// Connections of protocols, as `/api/status` tells.
    pub(crate) fn connections(&self) -> u64 {
        let key = format!("authorization: Bearer {KEY}\r\n");
        let answer = request(self, "GET /api/status", &key, b"");
        answer.json()["connections"].as_u64().unwrap()
    }

    /// Waits until nobody is connected any more.
    #[track_caller]
    pub(crate) fn is_left_alone(&self) {
        let deadline = Instant::now() + SOON;
        while self.connections() > 0 {
            assert!(Instant::now() < deadline, "a connection stays");
            thread::sleep(Duration::from_millis(5));
        }
    }
}
