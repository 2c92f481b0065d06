//! Moves all who make the load through the stages together and adds up what they count.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::crew::Crew;
use super::interrupt::Interrupt;
use super::live::{Live, Look, Phase};
use super::load::{Fanout, Job, Load, Stage};
use super::measure::Tally;
use super::report::{Point, Rates, Timeline};
use crate::failure::Failure;

/// How often tallies are collected.
const TICK: Duration = Duration::from_millis(250);

/// The time that connections have to be opened before messages begin anyway.
const OPENING: Duration = Duration::from_secs(60);

/// A scenario none of whose users has come in so far after this time is given up.
const HOPELESS: Duration = Duration::from_secs(2);

/// Answers that come later than this after the end are counted as lost.
const GRACE: Duration = Duration::from_secs(5);

/// Deliveries are waited for at least this long, so that all is known of what was published last.
const LAST_NEWS: Duration = Duration::from_secs(1);

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

/// A run under way.
pub(super) struct Director {
    crew: Crew,
    job: Job,
    fanout: Option<Arc<Fanout>>,
    connections: usize,
    /// What was counted since the last step.
    step: Tally,
    total: Tally,
    /// Messages of a fan-out that have come to those who read, warm-up included.
    delivered: u64,
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
    /// A crew that is opening its connections.
    pub(super) fn new(crew: Crew, load: &Load, live: Live, interrupt: &Interrupt) -> Self {
        Self {
            crew,
            job: load.job,
            fanout: load.fanout.clone(),
            connections: load.connections,
            step: Tally::default(),
            total: Tally::default(),
            delivered: 0,
            timeline: Timeline::default(),
            start: None,
            most: 0,
            phase: Phase::Opening,
            duration: Duration::ZERO,
            live,
            interrupt: interrupt.clone(),
        }
    }

    /// Waits until every connection was opened or given up once.
    ///
    /// # Errors
    /// Not one could be opened.
    pub(super) fn settle(&mut self) -> Result<(), Failure> {
        self.until(OPENING, |director| director.crew.is_settled());
        self.collect(Duration::ZERO);
        match self.failure() {
            Some(failure) => Err(self.give_up(failure)),
            None => Ok(()),
        }
    }

    /// The run itself, and its orderly end.
    ///
    /// # Errors
    /// No user of a scenario could come in.
    pub(super) fn direct(mut self, times: Times) -> Result<Measured, Failure> {
        self.duration = times.duration;
        if self.job != Job::Storm {
            self.phase = Phase::WarmingUp;
            self.advance(Stage::Running);
            self.until(times.warmup, |_| false);
        }
        self.begin();
        let all_back = if self.job == Job::Storm { self.storm(times.duration) } else { None };
        self.until(times.duration.saturating_sub(self.elapsed()), Self::is_hopeless);
        if let Some(failure) = self.failure().filter(|_| self.job == Job::Scenario) {
            return Err(self.give_up(failure));
        }
        let seconds = self.elapsed().as_secs_f64();
        let rates = Rates::new(&self.total, seconds);
        self.start = None;
        self.end();
        self.live.end();
        Ok(Measured { tally: self.total, rates, timeline: self.timeline, seconds, most: self.most, all_back })
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
        if let Some(fanout) = self.fanout.clone() {
            self.until(LAST_NEWS, |_| false);
            self.until(GRACE.saturating_sub(LAST_NEWS), |director| director.has_all(&fanout));
        } else {
            self.until(GRACE, |director| director.crew.open() == 0);
        }
        self.advance(Stage::Closing);
        self.until(CLOSING, |director| director.crew.open() == 0);
        self.crew.disband();
        self.collect(Duration::ZERO);
    }

    /// Whether every message that was published has come to everybody who reads.
    fn has_all(&self, fanout: &Fanout) -> bool {
        let published: u64 = self.crew.published(fanout).iter().sum();
        self.crew.is_over() && self.delivered >= published * fanout.readers(self.connections) as u64
    }

    /// Why nothing can be measured: nobody has come in.
    fn failure(&self) -> Option<Failure> {
        self.crew.failure().filter(|_| self.total.handshakes.entered == 0)
    }

    fn give_up(&mut self, failure: Failure) -> Failure {
        self.crew.disband();
        self.live.end();
        failure
    }

    fn is_hopeless(&self) -> bool {
        self.job == Job::Scenario && self.elapsed() > HOPELESS && self.failure().is_some()
    }

    fn elapsed(&self) -> Duration {
        self.start.map_or(Duration::ZERO, |start| start.elapsed())
    }

    fn advance(&mut self, stage: Stage) {
        self.crew.advance(stage);
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

    /// Takes what was counted in the time since the last step.
    fn collect(&mut self, elapsed: Duration) {
        self.step.reset();
        self.crew.collect(&mut self.step);
        self.total.add(&self.step);
        self.delivered += self.step.messages.matched;
        let open = self.crew.open();
        self.most = self.most.max(open);
        let point = Point::new(self.elapsed().as_secs_f64(), elapsed.as_secs_f64(), &self.step, open);
        self.live.show(&Look {
            phase: self.phase,
            elapsed: self.elapsed(),
            duration: self.duration,
            wanted: self.connections,
            point: point.clone(),
            failures: self.total.failures(),
            descriptors: self.crew.descriptors(),
        });
        if self.start.is_some() {
            self.timeline.push(point);
        }
    }
}
