//! Socket.IO between the engine and its WebSocket: events become packets, packets events. Heartbeats are answered here.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use ropeway_socketio::engine::{self, Handshake, Version};
use ropeway_socketio::{Body, Decoder, Limits, Packet, placeholders};
use ropeway_ws::Message;

use super::json::compact;
use crate::network::socketio::messages;

mod emit;

pub(crate) use emit::{Emit, arguments, parse};

/// The time that a server has to open the session, and to answer for a namespace.
const PATIENCE: Duration = Duration::from_secs(20);

/// Acknowledgements that are waited for.
const MOST_WAITING: usize = 10_000;

/// What to connect to.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) namespaces: Vec<String>,
    /// A JSON object.
    pub(crate) auth: Option<String>,
}

/// The state of one Engine.IO session over WebSocket.
#[derive(Debug)]
pub(crate) struct Translator {
    settings: Settings,
    decoder: Decoder,
    /// There once the session is open.
    handshake: Option<Handshake>,
    /// By when the server must have said something more.
    deadline: Instant,
    /// Namespaces that were asked for and not answered.
    asked: HashSet<String>,
    /// Namespaces that we are in, in the order in which they let us in.
    connected: Vec<String>,
    /// Where events go that name no namespace: the last of them.
    current: String,
    next_id: u64,
    /// When events were sent whose acknowledgements are waited for.
    waiting: HashMap<u64, Instant>,
}

/// What came of something.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// To be sent.
    pub(crate) answers: Vec<Message<'static>>,
    /// To be told, with the latency of an acknowledgement.
    pub(crate) packet: Option<(Packet<'static>, Option<Duration>)>,
    /// The rule that the server broke.
    pub(crate) broken: Option<String>,
}

impl Translator {
    pub(crate) fn new(settings: Settings, now: Instant) -> Self {
        Self {
            current: settings.namespaces.last().cloned().unwrap_or_else(|| "/".to_owned()),
            settings,
            decoder: Decoder::new(Limits { attachments: 1000, ..Limits::default() }),
            handshake: None,
            deadline: now + PATIENCE,
            asked: HashSet::new(),
            connected: Vec::new(),
            next_id: 0,
            waiting: HashMap::new(),
        }
    }

    pub(crate) fn into_settings(self) -> Settings {
        self.settings
    }

    /// Whether events can be sent: the session is open and every namespace has answered.
    pub(crate) fn is_ready(&self) -> bool {
        self.handshake.is_some() && self.asked.is_empty()
    }

    /// Whether no acknowledgement is waited for.
    pub(crate) fn is_settled(&self) -> bool {
        self.waiting.is_empty()
    }

    /// When the server counts as dead unless it says something.
    pub(crate) fn timeout(&self) -> Option<Instant> {
        Some(self.deadline)
    }

    /// Whether a packet has begun whose attachments are not all here.
    pub(crate) fn is_partial(&self) -> bool {
        self.decoder.is_waiting()
    }

    /// A message of the server.
    pub(crate) fn message(&mut self, message: Message<'static>, now: Instant) -> Said {
        let said = match &message {
            Message::Text(text) => self.text(text, now),
            Message::Binary(_) => self.packet_of(&message, now),
        };
        said.unwrap_or_else(|rule| Said { broken: Some(rule), ..Said::default() })
    }

    fn text(&mut self, text: &str, now: Instant) -> Result<Said, String> {
        let packet = engine::Packet::decode(text, Version::V4).map_err(|error| error.to_string())?;
        match packet {
            engine::Packet::Open(data) => self.opened(&data, now),
            engine::Packet::Ping(data) => {
                self.extend(now);
                let mut pong = String::new();
                engine::Packet::Pong(data).encode(Version::V4, &mut pong);
                Ok(Said { answers: vec![pong.into()], ..Said::default() })
            }
            engine::Packet::Message(engine::Message::Text(text)) => {
                let packet = self.decoder.text(&text).map_err(|error| error.to_string())?;
                Ok(packet
                    .map(Packet::into_owned)
                    .map_or_else(Said::default, |packet| self.packet(packet, now)))
            }
            // The server ends the stream after it says that it closes.
            _ => Ok(Said::default()),
        }
    }

    /// An attachment.
    fn packet_of(&mut self, message: &Message<'_>, now: Instant) -> Result<Said, String> {
        let attachment = message.as_bytes().to_vec().into();
        let packet = self.decoder.binary(attachment).map_err(|error| error.to_string())?;
        Ok(packet.map_or_else(Said::default, |packet| self.packet(packet, now)))
    }

    fn opened(&mut self, data: &str, now: Instant) -> Result<Said, String> {
        self.handshake = Some(Handshake::decode(data).map_err(|error| error.to_string())?);
        self.extend(now);
        let namespaces = self.settings.namespaces.clone();
        let answers = namespaces.into_iter().flat_map(|namespace| self.ask(namespace).answers).collect();
        Ok(Said { answers, ..Said::default() })
    }

    /// The server has shown that it lives (Engine.IO protocol, Heartbeat).
    fn extend(&mut self, now: Instant) {
        let patience = self.handshake.as_ref().map(|open| open.ping_interval + open.ping_timeout);
        self.deadline = now + patience.unwrap_or(PATIENCE);
    }

