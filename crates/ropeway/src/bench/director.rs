//! Moves all workers through the stages together and adds up what they count.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::interrupt::Interrupt;
use super::live::{Live, Look, Phase, descriptors};
use super::load::{Job, Load, Share, Stage, Worker};
use super::measure::Tally;
use super::report::{Point, Rates, Timeline};
use crate::failure::{Failure, Kind};

/// How often tallies are collected.
const TICK: Duration = Duration::from_millis(250);

/// The time that connections have to be opened before messages begin anyway.
const OPENING: Duration = Duration::from_secs(60);

/// Answers that come later than this after the end are counted as lost.
const GRACE: Duration = Duration::from_secs(5);

/// The time for closing handshakes.
const CLOSING: Duration = Duration::from_secs(5);

/// How long a run takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) warmup: Duration,
    pub(super) duration: Duration,
}

/// What a run came to.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) tally: Tally,
    pub(super) rates: Rates,
    pub(super) timeline: Timeline,
    /// Seconds that were measured.
    pub(super) seconds: f64,
    /// The most connections that were open at one time.
    pub(super) most: usize,
    /// Seconds from a storm to the moment at which all connections were back.
    pub(super) all_back: Option<f64>,
}

/// The workers of one run.
pub(super) struct Director {
    workers: Vec<Arc<Worker>>,
    job: Job,
    connections: usize,
    /// An empty tally, to be swapped with that of a worker.
    spare: Tally,
    /// What was counted since the last step.
    step: Tally,
    total: Tally,
    timeline: Timeline,
    /// When measuring began.
    start: Option<Instant>,
    most: usize,
    phase: Phase,
    duration: Duration,
    live: Live,
    interrupt: Interrupt,
}

impl Director {
    /// Starts the threads; connections are being opened from now on.
    pub(super) fn start(
        load: &Arc<Load>,
        count: usize,
        live: Live,
        interrupt: &Interrupt,
    ) -> Result<Self, Failure> {
        let shares = (0..count).map(|first| Share { first, of: count });
        Ok(Self {
            workers: shares
                .map(|share| spawn(Worker::new(Arc::clone(load), share)))
                .collect::<Result<_, _>>()?,
            job: load.job,
            connections: load.connections,
            spare: Tally::default(),
            step: Tally::default(),
            total: Tally::default(),
            timeline: Timeline::default(),
            start: None,
            most: 0,
            phase: Phase::Opening,
            duration: Duration::ZERO,
            live,
            interrupt: interrupt.clone(),
        })
    }

    /// Waits until every connection was opened or given up once.
    pub(super) fn settle(&mut self) {
        self.until(OPENING, |director| director.workers.iter().all(|worker| worker.is_settled()));
    }

    /// The run itself, and its orderly end.
    pub(super) fn direct(mut self, times: Times) -> Measured {
        self.duration = times.duration;
        if self.job != Job::Storm {
            self.phase = Phase::WarmingUp;
            self.advance(Stage::Running);
            self.until(times.warmup, |_| false);
        }
        self.begin();
        let all_back = if self.job == Job::Storm { self.storm(times.duration) } else { None };
        let left = times.duration.saturating_sub(self.elapsed());
        self.until(left, |_| false);
        let seconds = self.elapsed().as_secs_f64();
        let rates = Rates::new(&self.total, seconds);
        self.start = None;
        self.end();
        self.live.end();
        Measured { tally: self.total, rates, timeline: self.timeline, seconds, most: self.most, all_back }
    }

    /// Forgets what the messages of the warm-up came to; what went wrong stays, and the handshakes where they are not what
    /// is measured.
    fn begin(&mut self) {
        let warm = std::mem::take(&mut self.total);
        let handshakes = match self.job {
            Job::Connect | Job::Storm => Default::default(),
            Job::Echo | Job::Fanout | Job::Idle | Job::Scenario => warm.handshakes,
        };
        self.total = Tally { handshakes, errors: warm.errors, ..Tally::default() };
        self.phase = Phase::Measuring;
        self.start = Some(Instant::now());
    }

    /// Lets all connections break off, and waits until they are back.
    fn storm(&mut self, most: Duration) -> Option<f64> {
        let wanted = self.connections as u64;
        self.advance(Stage::Running);
        self.until(most, |director| director.total.handshakes.opened >= wanted);
        (self.total.handshakes.opened >= wanted).then(|| self.elapsed().as_secs_f64())
    }

    fn end(&mut self) {
        // From here on an interruption has been heard; a second one ends the program.
        self.interrupt = Interrupt::default();
        self.phase = Phase::Finishing;
        self.advance(Stage::Finishing);
        if self.job == Job::Fanout {
            // Nobody knows which deliveries are still under way.
            self.until(Duration::from_secs(1), |_| false);
        } else {
            self.until(GRACE, |director| director.open() == 0);
        }
        self.advance(Stage::Closing);
        self.until(CLOSING, |director| director.open() == 0);
    }

    fn open(&self) -> usize {
        self.workers.iter().map(|worker| worker.open()).sum()
    }

    fn elapsed(&self) -> Duration {
        self.start.map_or(Duration::ZERO, |start| start.elapsed())
    }

    fn advance(&self, stage: Stage) {
        self.workers.iter().for_each(|worker| worker.progress.advance(stage));
    }

    /// Collects until `is_done`, for `most`, or until somebody interrupts.
    fn until(&mut self, most: Duration, is_done: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while start.elapsed() < most && !is_done(self) && !self.interrupt.is_set() {
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
        let open = self.open();
        self.most = self.most.max(open);
        let point = Point::new(self.elapsed().as_secs_f64(), elapsed.as_secs_f64(), &self.step, open);
        self.live.show(&Look {
            phase: self.phase,
            elapsed: self.elapsed(),
            duration: self.duration,
            wanted: self.connections,
            point: point.clone(),
            failures: self.total.failures(),
            descriptors: descriptors(),
        });
        if self.start.is_some() {
            self.timeline.push(point);
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
