//! A client of Socket.IO that knows nothing but packets.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use serde_json::Value;
use tungstenite::{Error, Message, WebSocket};

use crate::client::{SOON, open};
use crate::running::{KEY, Running};

pub(crate) struct Peer {
    socket: WebSocket<TcpStream>,
    /// The id of its Engine.IO session.
    pub(crate) engine: String,
}

impl Peer {
    /// Opens a session, without entering a namespace.
    pub(crate) fn open(server: &Running) -> Self {
        Self::with(server, "", &[])
    }

    /// The same with more in the query, and headers.
    pub(crate) fn with(server: &Running, query: &str, headers: &[(&str, &str)]) -> Self {
        let path = format!("/socket.io/?EIO=4&transport=websocket{query}");
        let socket = open(server, &path, headers).unwrap();
        let mut peer = Self { socket, engine: String::new() };
        let told = peer.text();
        let handshake: Value = serde_json::from_str(told.strip_prefix('0').unwrap()).unwrap();
        peer.engine = handshake["sid"].as_str().unwrap().to_owned();
        peer
    }

    /// Opens a session and enters `/`.
    pub(crate) fn connect(server: &Running) -> Self {
        let mut peer = Self::open(server);
        assert!(peer.ask("0").starts_with("0{\"sid\":\""));
        peer
    }

    /// Enters `/` and a room.
    pub(crate) fn in_room(server: &Running, room: &str) -> Self {
        let mut peer = Self::connect(server);
        let joined = peer.ask(&format!(r#"20["join","{room}"]"#));
        assert!(joined.starts_with(r#"30[{"type":"joined","#), "{joined}");
        peer
    }

    /// Sends a packet, without the type of the message around it.
    pub(crate) fn send(&mut self, packet: &str) {
        self.socket.send(Message::text(format!("4{packet}"))).unwrap();
    }

    /// Sends packets so that they come at once.
    #[allow(dead_code, reason = "for tests of authentication")]
    pub(crate) fn send_all(&mut self, packets: &[&str]) {
        packets.iter().for_each(|packet| self.socket.write(Message::text(format!("4{packet}"))).unwrap());
        self.socket.flush().unwrap();
    }

    pub(crate) fn attach(&mut self, attachment: &'static [u8]) {
        self.socket.send(Message::binary(attachment)).unwrap();
    }

    /// The next packet.
    #[track_caller]
    pub(crate) fn read(&mut self) -> String {
        let text = self.text();
        text.strip_prefix('4').unwrap_or_else(|| panic!("a packet instead of {text:?}")).to_owned()
    }

    #[track_caller]
    pub(crate) fn attachment(&mut self) -> Vec<u8> {
        match self.next() {
            Message::Binary(bytes) => bytes.to_vec(),
            other => panic!("an attachment instead of {other:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn ask(&mut self, packet: &str) -> String {
        self.send(packet);
        self.read()
    }

    /// Reads up to the answer to an event that nobody handles: everything that was queued before has come then.
    #[track_caller]
    pub(crate) fn nothing_more(&mut self) {
        let told = self.ask("29999[\"is there more?\"]");
        assert!(told.starts_with("39999["), "{told}");
    }

    /// Reads up to the end, whatever comes before.
    #[track_caller]
    pub(crate) fn closed(&mut self) {
        loop {
            match self.socket.read() {
                Ok(Message::Close(_)) => return,
                Ok(_) => {}
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                    panic!("the connection goes on")
                }
                Err(_) => return,
            }
        }
    }

    /// Breaks the connection without a word.
    pub(crate) fn break_off(self) {
        drop(self.socket);
    }

    #[track_caller]
    fn text(&mut self) -> String {
        match self.next() {
            Message::Text(text) => text.to_string(),
            other => panic!("a text instead of {other:?}"),
        }
    }

    /// The server's pings are of Engine.IO; they come later than a test lasts.
    fn next(&mut self) -> Message {
        self.socket.read().unwrap()
    }
}

/// What stands between two texts.
#[track_caller]
pub(crate) fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("{before:?} in {text:?}")).1;
    rest.split_once(after).unwrap_or_else(|| panic!("{after:?} in {text:?}")).0
}

/// Publishes by the HTTP API.
pub(crate) fn publish(server: &Running, room: &str, event: &str, data: &str) {
    let body = format!(r#"{{"room":"{room}","event":"{event}","data":{data}}}"#);
    let answer = http(server, "POST /api/publish", &body);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// A field of `/api/status`.
pub(crate) fn status(server: &Running, field: &str) -> u64 {
    let answer = http(server, "GET /api/status", "");
    let body: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    body[field].as_u64().unwrap()
}

fn http(server: &Running, request: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    let len = body.len();
    write!(
        stream,
        "{request} HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {KEY}\r\ncontent-type: application/json\r\n\
         content-length: {len}\r\nconnection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
