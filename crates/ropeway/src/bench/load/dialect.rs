//! How a room is joined and published to, in the protocols that the load tester speaks.

use clap::ValueEnum;
use ropeway_socketio::engine::{Message, Packet, Version};
use serde::Deserialize;

/// What it is counted as when a namespace or a room cannot be entered.
pub(super) const NOT_LET_IN: &str = "the server does not let us into the namespace or the room";

/// What clients and server say to each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Protocol {
    /// Bare messages: what one client sends, the server gives to all
    #[default]
    Plain,
    /// `ropeway.json`, the protocol of this project
    Native,
    /// Socket.IO with the events `join` and `publish`
    Socketio,
}

/// A protocol with the room that everybody is in.
#[derive(Clone, Debug)]
pub(crate) struct Dialect {
    pub(crate) protocol: Protocol,
    pub(crate) room: String,
}

/// What a message of the server asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reaction {
    /// Nothing.
    None,
    /// Say this.
    Say(String),
    /// The room is joined.
    Joined,
    /// The room cannot be joined.
    Refused,
}

impl Dialect {
    /// The first message of a client, if it speaks first.
    pub(super) fn greeting(&self) -> Option<String> {
        match self.protocol {
            Protocol::Native => {
                Some(format!("{{\"type\":\"join\",\"room\":{},\"id\":\"join\"}}", quoted(&self.room)))
            }
            Protocol::Plain | Protocol::Socketio => None,
        }
    }

    /// Whether a client is ready as soon as it is connected.
    pub(super) fn is_ready_at_once(&self) -> bool {
        self.protocol == Protocol::Plain
    }

    /// What to do about a message that is no delivery.
    pub(super) fn react(&self, text: &str) -> Reaction {
        match self.protocol {
            Protocol::Plain => Reaction::None,
            Protocol::Native if text.contains("\"type\":\"joined\"") => Reaction::Joined,
            Protocol::Native if text.contains("\"id\":\"join\"") => Reaction::Refused,
            Protocol::Native => Reaction::None,
            Protocol::Socketio => self.react_to_packet(text),
        }
    }

    /// A message that publishes `data`, which is text without quotes.
    pub(super) fn publish(&self, data: &str, out: &mut String) {
        let room = quoted(&self.room);
        let parts: [&str; 5] = match self.protocol {
            Protocol::Plain => ["", "", data, "", ""],
            Protocol::Native => {
                ["{\"type\":\"publish\",\"room\":", &room, ",\"event\":\"bench\",\"data\":\"", data, "\"}"]
            }
            Protocol::Socketio => {
                ["42[\"publish\",{\"room\":", &room, ",\"event\":\"bench\",\"data\":\"", data, "\"}]"]
            }
        };
        out.clear();
        parts.iter().for_each(|part| out.push_str(part));
    }

    fn react_to_packet(&self, text: &str) -> Reaction {
        match Packet::decode(text, Version::V4) {
            Ok(Packet::Open(_)) => Reaction::Say("40".to_owned()),
            Ok(Packet::Ping(_)) => Reaction::Say("3".to_owned()),
            Ok(Packet::Message(Message::Text(packet))) => self.react_to_message(&packet),
            _ => Reaction::None,
        }
    }

    fn react_to_message(&self, packet: &str) -> Reaction {
        match packet.as_bytes() {
            [b'0', ..] => Reaction::Say(format!("420[\"join\",{{\"room\":{}}}]", quoted(&self.room))),
            [b'3', b'0', ..] if packet.contains("\"type\":\"joined\"") => Reaction::Joined,
            [b'3', b'0', ..] | [b'4', ..] => Reaction::Refused,
            _ => Reaction::None,
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialect(protocol: Protocol) -> Dialect {
        Dialect { protocol, room: "demo:\"b\"".to_owned() }
    }

    fn published(protocol: Protocol) -> String {
        let mut out = String::new();
        dialect(protocol).publish("x", &mut out);
        out
    }

    #[test]
    fn rooms_are_joined_step_by_step() {
        let socketio = dialect(Protocol::Socketio);
        assert_eq!(socketio.react("0{\"sid\":\"a\"}"), Reaction::Say("40".to_owned()));
        let join = r#"420["join",{"room":"demo:\"b\""}]"#;
        assert_eq!(socketio.react("40{\"sid\":\"b\"}"), Reaction::Say(join.to_owned()));
        assert_eq!(socketio.react(r#"430[{"type":"joined","room":"r"}]"#), Reaction::Joined);
        assert_eq!(socketio.react(r#"430[{"type":"error","code":"forbidden"}]"#), Reaction::Refused);
        assert_eq!(socketio.react("2"), Reaction::Say("3".to_owned()));
        let native = dialect(Protocol::Native);
        assert_eq!(native.greeting().unwrap(), r#"{"type":"join","room":"demo:\"b\"","id":"join"}"#);
        assert_eq!(native.react(r#"{"type":"welcome"}"#), Reaction::None);
        assert_eq!(native.react(r#"{"type":"joined","room":"r","id":"join"}"#), Reaction::Joined);
        assert_eq!(native.react(r#"{"type":"error","id":"join","code":"forbidden"}"#), Reaction::Refused);
    }

    #[test]
    fn data_is_published_in_every_protocol() {
        assert_eq!(published(Protocol::Plain), "x");
        assert_eq!(
            published(Protocol::Native),
            r#"{"type":"publish","room":"demo:\"b\"","event":"bench","data":"x"}"#
        );
        assert_eq!(
            published(Protocol::Socketio),
            r#"42["publish",{"room":"demo:\"b\"","event":"bench","data":"x"}]"#
        );
    }
}