    fn packet(&mut self, packet: Packet<'static>, now: Instant) -> Said {
        let latency = match &packet.body {
            Body::Connect(_) => {
                self.asked.remove(&*packet.namespace);
                self.current = packet.namespace.to_string();
                self.connected.push(self.current.clone());
                None
            }
            Body::ConnectError(_) | Body::Disconnect => {
                self.asked.remove(&*packet.namespace);
                self.forget(&packet.namespace);
                None
            }
            Body::Ack { id, .. } => self.waiting.remove(id).map(|sent| now - sent),
            Body::Event { .. } => None,
        };
        Said { packet: Some((packet, latency)), ..Said::default() }
    }

    /// We are not in a namespace (any more): events go to the one before.
    fn forget(&mut self, namespace: &str) {
        self.connected.retain(|name| name != namespace);
        if let Some(last) = self.connected.last() {
            self.current.clone_from(last);
            self.settings.namespaces.retain(|name| name != namespace);
        }
    }

    /// Connects to one more namespace; events go there once it has let us in.
    pub(crate) fn join(&mut self, namespace: String) -> Said {
        if !self.settings.namespaces.contains(&namespace) {
            self.settings.namespaces.push(namespace.clone());
        }
        self.ask(namespace)
    }

    fn ask(&mut self, namespace: String) -> Said {
        self.asked.insert(namespace.clone());
        let auth = self.settings.auth.clone().map(Into::into);
        said(Packet { namespace: namespace.into(), body: Body::Connect(auth) })
    }

    /// Leaves a namespace.
    pub(crate) fn leave(&mut self, namespace: &str) -> Said {
        self.forget(namespace);
        said(Packet { namespace: namespace.to_owned().into(), body: Body::Disconnect })
    }

    /// Sends an event.
    pub(crate) fn emit(&mut self, emit: Emit, now: Instant) -> Said {
        let id = emit.wants_ack.then(|| self.next_id(now));
        let body = Body::Event {
            id,
            name: emit.name.into(),
            arguments: emit.arguments.into(),
            attachments: Vec::new().into(),
        };
        said(Packet { namespace: emit.namespace.unwrap_or_else(|| self.current.clone()).into(), body })
    }

    /// Answers an event of the server, in the namespace that events go to.
    pub(crate) fn ack(&self, id: u64, arguments: String) -> Said {
        let body = Body::Ack { id, arguments: arguments.into(), attachments: Vec::new().into() };
        said(Packet { namespace: self.current.clone().into(), body })
    }

    fn next_id(&mut self, now: Instant) -> u64 {
        if self.waiting.len() == MOST_WAITING {
            self.waiting.clear();
        }
        self.waiting.insert(self.next_id, now);
        self.next_id += 1;
        self.next_id - 1
    }
}

fn said(packet: Packet<'static>) -> Said {
    Said { answers: messages(&packet), packet: Some((packet, None)), broken: None }
}

/// A namespace with its slash.
pub(crate) fn namespace(name: &str) -> String {
    if name.starts_with('/') { name.to_owned() } else { format!("/{name}") }
}

/// An event as `["name",arguments...]`, an acknowledgement as its arguments. An attachment is `{"base64":"..."}`.
pub(crate) fn line(packet: &Packet<'_>) -> String {
    let arguments = attached(&compact(packet.arguments()), packet.attachments());
    match &packet.body {
        Body::Event { name, .. } => {
            let name = serde_json::Value::from(name.as_ref());
            let comma = if arguments.is_empty() { "" } else { "," };
            format!("[{name}{comma}{arguments}]")
        }
        _ => format!("[{arguments}]"),
    }
}

/// Arguments with their attachments in place of what stands for them.
fn attached(arguments: &str, attachments: &[Bytes]) -> String {
    let mut text = String::with_capacity(arguments.len());
    let mut end = 0;
    if !attachments.is_empty() {
        for placeholder in placeholders(arguments).map_while(Result::ok) {
            let Some(attachment) = attachments.get(placeholder.attachment) else { break };
            text.push_str(&arguments[end..placeholder.range.start]);
            let _ = write!(text, "{{\"base64\":\"{}\"}}", STANDARD.encode(attachment));
            end = placeholder.range.end;
        }
    }
    text.push_str(&arguments[end..]);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attachments_stand_where_they_belong() {
        let packet = |arguments: &'static str, attachments: Vec<Bytes>| Packet {
            namespace: "/".into(),
            body: Body::Event {
                id: None,
                name: "file \"x\"".into(),
                arguments: arguments.into(),
                attachments: attachments.into(),
            },
        };
        let two = r#"{"_placeholder":true,"num":1}, {"a": [{"_placeholder":true,"num":0}] }"#;
        let line = line(&packet(two, vec![vec![1].into(), vec![2, 3].into()]));
        assert_eq!(line, r#"["file \"x\"",{"base64":"AgM="},{"a":[{"base64":"AQ=="}]}]"#);
        assert_eq!(super::line(&packet("", Vec::new())), r#"["file \"x\""]"#);
        assert_eq!((namespace("chat"), namespace("/")), ("/chat".to_owned(), "/".to_owned()));
    }
}
