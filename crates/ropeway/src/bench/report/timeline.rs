//! The run as it went, in steps that grow longer with the run, so that their number stays bounded.

use serde::{Deserialize, Serialize};

use crate::bench::measure::Tally;

/// So many steps at most; then two become one.
const MOST: usize = 600;

/// One step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Point {
    /// Its end, in seconds from the first message on.
    pub(crate) at: f64,
    /// Its length.
    pub(crate) seconds: f64,
    pub(crate) sent: u64,
    pub(crate) matched: u64,
    pub(crate) errors: u64,
    /// Open at its end.
    pub(crate) connections: usize,
    /// Latency from when messages were due, in microseconds. Where steps were joined, the worst of them.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) max: f64,
    /// Processor time of the generator: seconds a second.
    pub(crate) cpu: f64,
}

/// All steps so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timeline {
    points: Vec<Point>,
    /// Steps of the run that make one point.
    joined: usize,
    pending: usize,
}

impl Timeline {
    /// Adds a step that has just ended.
    pub(crate) fn push(&mut self, point: Point) {
        match self.points.last_mut() {
            Some(last) if self.pending > 0 => *last = last.join(&point),
            _ => self.points.push(point),
        }
        self.pending = (self.pending + 1) % self.joined.max(1);
        if self.points.len() > MOST {
            self.halve();
        }
    }

    pub(crate) fn into_points(self) -> Vec<Point> {
        self.points
    }

    fn halve(&mut self) {
        self.points =
            self.points.chunks(2).filter_map(|pair| pair.iter().cloned().reduce(|a, b| a.join(&b))).collect();
        self.joined = self.joined.max(1) * 2;
        self.pending = 0;
    }
}

impl Point {
    /// A step of `seconds` that has just ended.
    pub(crate) fn new(at: f64, seconds: f64, tally: &Tally, connections: usize) -> Self {
        let latency = &tally.latency.intended;
        let micros = |part: f64| latency.quantile(part).unwrap_or(0) as f64 / 1e3;
        Self {
            at,
            seconds,
            sent: tally.messages.sent,
            matched: tally.messages.matched,
            errors: tally.failures(),
            connections,
            p50: micros(0.5),
            p99: micros(0.99),
            max: latency.max().unwrap_or(0) as f64 / 1e3,
            cpu: tally.cpu as f64 / 1e9 / seconds.max(f64::MIN_POSITIVE),
        }
    }

    fn join(&self, later: &Self) -> Self {
        let seconds = self.seconds + later.seconds;
        Self {
            at: later.at,
            seconds,
            sent: self.sent + later.sent,
            matched: self.matched + later.matched,
            errors: self.errors + later.errors,
            connections: later.connections,
            p50: self.p50.max(later.p50),
            p99: self.p99.max(later.p99),
            max: self.max.max(later.max),
            cpu: (self.cpu * self.seconds + later.cpu * later.seconds) / seconds,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_runs_keep_few_steps_and_all_counts() {
        let mut timeline = Timeline::default();
        let mut tally = Tally::default();
        (tally.messages.sent, tally.messages.matched, tally.cpu) = (3, 2, 125_000_000);
        for step in 1..=14_400 {
            timeline.push(Point::new(f64::from(step) * 0.25, 0.25, &tally, 7));
        }
        let points = timeline.into_points();
        assert!((300..=600).contains(&points.len()), "{}", points.len());
        assert_eq!(points.iter().map(|point| point.sent).sum::<u64>(), 3 * 14_400);
        assert!((points.iter().map(|point| point.seconds).sum::<f64>() - 3_600.0).abs() < 1e-6);
        assert!(points.iter().all(|point| (point.cpu - 0.5).abs() < 1e-9));
    }
}
