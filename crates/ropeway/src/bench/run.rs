//! Directs a run from its first connection to its report.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::load::{Fanout, Job, Load, Pace, Payload, Share, Stage, Worker};
use super::measure::Tally;
use super::report::{Conditions, Model, Rates, Report, Timeline, summary, write_html, write_json};
use crate::cli::bench::Run;
use crate::failure::{Failure, Kind};
use crate::network;

/// How often tallies are collected.
const TICK: Duration = Duration::from_millis(250);

/// The time that connections have to be opened before messages begin anyway.
const OPENING: Duration = Duration::from_secs(60);

/// Answers that come later than this after the end are counted as lost.
const GRACE: Duration = Duration::from_secs(5);

/// The time for closing handshakes.
const CLOSING: Duration = Duration::from_secs(2);

/// Above this part of a core the generator itself is what limits the figures.
const BUSY: f64 = 0.95;

/// Runs, reports, and judges.
///
/// # Errors
/// What cannot be run, and thresholds that were not met.
#[expect(clippy::print_stdout, reason = "this is where the program talks")]
pub(crate) fn run(options: &Run) -> Result<(), Failure> {
    let began = SystemTime::now();
    let load = Arc::new(load(options)?);
    let mut director = Director::start(&load, options.workers)?;
    let (total, rates) = director.direct(options);
    let conditions = conditions(options, load.pace, began);
    let mut report = Report::new(conditions, &total, rates, director.most);
    director.judge(&mut report);
    report.thresholds = options.fail.iter().map(|threshold| threshold.judge(&report)).collect();
    report.timeline = director.timeline.into_points();
    print!("{}", summary(&report));
    if let Some(path) = &options.json {
        write_json(path, &report)?;
    }
    if let Some(path) = &options.html {
        write_html(path, &report)?;
    }
    match report.thresholds.iter().filter(|verdict| !verdict.met).count() {
        0 => Ok(()),
        missed => {
            Err(Failure::new(Kind::Threshold, "not every threshold was met", format!("{missed} missed")))
        }
    }
}

fn load(options: &Run) -> Result<Load, Failure> {
    let payload = Payload::new(options.size);
    if options.depth as u64 >= payload.modulus() {
        let why = format!("{} bytes tell at most {} messages apart", options.size, payload.modulus());
        return Err(Failure::usage("--size", why));
    }
    Ok(Load {
        connect: network::prepare(options.url(), &options.network)?,
        connections: options.connections,
        connect_rate: options.connect_rate,
        job: Job::Echo,
        fanout: None,
        payload,
        binary: options.binary,
        pace: match options.rate {
            Some(rate) => Pace::Open { rate },
            None => Pace::Closed { depth: options.depth },
        },
    })
}

