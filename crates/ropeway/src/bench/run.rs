//! Directs a run from its first connection to its report.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::load::{Load, Pace, Payload, Share, Stage, Worker};
use super::measure::Tally;
use crate::cli::bench::Bench;
use crate::failure::{Failure, Kind};
use crate::network;

/// How often tallies are collected.
const TICK: Duration = Duration::from_millis(250);

/// Answers that come later than this after the end are counted as lost.
const GRACE: Duration = Duration::from_secs(5);

pub(crate) fn run(options: &Bench) -> Result<(), Failure> {
    let load = Arc::new(Load {
        connect: network::prepare(&options.url, &options.network)?,
        connections: options.connections,
        connect_rate: options.connect_rate,
        payload: Payload::new(options.size),
        binary: options.binary,
        pace: match options.rate {
            Some(rate) => Pace::Open { rate },
            None => Pace::Closed { depth: options.depth },
        },
    });
    let workers = start(&load, options.workers)?;
    let mut director = Director { workers, spare: Tally::default(), total: Tally::default() };
    director.until(Duration::from_secs(30), |workers| workers.iter().all(|worker| worker.is_settled()));
    director.advance(Stage::Running);
    director.wait(options.warmup);
    director.total = Tally::default();
    director.wait(options.duration);
    let rate = director.total.messages.matched as f64 / options.duration.as_secs_f64();
    let cpu = director.total.cpu as f64 / options.duration.as_nanos() as f64;
    director.advance(Stage::Finishing);
    director.until(GRACE, |workers| workers.iter().all(|worker| worker.open() == 0));
    director.advance(Stage::Closing);
    director.wait(TICK);
    let total = &director.total;
    let micros = |part| total.latency.intended.quantile(part).unwrap_or(0) as f64 / 1000.0;
    #[expect(clippy::print_stdout, reason = "this is where the program talks")]
    {
        println!(
            "{rate:.0} messages/s, cpu {cpu:.2}, p50 {:.1} us, p99 {:.1} us, p99.9 {:.1}",
            micros(0.5),
            micros(0.99),
            micros(0.999)
        );
        println!("{:?} {:?} {:?}", total.messages, total.closes, total.errors);
    }
    Ok(())
}

fn start(load: &Arc<Load>, count: usize) -> Result<Vec<Arc<Worker>>, Failure> {
    let shares = (0..count).map(|first| Share { first, of: count });
    shares.map(|share| spawn(Worker::new(Arc::clone(load), share))).collect()
}

fn spawn(worker: Worker) -> Result<Arc<Worker>, Failure> {
    let worker = Arc::new(worker);
    let shared = Arc::clone(&worker);
    let name = format!("worker {}", shared.share.first);
    let spawned = thread::Builder::new().name(name).spawn(move || shared.run());
    spawned.map_err(|error| Failure::new(Kind::System, "cannot start a thread", error))?;
    Ok(worker)
}

struct Director {
    workers: Vec<Arc<Worker>>,
    /// An empty tally, to be swapped with that of a worker.
    spare: Tally,
    total: Tally,
}

impl Director {
    fn advance(&self, stage: Stage) {
        self.workers.iter().for_each(|worker| worker.progress.advance(stage));
    }

    fn wait(&mut self, time: Duration) {
        self.until(time, |_| false);
    }

    fn until(&mut self, most: Duration, is_done: impl Fn(&[Arc<Worker>]) -> bool) {
        let start = std::time::Instant::now();
        while start.elapsed() < most && !is_done(&self.workers) {
            thread::sleep(TICK.min(most.saturating_sub(start.elapsed())));
            self.collect();
        }
    }

    /// Takes what the workers have counted, holding each of them up only for a swap.
    fn collect(&mut self) {
        for worker in &self.workers {
            std::mem::swap(&mut *worker.tally(), &mut self.spare);
            self.total.add(&self.spare);
            self.spare.reset();
        }
    }
}
