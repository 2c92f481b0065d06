//! What is to be done, by everybody.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ropeway_ws::client::Connect;

use super::dialect::Dialect;
use super::exchange::Exchange;
use super::payload::Payload;
use crate::bench::scenario::ScenarioFile;

/// What every worker is to do.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) connect: Connect,
    /// Addresses of ours that connections come from in turn; whichever the system takes where there are none.
    pub(crate) sources: Vec<IpAddr>,
    /// Of all workers, in all processes.
    pub(crate) connections: usize,
    /// Connections a second, of all workers; as fast as they come where nothing is said.
    pub(crate) connect_rate: Option<f64>,
    pub(crate) job: Job,
    /// How a message that comes back is asked for.
    pub(crate) exchange: Exchange,
    /// Of the fan-out.
    pub(crate) fanout: Option<Arc<Fanout>>,
    /// What users do, where a file says so.
    pub(crate) scenario: Option<Arc<ScenarioFile>>,
    pub(crate) payload: Payload,
    pub(crate) binary: bool,
    pub(crate) pace: Pace,
}

impl Load {
    /// Whether a connection takes part as soon as it is open: it need not be let into a room or a namespace.
    pub(super) fn is_in_once_open(&self) -> bool {
        match (self.job, &self.fanout) {
            (Job::Connect | Job::Scenario, _) => true,
            (Job::Fanout, Some(fanout)) => fanout.dialect.is_ready_at_once(),
            _ => self.exchange.is_plain(),
        }
    }

    /// How a connection of this number is opened.
    pub(super) fn connect(&self, index: usize) -> Connect {
        let connect = self.connect.clone();
        match self.sources.get(index % self.sources.len().max(1)) {
            Some(source) => connect.local_address(*source),
            None => connect,
        }
    }
}

/// What connections are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    /// Messages come back.
    Echo,
    /// Some publish, all hear.
    Fanout,
    /// They are opened and closed, again and again.
    Connect,
    /// They are held.
    Idle,
    /// They are held, then they all break off and come back at once.
    Storm,
    /// What the steps of a file say.
    Scenario,
}

/// A room and those who publish to it.
#[derive(Debug)]
pub(crate) struct Fanout {
    pub(crate) dialect: Dialect,
    /// Connections 0 to this one.
    pub(crate) publishers: u16,
    /// Messages a second of all publishers.
    pub(crate) rate: f64,
    /// Bytes of the data of a message.
    pub(crate) size: usize,
    /// Members that do not read.
    pub(crate) slow: usize,
    /// Messages of each publisher so far; of those in other processes what was last heard.
    published: Vec<AtomicU64>,
}

impl Fanout {
    pub(crate) fn new(dialect: Dialect, publishers: u16, rate: f64, size: usize, slow: usize) -> Self {
        let published = (0..publishers).map(|_| AtomicU64::new(0)).collect();
        Self { dialect, publishers, rate, size, slow, published }
    }

    /// How many of so many members read: those who publish, and others that are not slow.
    pub(crate) fn readers(&self, members: usize) -> usize {
        members.saturating_sub(self.slow).max(usize::from(self.publishers))
    }

    /// The number of the next message of a publisher.
    pub(super) fn count_up(&self, publisher: u16) -> u64 {
        self.published[usize::from(publisher)].fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn published(&self, publisher: u16) -> u64 {
        self.published[usize::from(publisher)].load(Ordering::Relaxed)
    }

    /// Messages of each publisher so far.
    pub(crate) fn all_published(&self) -> Vec<u64> {
        self.published.iter().map(|published| published.load(Ordering::Relaxed)).collect()
    }

    /// Takes over what other processes have published.
    pub(crate) fn hear_of(&self, published: &[u64]) {
        for (mine, theirs) in self.published.iter().zip(published) {
            mine.fetch_max(*theirs, Ordering::Relaxed);
        }
    }
}

/// When messages are sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pace {
    /// The closed model: so many under way on each connection, the next one when an answer comes. A server that stalls is
    /// sent less, and hides it.
    Closed {
        /// Messages under way.
        depth: usize,
    },
    /// The open model: so many a second over all connections, whatever the server does.
    Open {
        /// Messages a second.
        rate: f64,
    },
    /// Connections are held and nothing is sent.
    Idle,
}

/// The part of the connections that a worker has: every `of`th, beginning with `first`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    pub(crate) first: usize,
    pub(crate) of: usize,
}
