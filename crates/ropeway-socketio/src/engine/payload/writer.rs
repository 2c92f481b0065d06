//! Building a payload of text.

use super::super::packet::encode_base64;
use super::super::{Packet, Version};
use super::SEPARATOR;

/// A payload of text under construction.
#[derive(Clone, Debug)]
pub struct Writer {
    text: String,
    version: Version,
}

impl Writer {
    /// An empty payload.
    pub fn new(version: Version) -> Self {
        Self { text: String::new(), version }
    }

    /// Appends a packet.
    pub fn push(&mut self, packet: &Packet<'_>) {
        self.append(|version, text| packet.encode(version, text));
    }

    /// Appends a packet that is text already, its type included.
    pub fn push_encoded(&mut self, packet: &str) {
        self.append(|_, text| text.push_str(packet));
    }

    /// Appends a binary message as base64. The message is without the type that version 3 puts before it.
    pub fn push_binary(&mut self, message: &[u8]) {
        self.append(|version, text| encode_base64(message, version, text));
    }

    /// Bytes so far.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether there is no packet yet.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The payload.
    pub fn finish(self) -> String {
        self.text
    }

    fn append(&mut self, write: impl FnOnce(Version, &mut String)) {
        match self.version {
            Version::V4 => {
                if !self.text.is_empty() {
                    self.text.push(SEPARATOR);
                }
                write(Version::V4, &mut self.text);
            }
            Version::V3 => {
                let mut packet = String::new();
                write(Version::V3, &mut packet);
                self.text.push_str(&packet.encode_utf16().count().to_string());
                self.text.push(':');
                self.text.push_str(&packet);
            }
        }
    }
}
