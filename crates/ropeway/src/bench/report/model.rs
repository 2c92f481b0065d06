//! The report as data. Its JSON form is documented by `docs/bench-report.schema.json`; durations are microseconds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::timeline::Point;
use crate::bench::measure::{Histogram, Messages, Nanos, Tally};

/// Changes with every change that a reader of the JSON would notice.
const VERSION: u32 = 1;

/// Everything that a run came to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) version: u32,
    pub(crate) conditions: Conditions,
    pub(crate) validity: Validity,
    pub(crate) connections: Connections,
    pub(crate) messages: Messages,
    /// Per second, over the measured time.
    pub(crate) rates: Rates,
    pub(crate) latency: Latencies,
    pub(crate) handshakes: BTreeMap<String, Spread>,
    /// Times of whole passes through scenarios, by name.
    pub(crate) passes: BTreeMap<String, Spread>,
    /// Connections that ended, by close code.
    pub(crate) closes: BTreeMap<u16, u64>,
    /// What went wrong, by kind.
    pub(crate) errors: BTreeMap<String, u64>,
    /// Processor time of the generator: seconds a second.
    pub(crate) generator_cpu: f64,
    /// What else was found out, by name.
    pub(crate) figures: BTreeMap<String, f64>,
    pub(crate) thresholds: Vec<Verdict>,
    pub(crate) timeline: Vec<Point>,
}

/// What was run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Conditions {
    pub(crate) url: String,
    pub(crate) profile: String,
    pub(crate) model: Model,
    /// When it began, RFC 3339.
    pub(crate) began: String,
    pub(crate) warmup_seconds: f64,
    /// Measured.
    pub(crate) seconds: f64,
    pub(crate) connections: usize,
    /// Threads that made the load, in all processes.
    pub(crate) workers: usize,
    pub(crate) processes: usize,
    /// Bytes of a message.
    pub(crate) size: usize,
    pub(crate) version: String,
}

/// How messages were paced.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub(crate) enum Model {
    /// A fixed schedule, whatever the server does.
    Open {
        /// Messages a second.
        rate: f64,
    },
    /// The next message when an answer comes. It cannot see a stall of the server for what it is.
    Closed {
        /// Messages under way on each connection.
        depth: usize,
    },
    /// New users at a rate, however long the others take; see the scenario.
    OpenUsers,
    /// Users who begin anew when they are through; see the scenario.
    ClosedUsers,
    /// Nothing was sent.
    Idle,
}

/// Whether the figures say something about the server.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Validity {
    pub(crate) valid: bool,
    /// Why not.
    pub(crate) reasons: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Connections {
    pub(crate) opened: u64,
    pub(crate) failed: u64,
    /// Open at one time.
    pub(crate) most: usize,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Rates {
    pub(crate) sent: f64,
    /// Answered or delivered.
    pub(crate) matched: f64,
    pub(crate) wire_bytes_sent: f64,
    pub(crate) wire_bytes_received: f64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Latencies {
    /// From when a message was due.
    pub(crate) intended: Spread,
    /// From when it was sent.
    pub(crate) actual: Spread,
    /// How far the generator was behind its schedule.
    pub(crate) lag: Spread,
}

/// A histogram in a few figures, in microseconds; zeros when nothing was recorded.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Spread {
    pub(crate) count: u64,
    pub(crate) min: f64,
    pub(crate) mean: f64,
    pub(crate) p50: f64,
    pub(crate) p75: f64,
    pub(crate) p90: f64,
    pub(crate) p95: f64,
    pub(crate) p99: f64,
    #[serde(rename = "p99.9")]
    pub(crate) p999: f64,
    #[serde(rename = "p99.99")]
    pub(crate) p9999: f64,
    pub(crate) max: f64,
    /// Microseconds and counts, ascending: at most 200 steps.
    pub(crate) histogram: Vec<(f64, u64)>,
}

/// What came of a threshold.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Verdict {
    pub(crate) threshold: String,
    /// In the unit of the measure: microseconds, a part of one, messages a second, or a count.
    pub(crate) value: f64,
    pub(crate) met: bool,
}

