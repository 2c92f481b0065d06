//! Echo: each message differs from the one before in a stamp, and must come back whole and in order.

use anyhow::{bail, ensure};

use super::wire::{self, Decoder, Piece};
use super::{Outbox, Workload};

/// Every message starts with its number, as hexadecimal digits so that it may be text.
const STAMP: usize = 8;

/// Whether there are frames on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// The bytes of a client's frames, and back come the same bytes.
    Raw,
    /// A WebSocket.
    WebSocket,
}

/// `outstanding` messages on every connection, at all times.
pub(crate) struct Echo {
    outstanding: usize,
    links: Vec<Link>,
}

struct Link {
    sender: Sender,
    checker: Checker,
}

impl Echo {
    pub(crate) fn new(
        framing: Framing,
        opcode: u8,
        payload: &[u8],
        links: usize,
        outstanding: usize,
    ) -> Self {
        let link = |index| {
            let sender = Sender::new(opcode, payload, index);
            Link { checker: Checker::new(framing, opcode, payload, &sender), sender }
        };
        Echo { outstanding, links: (0..links).map(link).collect() }
    }
}

impl Workload for Echo {
    fn begin(&mut self, out: &mut Outbox) -> anyhow::Result<()> {
        for (index, link) in self.links.iter_mut().enumerate() {
            for _ in 0..self.outstanding {
                link.sender.send(index, out);
            }
        }
        Ok(())
    }

    fn receive(&mut self, index: usize, bytes: &[u8], out: &mut Outbox) -> anyhow::Result<()> {
        let link = &mut self.links[index];
        for _ in 0..link.checker.check(index, bytes, out)? {
            out.count();
            link.sender.send(index, out);
        }
        Ok(())
    }
}

/// A frame, masked once; a message is its copy with another stamp.
pub(crate) struct Sender {
    frame: Vec<u8>,
    stamp_at: usize,
    mask: [u8; 4],
    next: u32,
}

impl Sender {
    /// The key is constant for a connection and not zero: unmasking costs the server the same.
    pub(crate) fn new(opcode: u8, payload: &[u8], link: usize) -> Self {
        let mask = (0x9e37_79b9_u32.wrapping_mul(link as u32 + 1) | 0x0101_0101).to_be_bytes();
        let mut frame = Vec::new();
        wire::put_frame(&mut frame, opcode, false, payload, mask);
        Sender { stamp_at: frame.len() - payload.len(), frame, mask, next: 0 }
    }

    /// Sends the next message unless enough were sent; false then.
    pub(crate) fn send(&mut self, link: usize, out: &mut Outbox) -> bool {
        let Some(bytes) = out.message(link) else { return false };
        let mut stamp = stamp(self.next);
        wire::apply_mask(&mut stamp, self.mask);
        self.frame[self.stamp_at..][..STAMP].copy_from_slice(&stamp);
        bytes.extend_from_slice(&self.frame);
        self.next += 1;
        true
    }
}

fn stamp(number: u32) -> [u8; STAMP] {
    std::array::from_fn(|digit| b"0123456789abcdef"[(number >> (28 - 4 * digit)) as usize & 15])
}

/// Compares what comes back, as it comes.
pub(crate) struct Checker {
    expected: Vec<u8>,
    stamp_at: usize,
    mask: [u8; 4],
    at: usize,
    next: u32,
    opcode: u8,
    decoder: Option<Decoder>,
}

impl Checker {
    pub(crate) fn new(framing: Framing, opcode: u8, payload: &[u8], sender: &Sender) -> Self {
        let raw = framing == Framing::Raw;
        let mut checker = Checker {
            expected: if raw { sender.frame.clone() } else { payload.to_vec() },
            stamp_at: if raw { sender.stamp_at } else { 0 },
            mask: if raw { sender.mask } else { [0; 4] },
            at: 0,
            next: 0,
            opcode,
            decoder: (!raw).then(Decoder::default),
        };
        checker.expect_next();
        checker
    }

    fn expect_next(&mut self) {
        let mut stamp = stamp(self.next);
        wire::apply_mask(&mut stamp, self.mask);
        self.expected[self.stamp_at..][..STAMP].copy_from_slice(&stamp);
        self.next += 1;
        self.at = 0;
    }

    /// How many messages `bytes` complete.
    pub(crate) fn check(&mut self, link: usize, bytes: &[u8], out: &mut Outbox) -> anyhow::Result<usize> {
        let before = self.next;
        match self.decoder.take() {
            None => self.check_raw(bytes)?,
            Some(mut decoder) => {
                let mut control = Vec::new();
                decoder.decode(bytes, &mut control, |piece| self.check_piece(&piece))?;
                if !control.is_empty() {
                    out.bytes(link).extend_from_slice(&control);
                }
                self.decoder = Some(decoder);
            }
        }
        Ok((self.next - before) as usize)
    }

    fn check_raw(&mut self, mut bytes: &[u8]) -> anyhow::Result<()> {
        while !bytes.is_empty() {
            let (part, rest) = bytes.split_at(bytes.len().min(self.expected.len() - self.at));
            self.check_data(part)?;
            bytes = rest;
            if self.at == self.expected.len() {
                self.expect_next();
            }
        }
        Ok(())
    }

    fn check_piece(&mut self, piece: &Piece<'_>) -> anyhow::Result<()> {
        match piece {
            Piece::Begin { opcode, deflated } => {
                ensure!(*opcode == self.opcode && !deflated, "message {}: opcode {opcode}", self.next - 1);
            }
            Piece::Data(data) => self.check_data(data)?,
            Piece::End => {
                ensure!(self.at == self.expected.len(), "message {} is cut at {}", self.next - 1, self.at);
                self.expect_next();
            }
        }
        Ok(())
    }

    fn check_data(&mut self, data: &[u8]) -> anyhow::Result<()> {
        if self.expected[self.at..].get(..data.len()) != Some(data) {
            bail!("message {} differs behind byte {}", self.next - 1, self.at);
        }
        self.at += data.len();
        Ok(())
    }
}
