//! When messages are due in the open model.

use std::task::Context;

use ropeway_ws::Outgoing;

use super::worker::Worker;
use crate::bench::measure::{Nanos, now};

/// With this many bytes that the server does not take, nothing more is sent: messages become late, and are measured from
/// when they were due.
const HIGH_WATER: usize = 256 * 1024;

/// The messages of one connection, at equal distances.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    /// From the beginning of the run.
    next: Nanos,
    every: Nanos,
    /// The pacer knows of the next one.
    is_set: bool,
}

impl Schedule {
    /// The part of one of `count` connections that together send `rate` messages a second: one after the other.
    pub(super) fn new(rate: f64, count: usize, index: usize) -> Self {
        let every = count as f64 * 1e9 / rate;
        let first = every * index as f64 / count as f64;
        Self { next: first as Nanos, every: (every as Nanos).max(1), is_set: false }
    }

    /// Sends all that is due now, and has the task woken for the next.
    pub(super) fn run(
        &mut self,
        worker: &Worker,
        cx: &Context<'_>,
        outgoing: &mut Outgoing<'_>,
        mut send: impl FnMut(Nanos, &mut Outgoing<'_>),
    ) {
        let started = worker.progress.started();
        while started + self.next <= now() && outgoing.queued() < HIGH_WATER {
            send(started + self.next, outgoing);
            self.next += self.every;
            self.is_set = false;
        }
        if !self.is_set && outgoing.queued() < HIGH_WATER {
            worker.pacer.wake_at(started + self.next, cx);
            self.is_set = true;
        }
    }
}
