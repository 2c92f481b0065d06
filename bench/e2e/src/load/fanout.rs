//! Broadcast: one connection publishes, every connection gets all of it, in order.

use super::echo::{Checker, Framing, Sender};
use super::wire::BINARY;
use super::{Outbox, Workload};

/// `outstanding` publishes not yet delivered to everybody, at all times.
pub(crate) struct Fanout {
    publisher: Sender,
    checkers: Vec<Checker>,
    deliveries: Deliveries,
}

impl Fanout {
    pub(crate) fn new(framing: Framing, payload: &[u8], links: usize, outstanding: usize) -> Self {
        let publisher = Sender::new(BINARY, payload, 0);
        let checkers = (0..links).map(|_| Checker::new(framing, BINARY, payload, &publisher)).collect();
        Fanout { publisher, checkers, deliveries: Deliveries::new(links, outstanding) }
    }
}

impl Workload for Fanout {
    fn begin(&mut self, out: &mut Outbox) -> anyhow::Result<()> {
        for _ in 0..self.deliveries.outstanding() {
            self.publisher.send(0, out);
        }
        Ok(())
    }

    fn receive(&mut self, link: usize, bytes: &[u8], out: &mut Outbox) -> anyhow::Result<()> {
        for _ in 0..self.checkers[link].check(link, bytes, out)? {
            out.count();
            if self.deliveries.note(link) {
                self.publisher.send(0, out);
            }
        }
        Ok(())
    }
}

/// Who has got which publish.
pub(crate) struct Deliveries {
    /// Of each publish under way, by its number modulo the length.
    under_way: Vec<usize>,
    /// By each connection.
    received: Vec<u64>,
}

impl Deliveries {
    pub(crate) fn new(links: usize, outstanding: usize) -> Self {
        Deliveries { under_way: vec![0; outstanding], received: vec![0; links] }
    }

    /// Publishes under way at one time.
    pub(crate) fn outstanding(&self) -> usize {
        self.under_way.len()
    }

    /// Notes a delivery of the next publish to `link`; true when it was the last one.
    pub(crate) fn note(&mut self, link: usize) -> bool {
        let slot = (self.received[link] % self.under_way.len() as u64) as usize;
        self.received[link] += 1;
        self.under_way[slot] += 1;
        let complete = self.under_way[slot] == self.received.len();
        if complete {
            self.under_way[slot] = 0;
        }
        complete
    }
}
