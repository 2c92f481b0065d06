//! The epoll loop: one thread, edge-triggered, no allocation per message.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream as StdTcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

pub(crate) mod deflate;
pub(crate) mod echo;
pub(crate) mod fanout;
pub(crate) mod native;
pub(crate) mod wire;

use crate::servers::process::Running;

/// No progress for this long is a failure, not a slow server.
const STALL: Duration = Duration::from_secs(30);
const SCRATCH: usize = 256 * 1024;

/// What is sent and what must come back.
pub(crate) trait Workload {
    /// Sends the first messages.
    fn begin(&mut self, out: &mut Outbox) -> anyhow::Result<()>;

    /// Checks what arrived on `link`, counts whole messages and sends what is due.
    fn receive(&mut self, link: usize, bytes: &[u8], out: &mut Outbox) -> anyhow::Result<()>;
}

/// When a run is over.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stop {
    /// After this time of load and this time of measuring; messages may still be under way.
    After { warm_up: Duration, measured: Duration },
    /// When exactly this many messages were sent and this many received.
    Count { sent: u64, received: u64 },
}

/// What was measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// Messages received.
    pub(crate) messages: u64,
    /// Bytes received, headers included.
    pub(crate) bytes: u64,
    pub(crate) wall: Duration,
    /// CPU time of the server.
    pub(crate) cpu: Duration,
}

/// What is to be written, by link, and the counts.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    pending: Vec<Pending>,
    dirty: Vec<usize>,
    quota: u64,
    messages: u64,
}

#[derive(Debug, Default)]
struct Pending {
    bytes: Vec<u8>,
    written: usize,
}

impl Outbox {
    /// Empty.
    pub(crate) fn for_links(links: usize) -> Self {
        Outbox { pending: (0..links).map(|_| Pending::default()).collect(), ..Outbox::default() }
    }

    /// The end of what `link` sends, for one more message; `None` when enough were sent.
    pub(crate) fn message(&mut self, link: usize) -> Option<&mut Vec<u8>> {
        self.quota = self.quota.checked_sub(1)?;
        Some(self.bytes(link))
    }

    /// The end of what `link` sends, for control frames.
    pub(crate) fn bytes(&mut self, link: usize) -> &mut Vec<u8> {
        self.dirty.push(link);
        &mut self.pending[link].bytes
    }

    /// Counts a message that came back.
    pub(crate) fn count(&mut self) {
        self.messages += 1;
    }
}

/// Open connections.
pub(crate) struct Load {
    poll: Poll,
    links: Vec<TcpStream>,
    out: Outbox,
    scratch: Vec<u8>,
    bytes: u64,
}

impl Load {
    pub(crate) fn new(streams: Vec<StdTcpStream>) -> anyhow::Result<Self> {
        let poll = Poll::new()?;
        let mut links = Vec::with_capacity(streams.len());
        for (index, stream) in streams.into_iter().enumerate() {
            stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(stream);
            poll.registry().register(&mut stream, Token(index), Interest::READABLE | Interest::WRITABLE)?;
            links.push(stream);
        }
        let out = Outbox::for_links(links.len());
        Ok(Load { poll, links, out, scratch: vec![0; SCRATCH], bytes: 0 })
    }

    /// Drives the workload against `server`.
    pub(crate) fn run(
        &mut self,
        server: &Running,
        work: &mut impl Workload,
        stop: Stop,
    ) -> anyhow::Result<Sample> {
        self.out.quota = match stop {
            Stop::After { .. } => u64::MAX,
            Stop::Count { sent, .. } => sent,
        };
        let mut clock = Clock::start(stop, self.reading(server)?);
        work.begin(&mut self.out)?;
        self.flush_dirty()?;
        let mut events = Events::with_capacity(1024);
        while !clock.is_over(|| self.reading(server))? {
            if !self.turn(&mut events, work, STALL)? {
                bail!("no answer for {} s, after {} messages", STALL.as_secs(), self.out.messages);
            }
            clock.messages = self.out.messages;
        }
        clock.sample(self.reading(server)?)
    }

