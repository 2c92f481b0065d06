//! permessage-deflate, which the library of the other tests does not have.

use std::io::{Read, Write};

use flate2::{Decompress, FlushDecompress};

use crate::raw::Exchange;
use crate::running::Running;
use crate::session::Session;

const UPGRADE: &str = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                       sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-extensions: permessage-deflate\r\n";

struct Socket(Exchange);

impl Socket {
    /// Opens one, and tells whether compression was agreed on.
    fn open(server: &Running, parameters: &str) -> (Self, bool) {
        let target = format!("GET /socket.io/?EIO=4&transport=websocket{parameters}");
        let mut socket = Self(Exchange::head(server, &target, UPGRADE, b""));
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.extend(socket.bytes(1));
        }
        let head = String::from_utf8(head).unwrap();
        assert!(head.starts_with("HTTP/1.1 101"), "{head}");
        (socket, head.contains("permessage-deflate"))
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.0.0.read_exact(&mut bytes).unwrap();
        bytes
    }

    /// Sends a text masked with zeros, which is the text itself.
    fn send(&mut self, text: &str) {
        let mut frame = match u8::try_from(text.len()) {
            Ok(len @ 0..=125) => vec![0x81, 0x80 | len],
            _ => [[0x81, 0x80 | 126], u16::try_from(text.len()).unwrap().to_be_bytes()].concat(),
        };
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.0.0.write_all(&frame).unwrap();
    }

    /// A text, and whether it came compressed.
    fn read(&mut self) -> (String, bool) {
        let head = self.bytes(2);
        let len = match head[1] {
            126 => usize::from(u16::from_be_bytes(self.bytes(2).try_into().unwrap())),
            len => usize::from(len),
        };
        let mut payload = self.bytes(len);
        let is_compressed = head[0] == 0xc1;
        if is_compressed {
            payload.extend([0, 0, 0xff, 0xff]);
            let mut text = Vec::with_capacity(1 << 16);
            Decompress::new(false).decompress_vec(&payload, &mut text, FlushDecompress::Sync).unwrap();
            payload = text;
        }
        (String::from_utf8(payload).unwrap(), is_compressed)
    }

    /// Joins, publishes a long and a short text, and looks at what comes back.
    fn try_it(&mut self) {
        self.send(r#"42["join","plain:e"]"#);
        for (len, expected) in [(2000, true), (10, false)] {
            let text = "x".repeat(len);
            self.send(&format!(r#"42["publish","plain:e","e","{text}"]"#));
            let (event, is_compressed) = self.read();
            assert!(event.starts_with(&format!(r#"42["e","{text}",{{"room":"plain:e""#)), "{event}");
            assert_eq!(is_compressed, expected, "{len}");
        }
    }
}

#[test]
fn it_is_off_until_it_is_configured() {
    assert!(!Socket::open(&Running::start(), "").1);
}

#[test]
fn long_messages_are_compressed_from_the_beginning_and_after_an_upgrade() {
    let server = Running::with(&[("socketio.per_message_deflate", "takeover")]);
    let (mut socket, is_agreed) = Socket::open(&server, "");
    assert!(is_agreed && socket.read().0.starts_with('0'));
    socket.send("40");
    assert!(socket.read().0.starts_with("40"));
    socket.try_it();

    let session = Session::connected(&server);
    let (mut socket, is_agreed) = Socket::open(&server, &format!("&sid={}", session.sid));
    assert!(is_agreed);
    socket.send("2probe");
    assert_eq!(socket.read().0, "3probe");
    socket.send("5");
    socket.try_it();
}
