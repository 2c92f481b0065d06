//! Echo with permessage-deflate: this side really deflates and inflates.

use anyhow::{bail, ensure};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use payloads::DOCUMENTS;

use super::wire::{self, Agreed, Decoder, Piece, TEXT};
use super::{Outbox, Workload};

/// What RFC 7692 section 7.2.1 has the sender cut off and the receiver put back.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// One message outstanding on every connection.
pub(crate) struct DeflateEcho {
    documents: Vec<Vec<u8>>,
    links: Vec<Link>,
}

impl DeflateEcho {
    pub(crate) fn new(agreed: &[Agreed]) -> Self {
        DeflateEcho { documents: payloads::documents(), links: agreed.iter().map(Link::new).collect() }
    }

    fn send(&mut self, index: usize, out: &mut Outbox) -> anyhow::Result<()> {
        let link = &mut self.links[index];
        let document = &self.documents[link.turn(index, link.sent)];
        let Some(bytes) = out.message(index) else { return Ok(()) };
        link.sent += 1;
        link.encode(document, bytes)
    }
}

impl Workload for DeflateEcho {
    fn begin(&mut self, out: &mut Outbox) -> anyhow::Result<()> {
        (0..self.links.len()).try_for_each(|index| self.send(index, out))
    }

    fn receive(&mut self, index: usize, bytes: &[u8], out: &mut Outbox) -> anyhow::Result<()> {
        let link = &mut self.links[index];
        let mut decoder = std::mem::take(&mut link.decoder);
        let (mut complete, mut control) = (0, Vec::new());
        decoder.decode(bytes, &mut control, |piece| {
            complete += usize::from(piece == Piece::End);
            link.take(&piece, index, &self.documents)
        })?;
        link.decoder = decoder;
        if !control.is_empty() {
            out.bytes(index).extend_from_slice(&control);
        }
        for _ in 0..complete {
            out.count();
            self.send(index, out)?;
        }
        Ok(())
    }
}

struct Link {
    compress: Compress,
    decompress: Decompress,
    agreed: Agreed,
    decoder: Decoder,
    deflated: bool,
    payload: Vec<u8>,
    scratch: Vec<u8>,
    sent: usize,
    received: usize,
}

impl Link {
    fn new(agreed: &Agreed) -> Self {
        // zlib has no window of 8 bits; one of 9 bits is not what the server agreed to.
        let bits = agreed.client_window_bits.max(9);
        Link {
            compress: Compress::new_with_window_bits(Compression::new(6), false, bits),
            decompress: Decompress::new(false),
            agreed: *agreed,
            decoder: Decoder::default(),
            deflated: false,
            payload: Vec::new(),
            scratch: Vec::with_capacity(8192),
            sent: 0,
            received: 0,
        }
    }

    /// Which document is the `number`th of this connection: no two connections are in step.
    fn turn(&self, index: usize, number: usize) -> usize {
        (index * 37 + number) % DOCUMENTS
    }

    fn encode(&mut self, document: &[u8], out: &mut Vec<u8>) -> anyhow::Result<()> {
        self.scratch.clear();
        self.compress.compress_vec(document, &mut self.scratch, FlushCompress::Sync)?;
        ensure!(self.scratch.ends_with(&TAIL), "the document does not fit the scratch buffer");
        let deflated = &self.scratch[..self.scratch.len() - TAIL.len()];
        wire::put_frame(out, TEXT, true, deflated, [0x37, 0xfa, 0x21, 0x3d]);
        if self.agreed.client_no_takeover {
            self.compress.reset();
        }
        Ok(())
    }

    fn take(&mut self, piece: &Piece<'_>, index: usize, documents: &[Vec<u8>]) -> anyhow::Result<()> {
        match piece {
            Piece::Begin { opcode, deflated } => {
                ensure!(*opcode == TEXT, "opcode {opcode}");
                self.deflated = *deflated;
                self.payload.clear();
            }
            Piece::Data(data) => self.payload.extend_from_slice(data),
            Piece::End => {
                let expected = &documents[self.turn(index, self.received)];
                self.received += 1;
                self.compare(expected)?;
            }
        }
        Ok(())
    }

    fn compare(&mut self, expected: &[u8]) -> anyhow::Result<()> {
        if self.deflated {
            self.inflate()?;
        }
        let found = if self.deflated { &self.scratch } else { &self.payload };
        if found != expected {
            bail!("message {} differs", self.received - 1);
        }
        Ok(())
    }

    fn inflate(&mut self) -> anyhow::Result<()> {
        self.payload.extend_from_slice(&TAIL);
        self.scratch.clear();
        let status =
            self.decompress.decompress_vec(&self.payload, &mut self.scratch, FlushDecompress::Sync)?;
        if self.agreed.server_no_takeover || status == Status::StreamEnd {
            self.decompress.reset(false);
        }
        Ok(())
    }
}
