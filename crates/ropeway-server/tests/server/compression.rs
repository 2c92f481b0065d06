//! permessage-deflate (RFC 7692), with a client made by hand.

use std::io::{Read, Write};
use std::net::TcpStream;

use flate2::read::DeflateDecoder;
use serde_json::{Value, json};

use crate::client::{Client, SOON};
use crate::http::post;
use crate::running::Running;

struct Deflating {
    stream: TcpStream,
    /// The answer to the handshake.
    head: String,
}

impl Deflating {
    fn connect(server: &Running, offer: &str) -> Self {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        let handshake = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==";
        write!(
            stream,
            "GET /ws HTTP/1.1\r\nhost: x\r\n{handshake}\r\nsec-websocket-extensions: {offer}\r\n\r\n"
        )
        .unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        Self { stream, head: String::from_utf8(head).unwrap() }
    }

    /// A masked text frame, with a mask of zeros.
    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        let mut frame = vec![0x81, 0x80 | u8::try_from(text.len()).unwrap(), 0, 0, 0, 0];
        frame.extend(text.bytes());
        self.stream.write_all(&frame).unwrap();
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.stream.read_exact(&mut bytes).unwrap();
        bytes
    }

    /// The next message, whether it came compressed, and the bytes it took.
    fn read(&mut self) -> (Value, bool, usize) {
        let [first, len] = self.take();
        let len = match len {
            126 => usize::from(u16::from_be_bytes(self.take())),
            127 => usize::try_from(u64::from_be_bytes(self.take())).unwrap(),
            short => usize::from(short),
        };
        let mut payload = vec![0; len];
        self.stream.read_exact(&mut payload).unwrap();
        let is_compressed = first & 0x40 != 0;
        if is_compressed {
            // The tail that the sender left out, and an empty last block.
            payload.extend([0, 0, 0xff, 0xff, 1, 0, 0, 0xff, 0xff]);
            let mut inflated = Vec::new();
            DeflateDecoder::new(&payload[..]).read_to_end(&mut inflated).unwrap();
            payload = inflated;
        }
        (serde_json::from_slice(&payload).unwrap(), is_compressed, len)
    }

    fn join(&mut self, room: &str) {
        assert_eq!(self.read().0["type"], "welcome");
        self.send(&json!({ "type": "join", "room": room }));
        assert_eq!(self.read().0["type"], "joined");
    }
}

#[test]
fn long_events_are_compressed_for_those_who_agreed_to_it() {
    let server = Running::start();
    let mut members: Vec<_> = ["permessage-deflate", "permessage-deflate; server_max_window_bits=10"]
        .map(|offer| Deflating::connect(&server, offer))
        .into();
    for member in &mut members {
        assert!(member.head.contains("sec-websocket-extensions: permessage-deflate"), "{}", member.head);
        member.join("plain:z");
    }
    let mut plain = Client::in_room(&server, "plain:z");
    let data = json!("all work and no play ".repeat(500));
    for _ in 0..3 {
        post(&server, "/api/publish", &json!({ "room": "plain:z", "event": "e", "data": data }));
        for member in &mut members {
            let (event, is_compressed, len) = member.read();
            // Each inflates by itself: no message refers to one before.
            assert!(event["data"] == data && is_compressed && len < 500, "{len}");
        }
        assert_eq!(plain.read()["data"], data);
    }
    post(&server, "/api/publish", &json!({ "room": "plain:z", "event": "e", "data": "short" }));
    for member in &mut members {
        let (event, is_compressed, _) = member.read();
        assert!(event["data"] == "short" && !is_compressed);
    }
}

#[test]
fn it_can_be_off() {
    let server = Running::with(&[("compression.mode", "off")]);
    let client = Deflating::connect(&server, "permessage-deflate");
    assert!(!client.head.contains("extensions"), "{}", client.head);
}

#[test]
fn takeover_is_a_choice() {
    for (mode, is_kept) in [("takeover", true), ("no-takeover", false)] {
        let server = Running::with(&[("compression.mode", mode)]);
        let client = Deflating::connect(&server, "permessage-deflate; client_max_window_bits");
        assert_eq!(!client.head.contains("client_no_context_takeover"), is_kept, "{mode}: {}", client.head);
        assert!(client.head.contains("server_no_context_takeover"), "{mode}: {}", client.head);
    }
}
