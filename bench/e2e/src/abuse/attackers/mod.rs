//! The attackers: a process that does one thing at a stated rate from other addresses of this machine.

mod crowd;
mod newcomers;
mod streams;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use rustix::process::nice;

use newcomers::Newcomers;
use streams::Streams;

/// What the attackers say when they begin.
pub(crate) const READY: &str = "ready";

/// How often an attacker does something.
const TICK: Duration = Duration::from_millis(10);
/// Nobody attacks for longer, whatever becomes of who started it.
const AT_MOST: Duration = Duration::from_secs(20);

/// What the attackers do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Attack {
    /// Nothing: how much the figures scatter.
    Nothing,
    /// Handshakes that are begun and not ended, from twenty addresses.
    HalfOpen,
    /// Whole handshakes from one address.
    Connections,
    /// Bytes without a pattern, before and after the handshake.
    Garbage,
    /// Pings on ten connections.
    Pings,
    /// Messages in fragments of a byte on ten connections.
    Fragments,
    /// Small messages that inflate to 32 MiB.
    Bombs,
    /// Publishes on ten connections, to rooms of their own.
    Publishes,
    /// Twenty members of a busy room who do not read.
    SlowReaders,
}

impl Attack {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Attack::Nothing => "nothing",
            Attack::HalfOpen => "half-open",
            Attack::Connections => "connections",
            Attack::Garbage => "garbage",
            Attack::Pings => "pings",
            Attack::Fragments => "fragments",
            Attack::Bombs => "bombs",
            Attack::Publishes => "publishes",
            Attack::SlowReaders => "slow-readers",
        }
    }

    /// What is tried, for the table.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Attack::Nothing => "none",
            Attack::HalfOpen => "half-open handshakes, 1,000/s from 20 addresses",
            Attack::Connections => "connection flood, 1,000 handshakes/s from one address",
            Attack::Garbage => "garbage, 200 connections/s of 4 KiB",
            Attack::Pings => "ping flood, 10 connections of 10,000/s",
            Attack::Fragments => "fragments of a byte, 10 connections of 20,000/s",
            Attack::Bombs => "compression bombs of 32 MiB, 50 connections/s",
            Attack::Publishes => "publish flood, 10 connections of 10,000/s",
            Attack::SlowReaders => "20 members who do not read, 100 events/s of 32 KiB",
        }
    }

    /// What was done, in its unit. What is written may still wait in the system's buffers.
    pub(crate) fn came(self, done: u64) -> String {
        let unit = match self {
            Attack::Nothing => return "nothing".into(),
            Attack::HalfOpen | Attack::Connections | Attack::Garbage => "connections",
            Attack::Pings => "pings written",
            Attack::Fragments => "fragments written",
            Attack::Bombs => "bombs",
            Attack::Publishes | Attack::SlowReaders => "publishes written",
        };
        format!("{done} {unit}")
    }
}

/// Who attacks.
enum Attackers {
    Idle,
    Newcomers(Newcomers),
    Streams(Streams),
}

impl Attackers {
    fn gather(attack: Attack, target: SocketAddr) -> anyhow::Result<Self> {
        Ok(match attack {
            Attack::Nothing => Self::Idle,
            Attack::HalfOpen => Self::Newcomers(Newcomers::half_open(target)),
            Attack::Connections => Self::Newcomers(Newcomers::flood(target)),
            Attack::Garbage => Self::Newcomers(Newcomers::garbage(target)),
            Attack::Bombs => Self::Newcomers(Newcomers::bombs(target)?),
            Attack::Pings => Self::Streams(Streams::pings(target)?),
            Attack::Fragments => Self::Streams(Streams::fragments(target)?),
            Attack::Publishes => Self::Streams(Streams::publishes(target)?),
            Attack::SlowReaders => Self::Streams(Streams::slow_readers(target)?),
        })
    }

    /// One tick's worth. Returns how much of it was done.
    fn act(&mut self) -> u64 {
        match self {
            Self::Idle => 0,
            Self::Newcomers(newcomers) => newcomers.act(),
            Self::Streams(streams) => streams.act(),
        }
    }
}

/// Attacks until standard input ends, and prints how much was done.
pub(crate) fn attack(attack: Attack, target: SocketAddr) -> anyhow::Result<()> {
    nice(19)?;
    let stop = stop_at_end_of_input();
    let mut attackers = Attackers::gather(attack, target)?;
    println!("{READY}");
    let (start, mut due, mut done) = (Instant::now(), Instant::now(), 0);
    while !stop.load(Ordering::Acquire) && start.elapsed() < AT_MOST {
        done += attackers.act();
        due = (due + TICK).max(Instant::now());
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    println!("{done}");
    Ok(())
}

fn stop_at_end_of_input() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let told = stop.clone();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        told.store(true, Ordering::Release);
    });
    stop
}
