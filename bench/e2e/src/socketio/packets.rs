//! The packets that are sent, and those that must come back, without an allocation per message.

use crate::load::Outbox;
use crate::load::wire::{self, TEXT};

/// Events of one connection, numbered.
pub(crate) struct Events {
    /// `msg` wants an acknowledgement and is numbered from 1 on; 0 was used when the connection was made.
    with_ack: bool,
    tail: Numbered,
    packet: Vec<u8>,
    mask: [u8; 4],
    next: u32,
}

impl Events {
    /// `42<id>["msg","<payload>"]`
    pub(crate) fn with_ack(payload: &[u8], link: usize) -> Self {
        Self::new(true, br#"["msg",""#, payload, link)
    }

    /// `42["pub","<payload>"]`
    pub(crate) fn publishes(payload: &[u8], link: usize) -> Self {
        Self::new(false, br#"["pub",""#, payload, link)
    }

    fn new(with_ack: bool, head: &[u8], payload: &[u8], link: usize) -> Self {
        // Constant for a connection and not zero, so that unmasking costs the server the same.
        let mask = (0x9e37_79b9_u32.wrapping_mul(link as u32 + 1) | 0x0101_0101).to_be_bytes();
        Self { with_ack, tail: Numbered::new(head, payload), packet: Vec::new(), mask, next: 1 }
    }

    /// Sends the next one unless enough were sent.
    pub(crate) fn send(&mut self, link: usize, out: &mut Outbox) {
        let Some(bytes) = out.message(link) else { return };
        self.packet.clear();
        self.packet.extend_from_slice(b"42");
        if self.with_ack {
            put_number(&mut self.packet, self.next);
        }
        self.packet.extend_from_slice(self.tail.with(self.next));
        wire::put_frame(bytes, TEXT, false, &self.packet, self.mask);
        self.next += 1;
    }
}

/// What must come back for [`Events`], in their order.
pub(crate) struct Expected {
    acks: bool,
    tail: Numbered,
    next: u32,
}

impl Expected {
    /// `43<id>["<payload>"]`
    pub(crate) fn acks(payload: &[u8]) -> Self {
        Self { acks: true, tail: Numbered::new(br#"[""#, payload), next: 1 }
    }

    /// `42["msg","<payload>"]`
    pub(crate) fn events(payload: &[u8]) -> Self {
        Self { acks: false, tail: Numbered::new(br#"["msg",""#, payload), next: 1 }
    }

    /// Whether this is the next one.
    pub(crate) fn is_next(&mut self, message: &[u8]) -> bool {
        let tail = if self.acks {
            message.strip_prefix(b"43").and_then(|rest| number(rest, self.next))
        } else {
            message.strip_prefix(b"42")
        };
        let right = tail == Some(self.tail.with(self.next));
        self.next += 1;
        right
    }
}

/// A text that ends in a payload whose first digits are a number.
struct Numbered {
    text: Vec<u8>,
    number_at: usize,
}

const DIGITS: usize = 8;

impl Numbered {
    /// The payload gives its length; it becomes ASCII that JSON does not escape.
    fn new(head: &[u8], payload: &[u8]) -> Self {
        let letters = payload.iter().map(|byte| b'a' + byte % 26);
        let text = head.iter().copied().chain(letters).chain(*b"\"]").collect();
        Self { text, number_at: head.len() }
    }

    fn with(&mut self, number: u32) -> &[u8] {
        let digits: [u8; DIGITS] =
            std::array::from_fn(|digit| b"0123456789abcdef"[(number >> (28 - 4 * digit)) as usize & 15]);
        self.text[self.number_at..][..DIGITS].copy_from_slice(&digits);
        &self.text
    }
}

fn put_number(out: &mut Vec<u8>, mut number: u32) {
    let from = out.len();
    loop {
        out.push(b'0' + (number % 10) as u8);
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out[from..].reverse();
}

/// What stands behind `number`.
fn number(text: &[u8], number: u32) -> Option<&[u8]> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit())?;
    let (digits, rest) = text.split_at(end);
    let read =
        digits.iter().fold(0_u32, |sum, digit| sum.wrapping_mul(10).wrapping_add(u32::from(digit - b'0')));
    (read == number).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decimal() {
        let mut out = Vec::new();
        for number in [0, 7, 10, 4_294_967_295] {
            put_number(&mut out, number);
            out.push(b' ');
        }
        assert_eq!(out, b"0 7 10 4294967295 ");
        assert_eq!(number(b"120[", 120), Some(&b"["[..]));
        assert_eq!(number(b"12[", 120), None);
    }

    #[test]
    fn acks_are_expected_in_order_and_whole() {
        let mut expected = Expected::acks(b"xxxxxxxxx");
        assert!(expected.is_next(b"431[\"00000001q\"]"));
        assert!(!expected.is_next(b"431[\"00000002q\"]"));
        assert!(!expected.is_next(b"433[\"00000003\"]"));
        let mut expected = Expected::events(b"xxxxxxxx");
        assert!(
            expected.is_next(b"42[\"msg\",\"00000001\"]") && !expected.is_next(b"42[\"msg\",\"00000001\"]")
        );
    }
}
