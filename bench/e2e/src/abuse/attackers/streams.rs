//! Attackers who came in like everybody else, and send as much as they are let.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};

use super::crowd::arrive;
use crate::load::native;
use crate::load::wire::{self, PING, TEXT};
use crate::servers::Deflate;

/// Connections of the floods, each from its own address.
const CONNECTIONS: usize = 10;
const MASK: [u8; 4] = [2, 7, 1, 8];
const SLOW_READERS: usize = 20;
/// Of the events that slow readers do not read, in bytes.
const LARGE: usize = 32 * 1024;
/// As small as the system allows.
const NO_BUFFER: usize = 1;

pub(crate) struct Streams {
    flows: Vec<Flow>,
    /// They are there and do nothing.
    _silent: Vec<TcpStream>,
}

/// One connection and what it sends at each tick.
struct Flow {
    stream: TcpStream,
    batch: Vec<u8>,
    /// Messages or frames in a batch.
    units: u64,
    written: usize,
}

impl Streams {
    /// 100 pings at each tick.
    pub(crate) fn pings(target: SocketAddr) -> anyhow::Result<Self> {
        let mut batch = Vec::new();
        for _ in 0..100 {
            wire::put_frame(&mut batch, PING, false, b"ping", MASK);
        }
        Self::of(target, |_, _| Ok((batch.clone(), 100)))
    }

    /// A message in 200 fragments at each tick.
    pub(crate) fn fragments(target: SocketAddr) -> anyhow::Result<Self> {
        let message = format!(r#"{{"type":"ping","x":"{:x<178}"}}"#, "");
        let mut batch = Vec::new();
        for (index, byte) in message.bytes().enumerate() {
            let first = batch.len();
            wire::put_frame(&mut batch, if index == 0 { TEXT } else { 0 }, false, &[byte], MASK);
            if index + 1 < message.len() {
                batch[first] &= 0x7f;
            }
        }
        let units = message.len() as u64;
        Self::of(target, |_, _| Ok((batch.clone(), units)))
    }

    /// 100 publishes at each tick, each connection to a room of its own.
    pub(crate) fn publishes(target: SocketAddr) -> anyhow::Result<Self> {
        Self::of(target, |attacker, stream| {
            let room = format!("busy:{attacker}");
            native::join(stream, &room)?;
            Ok((publish(&room, "flood").repeat(100), 100))
        })
    }

    /// Members of a room who never read, and one who publishes a large event at each tick.
    pub(crate) fn slow_readers(target: SocketAddr) -> anyhow::Result<Self> {
        let room = "busy:slow";
        let silent = |attacker| {
            let mut stream = arrive(attacker, target, Some(NO_BUFFER))?;
            wire::upgrade(&mut stream, "/ws", Deflate::Off)?;
            native::join(&mut stream, room)?;
            Ok(stream)
        };
        let silent = (1..=SLOW_READERS).map(silent).collect::<anyhow::Result<_>>()?;
        let publisher = Flow::open(0, target, &mut |_, stream| {
            native::join(stream, room)?;
            Ok((publish(room, &"x".repeat(LARGE)), 1))
        })?;
        Ok(Self { flows: vec![publisher], _silent: silent })
    }

    fn of(
        target: SocketAddr,
        mut batch: impl FnMut(usize, &mut TcpStream) -> anyhow::Result<(Vec<u8>, u64)>,
    ) -> anyhow::Result<Self> {
        let flows = (0..CONNECTIONS).map(|attacker| Flow::open(attacker, target, &mut batch));
        Ok(Self { flows: flows.collect::<anyhow::Result<_>>()?, _silent: Vec::new() })
    }

    /// A batch of each flow, as far as there is room for it; returns what was written.
    pub(crate) fn act(&mut self) -> u64 {
        self.flows.iter_mut().map(Flow::act).sum()
    }
}

impl Flow {
    fn open(
        attacker: usize,
        target: SocketAddr,
        batch: &mut impl FnMut(usize, &mut TcpStream) -> anyhow::Result<(Vec<u8>, u64)>,
    ) -> anyhow::Result<Self> {
        let mut stream = arrive(attacker, target, None)?;
        wire::upgrade(&mut stream, "/ws", Deflate::Off)?;
        let (batch, units) = batch(attacker, &mut stream)?;
        stream.set_nonblocking(true)?;
        Ok(Self { stream, batch, units, written: 0 })
    }

    /// Sends on where it had to stop. What comes is thrown away: these are no slow readers.
    fn act(&mut self) -> u64 {
        let _ = native::drain(&mut self.stream);
        while self.written < self.batch.len() {
            match self.stream.write(&self.batch[self.written..]) {
                Ok(n) => self.written += n,
                Err(_) => return 0,
            }
        }
        self.written = 0;
        self.units
    }
}

fn publish(room: &str, data: &str) -> Vec<u8> {
    let message = format!(r#"{{"type":"publish","room":"{room}","event":"e","data":"{data}"}}"#);
    let mut frame = Vec::new();
    wire::put_frame(&mut frame, TEXT, false, message.as_bytes(), MASK);
    frame
}
