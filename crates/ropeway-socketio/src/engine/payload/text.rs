//! Payloads of text.

use super::super::error::PacketError;
use super::super::{Packet, Version};
use super::SEPARATOR;

/// The packets of a payload that came as text. After an error nothing follows: the packets before it are good.
///
/// An empty body is an error, as there is always a packet to send.
pub fn decode(body: &str, version: Version) -> Packets<'_> {
    Packets { rest: Some(body), version }
}

/// The packets of a text; see [`decode`].
#[derive(Clone, Debug)]
pub struct Packets<'a> {
    rest: Option<&'a str>,
    version: Version,
}

impl<'a> Packets<'a> {
    /// What has not been decoded yet, to go on with later; nothing at the end and after an error.
    pub fn remainder(&self) -> Option<&'a str> {
        self.rest
    }
}

impl<'a> Iterator for Packets<'a> {
    type Item = Result<Packet<'a>, PacketError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (packet, rest) = match cut(self.rest.take()?, self.version) {
                Ok(cut) => cut,
                Err(error) => return Some(Err(error)),
            };
            if packet.is_empty() && self.version == Version::V3 {
                // `0:` is what version 3 writes when it has no packet.
                self.rest = Some(rest?);
                continue;
            }
            let packet = Packet::decode(packet, self.version);
            self.rest = rest.filter(|_| packet.is_ok());
            return Some(packet);
        }
    }
}

/// The first packet, and what is behind it if there is another.
fn cut(body: &str, version: Version) -> Result<(&str, Option<&str>), PacketError> {
    match version {
        Version::V4 => Ok(match body.split_once(SEPARATOR) {
            Some((packet, rest)) => (packet, Some(rest)),
            None => (body, None),
        }),
        Version::V3 => {
            let (len, rest) = body.split_once(':').ok_or(PacketError::Length)?;
            let (packet, rest) = split_utf16(rest, length(len)?).ok_or(PacketError::Length)?;
            Ok((packet, Some(rest).filter(|rest| !rest.is_empty())))
        }
    }
}

fn length(digits: &str) -> Result<usize, PacketError> {
    // `parse` alone would take a sign.
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(PacketError::Length);
    }
    digits.parse().map_err(|_| PacketError::Length)
}

/// Splits behind so many UTF-16 code units. Nothing when there are fewer, or when it would split a character.
fn split_utf16(text: &str, units: usize) -> Option<(&str, &str)> {
    if text.as_bytes().get(..units)?.is_ascii() {
        return text.split_at_checked(units);
    }
    let mut left = units;
    let mut characters = text.chars();
    while left > 0 {
        left = left.checked_sub(characters.next()?.len_utf16())?;
    }
    text.split_at_checked(text.len() - characters.as_str().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_count_what_javascript_counts() {
        assert_eq!(split_utf16("aé🚡z", 4), Some(("aé🚡", "z")));
        assert_eq!(split_utf16("aé🚡z", 3), None);
        assert_eq!(split_utf16("aé🚡z", 5), Some(("aé🚡z", "")));
        assert_eq!(split_utf16("aé🚡z", 6), None);
        assert_eq!(split_utf16("abc", 3), Some(("abc", "")));
        assert_eq!(split_utf16("", 0), Some(("", "")));
    }
}
