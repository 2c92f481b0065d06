//! The counts and durations of one worker, or of all.

use std::collections::BTreeMap;

use ropeway_ws::Traffic;
use ropeway_ws::client::Timings;
use serde::{Deserialize, Serialize};

use super::clock::{Nanos, nanos};
use super::histogram::Histogram;

/// All that is measured. Tallies of parts of a run, in time or over workers, add up to that of the whole.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub(crate) messages: Messages,
    pub(crate) latency: Latency,
    pub(crate) handshakes: Handshakes,
    /// Connections that ended, by close code; 1006 without one.
    pub(crate) closes: BTreeMap<u16, u64>,
    /// What went wrong, by kind.
    pub(crate) errors: BTreeMap<String, u64>,
    /// How long users took for all steps of a scenario, by its name.
    pub(crate) passes: BTreeMap<String, Histogram>,
    /// Processor time of the threads that make the load.
    pub(crate) cpu: Nanos,
}

/// Counts of messages and bytes.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Messages {
    pub(crate) sent: u64,
    pub(crate) received: u64,
    /// Answers that met the message which they answer, or deliveries of what was published.
    pub(crate) matched: u64,
    /// What was received and not asked for.
    pub(crate) unexpected: u64,
    /// What should have come and did not.
    pub(crate) lost: u64,
    /// What came again.
    pub(crate) doubled: u64,
    /// What came after something that was sent later.
    pub(crate) reordered: u64,
    /// Bytes of messages, before compression.
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_received: u64,
    /// Bytes of frames, headers included.
    pub(crate) wire_sent: u64,
    pub(crate) wire_received: u64,
}

/// Times from a message to its answer or its delivery.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Latency {
    /// From when it was due: with a fixed rate a stall of the server is seen by every message that was due meanwhile.
    pub(crate) intended: Histogram,
    /// From when it was really sent.
    pub(crate) actual: Histogram,
    /// From when it was due to when it was sent: how far the generator was behind.
    pub(crate) lag: Histogram,
}

/// The steps to connections.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Handshakes {
    pub(crate) opened: u64,
    /// Connections that have come where the load is: into the room or the namespace, where there is one.
    pub(crate) entered: u64,
    pub(crate) failed: u64,
    pub(crate) resolve: Histogram,
    pub(crate) connect: Histogram,
    pub(crate) tls: Histogram,
    pub(crate) upgrade: Histogram,
    pub(crate) total: Histogram,
}

impl Tally {
    /// Adds what another has counted.
    pub(crate) fn add(&mut self, other: &Self) {
        self.messages.add(&other.messages);
        self.latency.add(&other.latency);
        self.handshakes.add(&other.handshakes);
        other.closes.iter().for_each(|(code, count)| *self.closes.entry(*code).or_default() += count);
        other.errors.iter().for_each(|(kind, count)| self.count_error(kind, *count));
        for (name, passes) in &other.passes {
            self.passes.entry(name.clone()).or_default().add(passes);
        }
        self.cpu += other.cpu;
    }

    /// Forgets what was counted and keeps the memory.
    pub(crate) fn reset(&mut self) {
        self.messages = Messages::default();
        self.latency.all().into_iter().for_each(Histogram::reset);
        (self.handshakes.opened, self.handshakes.entered, self.handshakes.failed, self.cpu) = (0, 0, 0, 0);
        self.handshakes.all().into_iter().for_each(Histogram::reset);
        self.passes.values_mut().for_each(Histogram::reset);
        self.closes.clear();
        self.errors.clear();
    }

    /// All that went wrong, lost messages included.
    pub(crate) fn failures(&self) -> u64 {
        self.errors.values().sum::<u64>() + self.messages.lost
    }

    /// Counts something that went wrong; kinds are few.
    pub(crate) fn count_error(&mut self, kind: &str, count: u64) {
        match self.errors.get_mut(kind) {
            Some(so_far) => *so_far += count,
            None => drop(self.errors.insert(kind.to_owned(), count)),
        }
    }
}

impl Messages {
    /// Counts the bytes that a connection has moved beyond those that were `counted` before.
    pub(crate) fn count_wire(&mut self, counted: &mut Traffic, moved: Traffic) {
        self.wire_received += moved.received - counted.received;
        self.wire_sent += moved.sent - counted.sent;
        *counted = moved;
    }

    fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.all().into_iter().zip(other.clone().all()) {
            *mine += *theirs;
        }
    }

    fn all(&mut self) -> [&mut u64; 11] {
        [
            &mut self.sent,
            &mut self.received,
            &mut self.matched,
            &mut self.unexpected,
            &mut self.lost,
            &mut self.doubled,
            &mut self.reordered,
            &mut self.bytes_sent,
            &mut self.bytes_received,
            &mut self.wire_sent,
            &mut self.wire_received,
        ]
    }
}

impl Latency {
    /// A message that was due, was sent and was answered.
    pub(crate) fn record(&mut self, due: Nanos, sent: Nanos, answered: Nanos) {
        self.intended.record(answered.saturating_sub(due));
        self.actual.record(answered.saturating_sub(sent));
    }

    fn add(&mut self, other: &Self) {
        self.intended.add(&other.intended);
        self.actual.add(&other.actual);
        self.lag.add(&other.lag);
    }

    fn all(&mut self) -> [&mut Histogram; 3] {
        [&mut self.intended, &mut self.actual, &mut self.lag]
    }
}

impl Handshakes {
    /// A connection that came about.
    pub(crate) fn record(&mut self, timings: &Timings) {
        self.opened += 1;
        let steps = [timings.resolve, timings.connect, timings.tls, timings.upgrade, timings.total()];
        for (histogram, step) in self.all().into_iter().zip(steps) {
            histogram.record(nanos(step));
        }
    }

    fn add(&mut self, other: &Self) {
        self.opened += other.opened;
        self.entered += other.entered;
        self.failed += other.failed;
        let theirs = [&other.resolve, &other.connect, &other.tls, &other.upgrade, &other.total];
        self.all().into_iter().zip(theirs).for_each(|(mine, theirs)| mine.add(theirs));
    }

    fn all(&mut self) -> [&mut Histogram; 5] {
        [&mut self.resolve, &mut self.connect, &mut self.tls, &mut self.upgrade, &mut self.total]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_to_the_whole() {
        let messages = Messages { sent: 3, lost: 1, wire_received: 20, ..Messages::default() };
        let mut part = Tally { messages, ..Tally::default() };
        part.latency.record(1_000, 2_000, 5_000);
        part.closes.insert(1000, 2);
        part.count_error("refused", 1);
        (part.handshakes.opened, part.handshakes.entered) = (4, 3);
        let mut whole = Tally::default();
        whole.add(&part);
        whole.add(&serde_json::from_str(&serde_json::to_string(&part).unwrap()).unwrap());
        assert_eq!((whole.messages.sent, whole.messages.lost, whole.messages.wire_received), (6, 2, 40));
        assert_eq!((whole.closes[&1000], whole.errors["refused"]), (4, 2));
        assert_eq!((whole.handshakes.opened, whole.handshakes.entered), (8, 6));
        assert_eq!(whole.latency.intended.count(), 2);
        assert!(whole.latency.intended.max() > whole.latency.actual.max());
        whole.reset();
        assert_eq!((whole.messages.sent, whole.closes.len(), whole.latency.actual.count()), (0, 0, 0));
    }
}
