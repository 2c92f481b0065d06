//! Broadcast: one connection publishes, every connection gets all of it, in order.

use crate::echo::{Checker, Framing, Sender};
use crate::load::{Outbox, Workload};
use crate::wire::BINARY;

/// `outstanding` publishes not yet delivered to everybody, at all times.
pub(crate) struct Fanout {
    publisher: Sender,
    checkers: Vec<Checker>,
    /// Deliveries of the publishes under way, the oldest at `delivered` modulo its length.
    under_way: Vec<usize>,
    received: Vec<u64>,
    delivered: u64,
}

impl Fanout {
    pub(crate) fn new(framing: Framing, payload: &[u8], links: usize, outstanding: usize) -> Self {
        let publisher = Sender::new(BINARY, payload, 0);
        let checkers = (0..links).map(|_| Checker::new(framing, BINARY, payload, &publisher)).collect();
        Fanout {
            publisher,
            checkers,
            under_way: vec![0; outstanding],
            received: vec![0; links],
            delivered: 0,
        }
    }

    /// Notes a delivery of the next publish to `link`; true when it was the last one.
    fn note(&mut self, link: usize) -> bool {
        let slot = (self.received[link] % self.under_way.len() as u64) as usize;
        self.received[link] += 1;
        self.under_way[slot] += 1;
        let complete = self.under_way[slot] == self.checkers.len();
        if complete {
            self.under_way[slot] = 0;
            self.delivered += 1;
        }
        complete
    }
}

impl Workload for Fanout {
    fn begin(&mut self, out: &mut Outbox) -> anyhow::Result<()> {
        for _ in 0..self.under_way.len() {
            self.publisher.send(0, out);
        }
        Ok(())
    }

    fn receive(&mut self, link: usize, bytes: &[u8], out: &mut Outbox) -> anyhow::Result<()> {
        for _ in 0..self.checkers[link].check(link, bytes, out)? {
            out.count();
            if self.note(link) {
                self.publisher.send(0, out);
            }
        }
        Ok(())
    }
}
