//! What has gone over the connection.

use std::time::Duration;

use bytes::Bytes;

use crate::connect::engine::{Direction, Event, What};
use crate::connect::talk::{self, short};

#[derive(Debug, Default)]
pub(super) struct Stats {
    received: Count,
    sent: Count,
    connections: u32,
    /// Since the engine started.
    opened: Duration,
    latency: Option<Duration>,
    is_compressed: bool,
}

#[derive(Debug, Default)]
struct Count {
    messages: u64,
    /// As messages hold them.
    size: u64,
    /// As frames.
    wire: u64,
    /// Pings and pongs.
    control: u64,
}

impl Stats {
    pub(super) fn event(&mut self, event: &Event) {
        match &event.what {
            What::Open(open) => {
                self.connections += 1;
                self.opened = event.elapsed;
                self.is_compressed = open.deflate.is_some();
            }
            What::Message { direction, message, wire } => {
                self.count(*direction).message(message.len() as u64, *wire);
            }
            What::Packet { direction, packet, wire, .. } => {
                let mut text = String::new();
                packet.encode(&mut text);
                let attached: usize = packet.attachments().iter().map(Bytes::len).sum();
                self.count(*direction).message((1 + text.len() + attached) as u64, *wire);
            }
            What::Ping { direction, .. } => self.count(*direction).control += 1,
            What::Pong { direction, latency, .. } => {
                self.count(*direction).control += 1;
                self.latency = latency.or(self.latency);
            }
            What::Closed(_) | What::Failed(_) | What::Retry(_) | What::Broke(_) => {}
        }
    }

    fn count(&mut self, direction: Direction) -> &mut Count {
        match direction {
            Direction::In => &mut self.received,
            Direction::Out => &mut self.sent,
        }
    }

    /// A few lines.
    pub(super) fn text(&self, now: Duration) -> String {
        let mut lines = vec![
            format!("received  {}", self.received.text(self.is_compressed)),
            format!("sent      {}", self.sent.text(self.is_compressed)),
            format!("open for  {}", short(now.saturating_sub(self.opened))),
        ];
        if let Some(latency) = self.latency {
            lines.push(format!("last ping {}", short(latency)));
        }
        if self.connections > 1 {
            lines.push(format!("connections {}", self.connections));
        }
        lines.join("\n")
    }
}

impl Count {
    fn message(&mut self, size: u64, wire: u64) {
        self.messages += 1;
        self.size += size;
        self.wire += wire;
    }

    fn text(&self, is_compressed: bool) -> String {
        let plural = if self.messages == 1 { "" } else { "s" };
        let mut text = format!(
            "{} message{plural}, {}, {} on the wire",
            self.messages,
            talk::bytes(self.size),
            talk::bytes(self.wire)
        );
        if is_compressed && self.size > 0 {
            text.push_str(&format!(" ({:.0} %)", self.wire as f64 / self.size as f64 * 100.0));
        }
        if self.control > 0 {
            text.push_str(&format!(", {} pings and pongs", self.control));
        }
        text
    }
}