impl Report {
    /// The report of a run. `tally` is of the measured time and of what was answered afterwards; `rates` of the measured
    /// time alone.
    pub(crate) fn new(conditions: Conditions, tally: &Tally, rates: Rates, most: usize) -> Self {
        let handshakes = &tally.handshakes;
        let steps = [
            ("resolve", &handshakes.resolve),
            ("connect", &handshakes.connect),
            ("tls", &handshakes.tls),
            ("upgrade", &handshakes.upgrade),
            ("total", &handshakes.total),
        ];
        Self {
            version: VERSION,
            validity: Validity { valid: true, reasons: Vec::new() },
            connections: Connections { opened: handshakes.opened, failed: handshakes.failed, most },
            messages: tally.messages,
            rates,
            latency: Latencies {
                intended: Spread::of(&tally.latency.intended),
                actual: Spread::of(&tally.latency.actual),
                lag: Spread::of(&tally.latency.lag),
            },
            handshakes: steps.map(|(name, histogram)| (name.to_owned(), Spread::of(histogram))).into(),
            passes: tally.passes.iter().map(|(name, passes)| (name.clone(), Spread::of(passes))).collect(),
            closes: tally.closes.clone(),
            errors: tally.errors.clone(),
            generator_cpu: tally.cpu as f64 / 1e9 / conditions.seconds.max(f64::MIN_POSITIVE),
            figures: BTreeMap::new(),
            thresholds: Vec::new(),
            timeline: Vec::new(),
            conditions,
        }
    }

    /// Adds something that was found out.
    pub(crate) fn figure(&mut self, name: &str, value: f64) {
        self.figures.insert(name.to_owned(), value);
    }

    /// Messages and connections that went wrong.
    pub(crate) fn failures(&self) -> u64 {
        self.errors.values().sum::<u64>() + self.messages.lost
    }
}

impl Rates {
    pub(crate) fn new(tally: &Tally, seconds: f64) -> Self {
        let messages = &tally.messages;
        Self {
            sent: messages.sent as f64 / seconds,
            matched: messages.matched as f64 / seconds,
            wire_bytes_sent: messages.wire_sent as f64 / seconds,
            wire_bytes_received: messages.wire_received as f64 / seconds,
        }
    }
}

impl Spread {
    /// Of nothing.
    pub(super) const EMPTY: Self = Self {
        count: 0,
        min: 0.0,
        mean: 0.0,
        p50: 0.0,
        p75: 0.0,
        p90: 0.0,
        p95: 0.0,
        p99: 0.0,
        p999: 0.0,
        p9999: 0.0,
        max: 0.0,
        histogram: Vec::new(),
    };

    pub(crate) fn of(histogram: &Histogram) -> Self {
        let quantile = |part| micros(histogram.quantile(part).unwrap_or(0));
        Self {
            count: histogram.count(),
            min: micros(histogram.min().unwrap_or(0)),
            mean: histogram.mean().unwrap_or(0.0) / 1e3,
            p50: quantile(0.5),
            p75: quantile(0.75),
            p90: quantile(0.9),
            p95: quantile(0.95),
            p99: quantile(0.99),
            p999: quantile(0.999),
            p9999: quantile(0.9999),
            max: micros(histogram.max().unwrap_or(0)),
            histogram: steps(histogram),
        }
    }
}

/// The buckets of a histogram, joined until they differ by a twentieth or so.
fn steps(histogram: &Histogram) -> Vec<(f64, u64)> {
    let mut steps: Vec<(f64, u64)> = Vec::new();
    let mut floor = 0.0;
    for (nanos, count) in histogram.buckets() {
        let at = micros(nanos);
        match steps.last_mut() {
            Some(last) if at < floor * 1.1 => *last = (at, last.1 + count),
            _ => {
                floor = at;
                steps.push((at, count));
            }
        }
    }
    steps
}

fn micros(nanos: Nanos) -> f64 {
    nanos as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_short_and_loses_nothing() {
        let mut histogram = Histogram::default();
        (1..100_000).for_each(|nanos| histogram.record(nanos * 100));
        let spread = Spread::of(&histogram);
        assert!(spread.histogram.len() < 200, "{}", spread.histogram.len());
        assert_eq!(spread.histogram.iter().map(|(_, count)| count).sum::<u64>(), spread.count);
        assert!((spread.p50 - 5_000.0).abs() < 10.0 && (spread.p99 - 9_900.0).abs() < 10.0, "{spread:?}");
    }
}
