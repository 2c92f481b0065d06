//! Sessions that begin on a WebSocket.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use tungstenite::{ClientRequestBuilder, Message, WebSocket};

use crate::raw::{SOON, get};
use crate::running::Running;

pub(crate) struct Socket(pub(crate) WebSocket<TcpStream>);

impl Socket {
    /// A WebSocket with parameters behind `EIO=4&transport=websocket`.
    pub(crate) fn open(server: &Running, parameters: &str) -> Self {
        let uri = format!("ws://{}/socket.io/?EIO=4&transport=websocket{parameters}", server.address);
        let stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        let request = ClientRequestBuilder::new(uri.parse().unwrap());
        Self(tungstenite::client(request, stream).unwrap().0)
    }

    /// A session of its own, and its id.
    pub(crate) fn session(server: &Running) -> (Self, String) {
        let mut socket = Self::open(server, "");
        let open = socket.read();
        let open: serde_json::Value = serde_json::from_str(open.strip_prefix('0').unwrap()).unwrap();
        assert_eq!(open["upgrades"], serde_json::json!([]));
        let sid = open["sid"].as_str().unwrap().to_owned();
        (socket, sid)
    }

    pub(crate) fn connected(server: &Running) -> (Self, String) {
        let (mut socket, sid) = Self::session(server);
        socket.send("40");
        assert!(socket.read().starts_with("40{\"sid\":"));
        (socket, sid)
    }

    pub(crate) fn send(&mut self, packet: &str) {
        self.0.send(Message::text(packet)).unwrap();
    }

    #[track_caller]
    pub(crate) fn read(&mut self) -> String {
        match self.0.read().unwrap() {
            Message::Text(text) => text.to_string(),
            other => panic!("a text instead of {other:?}"),
        }
    }

    /// Reads up to the close; the code, if there is one.
    #[track_caller]
    pub(crate) fn closed(&mut self) -> Option<u16> {
        loop {
            if let Message::Close(frame) = self.0.read().unwrap() {
                return frame.map(|frame| frame.code.into());
            }
        }
    }
}

#[test]
fn each_packet_is_a_frame() {
    let server = Running::start();
    let (mut socket, _) = Socket::connected(&server);
    socket.send(r#"420["join","plain:e"]"#);
    assert!(socket.read().starts_with("430["));
    socket.send(r#"451-["publish","plain:e","e",{"_placeholder":true,"num":0}]"#);
    socket.0.send(Message::binary(vec![1, 2, 3])).unwrap();
    assert!(socket.read().starts_with("451-[\"e\","));
    assert_eq!(socket.0.read().unwrap(), Message::binary(vec![1, 2, 3]));
}

#[test]
fn a_message_over_the_limit_is_1009() {
    let server = Running::with(&[("socketio.max_http_buffer_size", "1KiB")]);
    let (mut socket, _) = Socket::connected(&server);
    socket.send(&format!("4{}", "x".repeat(1024)));
    assert_eq!(socket.closed(), Some(1009));
}

#[test]
fn a_message_in_too_many_frames_is_1008() {
    let server = Running::with(&[("limits.fragments", "3")]);
    for (frames, code) in [(3, None), (4, Some(1008))] {
        let (mut socket, _) = Socket::connected(&server);
        // `421["none"]` and empty frames, of which the last has the bit FIN; the masks are empty.
        let mut bytes = b"\x01\x8b\0\0\0\x00421[\"none\"]".to_vec();
        (2..frames).for_each(|_| bytes.extend(b"\0\x80\0\0\0\0"));
        bytes.extend(b"\x80\x80\0\0\0\0");
        socket.0.get_mut().write_all(&bytes).unwrap();
        match code {
            None => assert!(socket.read().starts_with("431[")),
            code => assert_eq!(socket.closed(), code),
        }
    }
}

#[test]
fn the_client_ends_it() {
    let server = Running::start();
    let (mut socket, sid) = Socket::connected(&server);
    socket.send("1");
    socket.closed();
    let answer = get(&server, &format!("/socket.io/?EIO=4&transport=polling&sid={sid}"));
    assert_eq!(answer.json()["code"], 1);
    drop(socket);
    server.is_left_alone();
}

#[test]
fn a_ping_of_the_client_and_no_packet_end_it() {
    let server = Running::start();
    for packet in ["2", "abc", "", "9"] {
        let (mut socket, _) = Socket::connected(&server);
        socket.send(packet);
        socket.closed();
    }
    server.is_left_alone();
}

#[test]
fn pings_come_after_the_interval_and_want_an_answer() {
    // So long that a machine under load answers a ping in time.
    let server = Running::with(&[("socketio.ping_interval", "300ms"), ("socketio.ping_timeout", "3s")]);
    let mut begun = Instant::now();
    let (mut socket, _) = Socket::session(&server);
    for _ in 0..3 {
        assert_eq!(socket.read(), "2");
        assert!(begun.elapsed() >= Duration::from_millis(300), "{:?}", begun.elapsed());
        begun = Instant::now();
        socket.send("3");
    }
    assert_eq!(socket.read(), "2");
    socket.closed();
    assert!(begun.elapsed() >= Duration::from_millis(3300), "{:?}", begun.elapsed());
}

#[test]
fn requests_cannot_speak_to_it() {
    let server = Running::start();
    let (mut socket, sid) = Socket::connected(&server);
    let answer = get(&server, &format!("/socket.io/?EIO=4&transport=polling&sid={sid}"));
    assert_eq!((answer.status, answer.json()["code"].as_u64()), (400, Some(3)));
    let mut second = Socket::open(&server, &format!("&sid={sid}"));
    second.closed();
    socket.send(r#"420["join","plain:e"]"#);
    assert!(socket.read().starts_with("430["), "the session goes on");
}

#[test]
fn an_initial_packet_comes_second() {
    let server = Running::with(&[("socketio.initial_packet", "hello")]);
    let (mut socket, _) = Socket::session(&server);
    assert_eq!(socket.read(), "4hello");
}
