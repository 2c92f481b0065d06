//! What `-n` and `--expect` ask for.

use std::borrow::Cow;
use std::fmt::Write;

use ropeway_socketio::Body;

use crate::connect::engine::{Direction, What};
use crate::connect::expect::Expectation;
use crate::connect::flags::Connect;
use crate::connect::socketio;

pub(super) struct Goal<'o> {
    count: Option<u64>,
    expectations: Vec<(&'o Expectation, bool)>,
    received: u64,
}

/// How far it got; with the words for what is missing.
pub(super) enum Progress {
    Open(String),
    Reached,
    Failed(String),
}

impl<'o> Goal<'o> {
    pub(super) fn new(options: &'o Connect) -> Self {
        let expectations = options.expect.iter().map(|expectation| (expectation, false)).collect();
        Self { count: options.count, expectations, received: 0 }
    }

    /// Whether there is one at all.
    pub(super) fn is_set(&self) -> bool {
        self.count.is_some() || !self.expectations.is_empty()
    }

    pub(super) fn message(&mut self, text: &str) {
        self.received += 1;
        for (expectation, is_met) in &mut self.expectations {
            *is_met = *is_met || expectation.is_met(text);
        }
    }

    /// Whether nothing more has to come.
    pub(super) fn is_decided(&self) -> bool {
        !matches!(self.progress(), Progress::Open(_))
    }

    pub(super) fn progress(&self) -> Progress {
        let is_full = self.count.is_some_and(|count| self.received >= count);
        let missing = self.expectations.iter().filter(|(_, is_met)| !is_met).count();
        match (self.expectations.len(), missing) {
            (0, _) if is_full => Progress::Reached,
            (0, _) => Progress::Open(self.count.map_or_else(String::new, |count| self.too_few(count))),
            (_, 0) => Progress::Reached,
            (all, missing) if is_full => Progress::Failed(self.unmet(all, missing)),
            (all, missing) => Progress::Open(self.unmet(all, missing)),
        }
    }

    fn too_few(&self, count: u64) -> String {
        format!("{} of {count} messages came", self.received)
    }

    fn unmet(&self, all: usize, missing: usize) -> String {
        let met = all - missing;
        format!("{met} of {all} expectations met by {} messages", self.received)
    }
}

/// The text of a message that counts; binary messages as hex.
pub(super) fn text(what: &What) -> Option<Cow<'_, str>> {
    match what {
        What::Message { direction: Direction::In, message, .. } => Some(match message.as_text() {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(hex(message.as_bytes())),
        }),
        What::Packet { direction: Direction::In, packet, .. } => match &packet.body {
            Body::Event { .. } | Body::Ack { .. } => Some(Cow::Owned(socketio::line(packet))),
            _ => None,
        },
        _ => None,
    }
}

/// Bytes in hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