    /// Sends what `put` appends, outside of a run.
    pub(crate) fn send(&mut self, link: usize, put: impl FnOnce(&mut Vec<u8>)) -> anyhow::Result<()> {
        put(self.out.bytes(link));
        self.flush_dirty().with_context(|| format!("connection {link}"))
    }

    /// Answers what comes for this time.
    pub(crate) fn attend(&mut self, work: &mut impl Workload, time: Duration) -> anyhow::Result<()> {
        let (end, mut events) = (Instant::now() + time, Events::with_capacity(1024));
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.turn(&mut events, work, left)?;
        }
    }

    /// Whether anything happened in this time.
    fn turn(
        &mut self,
        events: &mut Events,
        work: &mut impl Workload,
        wait: Duration,
    ) -> anyhow::Result<bool> {
        match self.poll.poll(events, Some(wait)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(true),
            other => other?,
        }
        for event in events.iter() {
            let link = event.token().0;
            if event.is_writable() {
                self.flush(link)?;
            }
            if event.is_readable() {
                self.read(link, work).with_context(|| format!("connection {link}"))?;
            }
            self.flush_dirty()?;
        }
        Ok(!events.is_empty())
    }

    fn read(&mut self, link: usize, work: &mut impl Workload) -> anyhow::Result<()> {
        loop {
            let n = match self.links[link].read(&mut self.scratch) {
                Ok(0) => bail!("the server ended the connection"),
                Ok(n) => n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            self.bytes += n as u64;
            work.receive(link, &self.scratch[..n], &mut self.out)?;
            if n < self.scratch.len() {
                return Ok(());
            }
        }
    }

    fn flush_dirty(&mut self) -> anyhow::Result<()> {
        while let Some(link) = self.out.dirty.pop() {
            self.flush(link)?;
        }
        Ok(())
    }

    fn flush(&mut self, link: usize) -> anyhow::Result<()> {
        let pending = &mut self.out.pending[link];
        while pending.written < pending.bytes.len() {
            match self.links[link].write(&pending.bytes[pending.written..]) {
                Ok(n) => pending.written += n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        pending.bytes.clear();
        pending.written = 0;
        Ok(())
    }

    fn reading(&self, server: &Running) -> anyhow::Result<Reading> {
        Ok(Reading { at: Instant::now(), cpu: server.cpu()?, messages: self.out.messages, bytes: self.bytes })
    }
}

#[derive(Clone, Copy, Debug)]
struct Reading {
    at: Instant,
    cpu: Duration,
    messages: u64,
    bytes: u64,
}

/// Knows when measuring begins and ends.
struct Clock {
    stop: Stop,
    from: Reading,
    warm: bool,
    messages: u64,
}

impl Clock {
    fn start(stop: Stop, now: Reading) -> Self {
        Clock { stop, from: now, warm: matches!(stop, Stop::Count { .. }), messages: now.messages }
    }

    fn is_over(&mut self, reading: impl FnOnce() -> anyhow::Result<Reading>) -> anyhow::Result<bool> {
        let (warm_up, measured) = match self.stop {
            Stop::Count { received, .. } => return Ok(self.messages - self.from.messages >= received),
            Stop::After { warm_up, measured } => (warm_up, measured),
        };
        if self.warm {
            return Ok(self.from.at.elapsed() >= measured);
        }
        if self.from.at.elapsed() >= warm_up {
            self.from = reading()?;
            self.warm = true;
        }
        Ok(false)
    }

    fn sample(self, now: Reading) -> anyhow::Result<Sample> {
        let messages = now.messages - self.from.messages;
        if messages == 0 {
            bail!("no message came back while measuring");
        }
        Ok(Sample {
            messages,
            bytes: now.bytes - self.from.bytes,
            wall: now.at - self.from.at,
            cpu: now.cpu.saturating_sub(self.from.cpu),
        })
    }
}