fn conditions(options: &Run, pace: Pace, began: SystemTime) -> Conditions {
    Conditions {
        url: network::complete(options.url()),
        profile: "echo".to_owned(),
        model: match pace {
            Pace::Open { rate } => Model::Open { rate },
            Pace::Closed { depth } => Model::Closed { depth },
            Pace::Idle => Model::Idle,
        },
        began: humantime::format_rfc3339_seconds(began).to_string(),
        warmup_seconds: options.warmup.as_secs_f64(),
        seconds: options.duration.as_secs_f64(),
        connections: options.connections,
        workers: options.workers,
        size: options.size,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// Moves all workers through the stages together and adds up what they count.
struct Director {
    workers: Vec<Arc<Worker>>,
    /// An empty tally, to be swapped with that of a worker.
    spare: Tally,
    /// What was counted since the last step.
    step: Tally,
    total: Tally,
    timeline: Timeline,
    /// When measuring began.
    start: Option<Instant>,
    /// The most connections that were open at one time.
    most: usize,
}

impl Director {
    fn start(load: &Arc<Load>, count: usize) -> Result<Self, Failure> {
        let shares = (0..count).map(|first| Share { first, of: count });
        Ok(Self {
            workers: shares
                .map(|share| spawn(Worker::new(Arc::clone(load), share)))
                .collect::<Result<_, _>>()?,
            spare: Tally::default(),
            step: Tally::default(),
            total: Tally::default(),
            timeline: Timeline::default(),
            start: None,
            most: 0,
        })
    }

    /// The whole run; gives what was counted and how fast it went.
    fn direct(&mut self, options: &Run) -> (Tally, Rates) {
        self.until(OPENING, |workers| workers.iter().all(|worker| worker.is_settled()));
        self.advance(Stage::Running);
        self.until(options.warmup, |_| false);
        self.begin();
        self.until(options.duration, |_| false);
        let rates = self.rates();
        self.start = None;
        self.advance(Stage::Finishing);
        self.until(GRACE, |workers| workers.iter().all(|worker| worker.open() == 0));
        self.advance(Stage::Closing);
        self.until(CLOSING, |workers| workers.iter().all(|worker| worker.open() == 0));
        (std::mem::take(&mut self.total), rates)
    }

    /// Forgets what the messages of the warm-up came to; handshakes, and what went wrong with them, stay.
    fn begin(&mut self) {
        let warm = std::mem::take(&mut self.total);
        self.total = Tally { handshakes: warm.handshakes, errors: warm.errors, ..Tally::default() };
        self.start = Some(Instant::now());
    }

    fn rates(&self) -> Rates {
        let seconds = self.start.map_or(1.0, |start| start.elapsed().as_secs_f64());
        let messages = &self.total.messages;
        Rates {
            sent: messages.sent as f64 / seconds,
            matched: messages.matched as f64 / seconds,
            wire_bytes_sent: messages.wire_sent as f64 / seconds,
            wire_bytes_received: messages.wire_received as f64 / seconds,
        }
    }

    /// Says whether the figures are about the server.
    fn judge(&self, report: &mut Report) {
        let mut reasons = Vec::new();
        let each = report.generator_cpu / self.workers.len() as f64;
        if each > BUSY {
            reasons.push(format!(
                "the generator used {:.0} % of each of its cores, so it may have been what was measured; \
                 take more `--workers`, or another machine for it",
                each * 100.0
            ));
        }
        let (lag, latency) = (&report.latency.lag, &report.latency.intended);
        if lag.p99 > 1_000.0 && lag.p99 > latency.p50 / 2.0 {
            reasons.push(format!("the generator was {:.1} ms behind its schedule (p99)", lag.p99 / 1e3));
        }
        report.validity.valid = reasons.is_empty();
        report.validity.reasons = reasons;
    }

    fn advance(&self, stage: Stage) {
        self.workers.iter().for_each(|worker| worker.progress.advance(stage));
    }

    /// Collects until `is_done`, or for `most`.
    fn until(&mut self, most: Duration, is_done: impl Fn(&[Arc<Worker>]) -> bool) {
        let start = Instant::now();
        while start.elapsed() < most && !is_done(&self.workers) {
            let before = Instant::now();
            thread::sleep(TICK.min(most.saturating_sub(start.elapsed())));
            self.collect(before.elapsed());
        }
    }

    /// Takes what the workers have counted, holding each of them up only for a swap.
    fn collect(&mut self, elapsed: Duration) {
        self.step.reset();
        for worker in &self.workers {
            std::mem::swap(&mut *worker.tally(), &mut self.spare);
            self.step.add(&self.spare);
            self.spare.reset();
        }
        self.total.add(&self.step);
        let open = self.workers.iter().map(|worker| worker.open()).sum();
        self.most = self.most.max(open);
        if let Some(start) = self.start {
            self.timeline.push(start.elapsed().as_secs_f64(), elapsed.as_secs_f64(), &self.step, open);
        }
    }
}

fn spawn(worker: Worker) -> Result<Arc<Worker>, Failure> {
    let worker = Arc::new(worker);
    let shared = Arc::clone(&worker);
    let name = format!("load {}", shared.share.first);
    let spawned = thread::Builder::new().name(name).spawn(move || shared.run());
    spawned.map_err(|error| Failure::new(Kind::System, "cannot start a thread", error))?;
    Ok(worker)
}
