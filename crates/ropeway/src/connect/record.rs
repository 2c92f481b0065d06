//! Events as JSON, one object a line: what `--jsonl` prints and `/save` keeps.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use ropeway_socketio::{Body, Packet};
use ropeway_ws::client::ConnectError;
use ropeway_ws::{Cause, Message, Outcome, Side};
use serde_json::{Value, json};

use super::engine::{Direction, Event, Open, What};
use super::json::compact;
use super::talk;
use crate::{harmless, network};

/// The line of an event, without its end.
pub(crate) fn line(event: &Event) -> String {
    let mut fields = Fields::new(event);
    match &event.what {
        What::Open(open) => fields.open(open),
        What::Message { direction, message, wire } => {
            fields.frame(*direction, if message.is_text() { "text" } else { "binary" }, message.len(), *wire);
            fields.message(message);
        }
        What::Ping { direction, payload, wire } => fields.control(*direction, "ping", payload, *wire),
        What::Pong { direction, payload, wire, latency } => {
            fields.control(*direction, "pong", payload, *wire);
            fields.latency(*latency);
        }
        What::Packet { direction, packet, wire, latency } => {
            fields.add("direction", direction.name());
            fields.add("wire_size", *wire);
            fields.packet(packet);
            fields.latency(*latency);
        }
        What::Closed(outcome) => fields.closed(outcome),
        What::Failed(error) => fields.failed(error),
        What::Broke(rule) => {
            fields.add("kind", "protocol");
            fields.add("message", rule.as_str());
        }
        What::Retry(pause) => fields.add("after_ms", milliseconds(*pause)),
    }
    fields.0.push('}');
    harmless::json(&fields.0).into_owned()
}

/// A JSON object that grows; the order of its fields is meant for people.
struct Fields(String);

impl Fields {
    fn new(event: &Event) -> Self {
        let mut fields = Self(String::new());
        fields.add("event", event.what.name());
        fields.add("time", humantime::format_rfc3339_micros(event.at).to_string());
        fields.add("elapsed_ms", milliseconds(event.elapsed));
        fields
    }

    fn add(&mut self, name: &str, value: impl Into<Value>) {
        self.raw(name, &value.into().to_string());
    }

    /// A field whose value is JSON of the peer.
    fn json(&mut self, name: &str, value: &str) {
        self.raw(name, &compact(value));
    }

    /// A field whose value is JSON on one line.
    fn raw(&mut self, name: &str, value: &str) {
        self.0.push_str(if self.0.is_empty() { "{\"" } else { ",\"" });
        self.0.push_str(name);
        self.0.push_str("\":");
        self.0.push_str(value);
    }

    fn open(&mut self, open: &Open) {
        let (request, timings) = (&open.details.request, &open.details.timings);
        self.add("peer", open.details.peer.map(|peer| peer.to_string()));
        self.add(
            "request",
            json!({
                "method": request.method().as_str(),
                "target": request.uri().to_string(),
                "headers": headers(request.headers()),
            }),
        );
        let response = &open.response;
        self.add(
            "response",
            json!({ "status": response.status().as_u16(), "headers": headers(response.headers()) }),
        );
        self.add("subprotocol", open.subprotocol.clone());
        let extensions = response.headers().get("sec-websocket-extensions");
        self.add(
            "extensions",
            extensions.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
        );
        let tls = talk::tls(&open.details);
        self.add("tls", tls.map(|(version, cipher)| json!({ "version": version, "cipher": cipher })));
        self.add(
            "timings_ms",
            json!({
                "resolve": milliseconds(timings.resolve),
                "connect": milliseconds(timings.connect),
                "proxy": milliseconds(timings.proxy),
                "tls": milliseconds(timings.tls),
                "upgrade": milliseconds(timings.upgrade),
            }),
        );
    }

    fn frame(&mut self, direction: Direction, opcode: &str, size: usize, wire: u64) {
        self.add("direction", direction.name());
        self.add("opcode", opcode);
        self.add("size", size);
        self.add("wire_size", wire);
    }

    fn message(&mut self, message: &Message<'_>) {
        match message {
            Message::Text(text) => self.add("text", text.as_ref()),
            Message::Binary(bytes) => self.add("base64", STANDARD.encode(bytes)),
        }
    }

    fn control(&mut self, direction: Direction, opcode: &str, payload: &[u8], wire: u64) {
        self.frame(direction, opcode, payload.len(), wire);
        match std::str::from_utf8(payload) {
            Ok(text) => self.add("text", text),
            Err(_) => self.add("base64", STANDARD.encode(payload)),
        }
    }

    fn latency(&mut self, latency: Option<Duration>) {
        if let Some(latency) = latency {
            self.add("latency_ms", milliseconds(latency));
        }
    }

    fn packet(&mut self, packet: &Packet<'_>) {
        self.add("namespace", packet.namespace.as_ref());
        match &packet.body {
            Body::Connect(data) => self.json("data", data.as_deref().unwrap_or("null")),
            Body::ConnectError(data) => self.json("data", data),
            Body::Disconnect => {}
            Body::Event { id, name, arguments, .. } => {
                self.add("id", *id);
                self.add("name", name.as_ref());
                self.json("arguments", &format!("[{arguments}]"));
            }
            Body::Ack { id, arguments, .. } => {
                self.add("id", *id);
                self.json("arguments", &format!("[{arguments}]"));
            }
        }
        let attachments = packet.attachments();
        if !attachments.is_empty() {
            let encoded = attachments.iter().map(|attachment| STANDARD.encode(attachment));
            self.add("attachments", encoded.collect::<Vec<_>>());
        }
    }

    fn closed(&mut self, outcome: &Outcome) {
        self.add("code", outcome.code);
        self.add("reason", outcome.reason.as_str());
        self.add("by", if outcome.by == Side::Us { "us" } else { "peer" });
        self.add("clean", outcome.clean);
        if outcome.cause != Cause::Close {
            self.add("message", talk::closed(outcome));
        }
    }

    fn failed(&mut self, error: &ConnectError) {
        let failure = network::failure(error);
        self.add("kind", format!("{:?}", failure.kind).to_lowercase());
        self.add("exit_status", failure.kind as u8);
        self.add("message", error.to_string());
        if let ConnectError::Refused(refused) = error {
            self.add("status", refused.status.as_u16());
            self.add("headers", headers(&refused.headers));
            self.add("body", String::from_utf8_lossy(&refused.body).into_owned());
        }
    }
}

/// Pairs rather than an object: a header may come several times.
fn headers(headers: &HeaderMap) -> Value {
    let pairs = headers.iter();
    pairs.map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())])).collect()
}

fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
