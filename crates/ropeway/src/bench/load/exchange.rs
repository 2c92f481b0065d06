//! How a message is sent so that something comes back, in the protocols that the load tester speaks.

use std::io::Write;

use memchr::memmem;
use ropeway_socketio::engine::{Message, Packet, Version};

use super::dialect::{Dialect, Protocol, Reaction};
use super::payload::Payload;

/// What stands before the data of an event in the native protocol.
const DATA: &[u8] = b"\"data\":\"";

/// What marks an answer that is an error, in the native protocol and in acknowledgements of our server.
const ERROR: &[u8] = b"\"type\":\"error\"";

/// One protocol, with names in it.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    protocol: Protocol,
    /// Each connection has one of its own: this with its number.
    room: String,
    /// The event that is acknowledged, as JSON.
    event: String,
}

/// What a message of the server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// The answer to the message of this number.
    Answer(u64),
    /// An answer that is an error; the number of the message where it says that.
    Error(Option<u64>),
    /// Part of the protocol, and what to do about it.
    Protocol(Reaction),
    /// None of these.
    Unknown,
}

impl Exchange {
    pub(crate) fn new(protocol: Protocol, room: &str, event: &str) -> Self {
        Self { protocol, room: room.to_owned(), event: serde_json::Value::from(event).to_string() }
    }

    /// Whether what is sent comes back as it is.
    pub(super) fn is_plain(&self) -> bool {
        self.protocol == Protocol::Plain
    }

    /// The first message of a connection, if it speaks first.
    pub(super) fn greeting(&self, index: usize) -> Option<String> {
        self.dialect(index).greeting()
    }

    /// Writes the message of a number.
    pub(super) fn write(&self, index: usize, number: u64, payload: &Payload, out: &mut Vec<u8>) {
        out.clear();
        // Writing to memory does not fail; a payload is ASCII without quotes.
        let (_, end): (_, &[u8]) = match self.protocol {
            Protocol::Plain => (Ok(()), b""),
            Protocol::Native => {
                let room = quoted(&room(&self.room, index));
                let head = "{\"type\":\"publish\",\"room\":";
                (write!(out, "{head}{room},\"event\":\"bench\",\"data\":\""), b"\"}")
            }
            Protocol::Socketio => (write!(out, "42{number}[{},\"", self.event), b"\"]"),
        };
        payload.append(number, out);
        out.extend_from_slice(end);
    }

    /// Tells what a message is.
    pub(super) fn read(&self, message: &[u8], payload: &Payload) -> Heard {
        match self.protocol {
            Protocol::Plain => payload.read(message).map_or(Heard::Unknown, Heard::Answer),
            Protocol::Native => self.read_native(message, payload),
            Protocol::Socketio => read_packet(message),
        }
    }

    fn read_native(&self, message: &[u8], payload: &Payload) -> Heard {
        let data = memmem::find(message, DATA).map(|at| at + DATA.len());
        let data = data.and_then(|at| message.get(at..at + payload.len()));
        if let Some(number) = data.and_then(|data| payload.read(data)) {
            return Heard::Answer(number);
        }
        let Ok(text) = std::str::from_utf8(message) else { return Heard::Unknown };
        match self.dialect(0).react(text) {
            Reaction::None if memmem::find(message, ERROR).is_some() => Heard::Error(None),
            reaction => Heard::Protocol(reaction),
        }
    }

    fn dialect(&self, index: usize) -> Dialect {
        Dialect { protocol: self.protocol, room: room(&self.room, index) }
    }
}

/// A packet of Engine.IO, and in it one of Socket.IO.
fn read_packet(message: &[u8]) -> Heard {
    if let Some(number) = acknowledged(message) {
        let is_error = memmem::find(message, ERROR).is_some();
        return if is_error { Heard::Error(Some(number)) } else { Heard::Answer(number) };
    }
    let Ok(text) = std::str::from_utf8(message) else { return Heard::Unknown };
    match Packet::decode(text, Version::V4) {
        Ok(Packet::Open(_)) => Heard::Protocol(Reaction::Say("40".to_owned())),
        Ok(Packet::Ping(_)) => Heard::Protocol(Reaction::Say("3".to_owned())),
        Ok(Packet::Message(Message::Text(packet))) => match packet.as_bytes() {
            [b'0', ..] => Heard::Protocol(Reaction::Joined),
            [b'4', ..] => Heard::Protocol(Reaction::Refused),
            _ => Heard::Unknown,
        },
        _ => Heard::Unknown,
    }
}

/// The number in `43<number>[...]`.
fn acknowledged(message: &[u8]) -> Option<u64> {
    let rest = message.strip_prefix(b"43")?;
    let end = rest.iter().position(|byte| *byte == b'[')?;
    std::str::from_utf8(&rest[..end]).ok()?.parse().ok()
}

fn room(room: &str, index: usize) -> String {
    format!("{room}-{index}")
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(protocol: Protocol) -> Exchange {
        Exchange::new(protocol, "demo:b", "say \"x\"")
    }

    fn written(protocol: Protocol) -> String {
        let mut out = Vec::new();
        exchange(protocol).write(4, 5, &Payload::new(3), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn messages_that_come_back() {
        assert_eq!(written(Protocol::Plain), "aaf");
        let native = r#"{"type":"publish","room":"demo:b-4","event":"bench","data":"aaf"}"#;
        assert_eq!(written(Protocol::Native), native);
        assert_eq!(written(Protocol::Socketio), r#"425["say \"x\"","aaf"]"#);
    }

    #[test]
    fn answers_are_told_from_the_rest() {
        let payload = Payload::new(3);
        let native = exchange(Protocol::Native);
        for (message, heard) in [
            (r#"{"type":"event","event":"bench","data":"aaf","offset":3}"#, Heard::Answer(5)),
            (r#"{"type":"joined","room":"demo:b-4","id":"join"}"#, Heard::Protocol(Reaction::Joined)),
            (r#"{"type":"error","code":"forbidden","id":"join"}"#, Heard::Protocol(Reaction::Refused)),
            (r#"{"type":"error","code":"rate_limited"}"#, Heard::Error(None)),
            (r#"{"type":"welcome"}"#, Heard::Protocol(Reaction::None)),
        ] {
            assert_eq!(native.read(message.as_bytes(), &payload), heard, "{message}");
        }
        let socketio = exchange(Protocol::Socketio);
        for (message, heard) in [
            (r#"4317["ok"]"#, Heard::Answer(17)),
            (r#"4317[{"type":"error","code":"no_handler"}]"#, Heard::Error(Some(17))),
            (r#"0{"sid":"a"}"#, Heard::Protocol(Reaction::Say("40".to_owned()))),
            (r#"40{"sid":"b"}"#, Heard::Protocol(Reaction::Joined)),
            (r#"44{"message":"no"}"#, Heard::Protocol(Reaction::Refused)),
            ("2", Heard::Protocol(Reaction::Say("3".to_owned()))),
            (r#"42["news"]"#, Heard::Unknown),
            ("43x[]", Heard::Unknown),
        ] {
            assert_eq!(socketio.read(message.as_bytes(), &payload), heard, "{message}");
        }
        assert_eq!(exchange(Protocol::Plain).read(b"aaf", &payload), Heard::Answer(5));
    }
}
