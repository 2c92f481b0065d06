//! Threads of this process.

use std::sync::Arc;
use std::thread;

use super::news::Part;
use crate::bench::load::{self, Load, Share, Stage, Worker};
use crate::bench::measure::{Nanos, Tally};
use crate::failure::{Failure, Kind};

/// Threads, each with a share of the connections. They end by themselves when their connections are closed.
pub(in crate::bench) struct Threads {
    workers: Vec<Arc<Worker>>,
    /// An empty tally, to be swapped with that of a worker.
    spare: Tally,
}

impl Threads {
    /// Starts `count` of them, with the connections of this part of all.
    pub(super) fn start(load: &Arc<Load>, count: usize, part: Part) -> Result<Self, Failure> {
        let shares = (0..count).map(|at| Share { first: part.first + part.of * at, of: part.of * count });
        let workers = shares.map(|share| spawn(Worker::new(Arc::clone(load), share)));
        Ok(Self { workers: workers.collect::<Result<_, _>>()?, spare: Tally::default() })
    }

    pub(super) fn advance(&self, stage: Stage, at: Nanos) {
        self.workers.iter().for_each(|worker| worker.progress.advance(stage, at));
    }

    /// Takes what the workers have counted, holding each of them up only for a swap.
    pub(super) fn collect(&mut self, into: &mut Tally) {
        for worker in &self.workers {
            std::mem::swap(&mut *worker.tally(), &mut self.spare);
            into.add(&self.spare);
            self.spare.reset();
        }
    }

    pub(super) fn open(&self) -> usize {
        self.workers.iter().map(|worker| worker.open()).sum()
    }

    pub(super) fn is_settled(&self) -> bool {
        self.workers.iter().all(|worker| worker.is_settled())
    }

    pub(super) fn is_over(&self) -> bool {
        self.workers.iter().all(|worker| worker.is_over())
    }

    pub(super) fn failure(&self) -> Option<Failure> {
        self.workers.iter().find_map(|worker| worker.failure().cloned())
    }
}

fn spawn(worker: Worker) -> Result<Arc<Worker>, Failure> {
    let worker = Arc::new(worker);
    let shared = Arc::clone(&worker);
    let name = format!("load {}", shared.share.first);
    let spawned = thread::Builder::new().name(name).spawn(move || load::run(&shared));
    spawned.map_err(|error| Failure::new(Kind::System, "cannot start a thread", error))?;
    Ok(worker)
}
