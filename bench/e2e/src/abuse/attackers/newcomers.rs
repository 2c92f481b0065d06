//! Attackers who come again and again: they connect, say one thing, and stay until there are too many of them.

use std::collections::VecDeque;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};

use anyhow::ensure;
use flate2::{Compress, Compression, FlushCompress};

use super::crowd::arrive;
use crate::load::wire::{self, TEXT};
use crate::servers::Deflate;

/// Of attacks that come from many addresses.
const ADDRESSES: usize = 20;
const BOMB: usize = 32 << 20;

pub(crate) struct Newcomers {
    target: SocketAddr,
    addresses: usize,
    /// Arrivals in a second.
    rate: usize,
    /// How many stay. The oldest leaves for the next.
    stay: usize,
    /// What they say, in turns.
    words: Vec<Vec<u8>>,
    held: VecDeque<TcpStream>,
    ticks: usize,
    arrived: usize,
}

impl Newcomers {
    fn new(target: SocketAddr, addresses: usize, rate: usize, words: Vec<Vec<u8>>) -> Self {
        Self { target, addresses, rate, stay: 8000, words, held: VecDeque::new(), ticks: 0, arrived: 0 }
    }

    pub(crate) fn half_open(target: SocketAddr) -> Self {
        let mut head = wire::request("/ws", target, Deflate::Off).into_bytes();
        head.truncate(head.len() / 2);
        Self::new(target, ADDRESSES, 1000, vec![head])
    }

    pub(crate) fn flood(target: SocketAddr) -> Self {
        Self::new(target, 1, 1000, vec![wire::request("/ws", target, Deflate::Off).into_bytes()])
    }

    pub(crate) fn garbage(target: SocketAddr) -> Self {
        let bytes = payloads::binary(4096);
        let upgraded = [wire::request("/ws", target, Deflate::Off).as_bytes(), &bytes].concat();
        Self::new(target, ADDRESSES, 200, vec![bytes, upgraded])
    }

    pub(crate) fn bombs(target: SocketAddr) -> anyhow::Result<Self> {
        let mut words = wire::request("/ws", target, Deflate::NoTakeover).into_bytes();
        let first = words.len();
        wire::put_frame(&mut words, TEXT, true, &bomb()?, [9, 2, 6, 5]);
        ensure!(words.len() - first < BOMB / 900, "the bomb is no bomb");
        Ok(Self::new(target, ADDRESSES, 50, vec![words]))
    }

    /// One tick's worth of arrivals; those that fail count as well, they were tried.
    pub(crate) fn act(&mut self) -> u64 {
        self.ticks += 1;
        let before = self.arrived;
        while self.arrived < self.ticks * self.rate / 100 {
            let words = &self.words[self.arrived % self.words.len()];
            if let Ok(stream) = say(arrive(self.arrived % self.addresses, self.target, None), words) {
                self.held.push_back(stream);
            }
            self.arrived += 1;
            self.held.drain(..self.held.len().saturating_sub(self.stay));
        }
        (self.arrived - before) as u64
    }
}

fn say(stream: anyhow::Result<TcpStream>, words: &[u8]) -> anyhow::Result<TcpStream> {
    let mut stream = stream?;
    stream.set_nonblocking(true)?;
    stream.write_all(words)?;
    Ok(stream)
}

/// What a client sends for a message: the end of the block is left away (RFC 7692 section 7.2.1).
fn bomb() -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(BOMB / 500);
    let mut compress = Compress::new(Compression::best(), false);
    compress.compress_vec(&vec![b'x'; BOMB], &mut bytes, FlushCompress::Sync)?;
    ensure!(bytes.ends_with(&[0, 0, 0xff, 0xff]), "a block that does not end");
    bytes.truncate(bytes.len() - 4);
    Ok(bytes)
}
