//! Thresholds: `p99<50ms`, `errors<0.1%`, `rate>10000`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::model::{Report, Spread, Verdict};
use super::units::{count, time};

/// What a report has to fulfil.
#[derive(Clone, Debug)]
pub(crate) struct Threshold {
    text: String,
    measure: Measure,
    order: Order,
    bound: f64,
}

/// What is compared. Latencies are those from when messages were due, in microseconds.
#[derive(Clone, Copy, Debug)]
enum Measure {
    Latency(fn(&Spread) -> f64),
    /// Errors and lost messages, as a part of messages sent and connections tried.
    ErrorPart,
    Count(fn(&Report) -> f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

const MEASURES: &[(&str, Measure)] = &[
    ("min", Measure::Latency(|spread| spread.min)),
    ("mean", Measure::Latency(|spread| spread.mean)),
    ("p50", Measure::Latency(|spread| spread.p50)),
    ("p75", Measure::Latency(|spread| spread.p75)),
    ("p90", Measure::Latency(|spread| spread.p90)),
    ("p95", Measure::Latency(|spread| spread.p95)),
    ("p99", Measure::Latency(|spread| spread.p99)),
    ("p99.9", Measure::Latency(|spread| spread.p999)),
    ("p99.99", Measure::Latency(|spread| spread.p9999)),
    ("max", Measure::Latency(|spread| spread.max)),
    ("errors", Measure::Count(|report| report.failures() as f64)),
    ("lost", Measure::Count(|report| report.messages.lost as f64)),
    ("doubled", Measure::Count(|report| report.messages.doubled as f64)),
    ("reordered", Measure::Count(|report| report.messages.reordered as f64)),
    ("unexpected", Measure::Count(|report| report.messages.unexpected as f64)),
    ("failed", Measure::Count(|report| report.connections.failed as f64)),
    ("rate", Measure::Count(|report| report.rates.matched)),
];

impl Threshold {
    pub(crate) fn judge(&self, report: &Report) -> Verdict {
        let value = self.measure.of(report);
        // Where nothing was measured, no latency is a good one.
        let is_measured = !matches!(self.measure, Measure::Latency(_)) || report.latency.intended.count > 0;
        Verdict {
            threshold: self.text.clone(),
            value,
            met: is_measured && self.order.holds(value, self.bound),
        }
    }
}

impl Verdict {
    /// The value with its unit.
    pub(crate) fn shown(&self) -> String {
        match self.threshold.parse::<Threshold>().map(|threshold| threshold.measure) {
            Ok(Measure::Latency(_)) => time(self.value),
            Ok(Measure::ErrorPart) => format!("{:.3} %", self.value * 100.0),
            _ => count(self.value),
        }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Measure {
    fn of(self, report: &Report) -> f64 {
        match self {
            Self::Latency(figure) => figure(&report.latency.intended),
            Self::Count(count) => count(report),
            Self::ErrorPart => {
                let tried = report.messages.sent + report.connections.opened + report.connections.failed;
                report.failures() as f64 / (tried as f64).max(1.0)
            }
        }
    }
}

impl Order {
    fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Self::Less => value < bound,
            Self::LessOrEqual => value <= bound,
            Self::Greater => value > bound,
            Self::GreaterOrEqual => value >= bound,
        }
    }
}

impl FromStr for Threshold {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let at = text.find(['<', '>']).ok_or_else(form)?;
        let (name, rest) = (text[..at].trim(), &text[at..]);
        let (order, bound) = split(rest);
        let (_, measure) = MEASURES.iter().find(|(known, _)| *known == name).ok_or_else(form)?;
        let (measure, bound) = match measure {
            Measure::Latency(_) => (*measure, micros(bound)?),
            Measure::Count(_) if name == "errors" && bound.ends_with('%') => {
                (Measure::ErrorPart, number(bound.trim_end_matches('%'))? / 100.0)
            }
            _ => (*measure, number(bound)?),
        };
        Ok(Self { text: text.to_owned(), measure, order, bound })
    }
}

fn split(rest: &str) -> (Order, &str) {
    let orders = [
        ("<=", Order::LessOrEqual),
        (">=", Order::GreaterOrEqual),
        ("<", Order::Less),
        (">", Order::Greater),
    ];
    let found = orders.iter().find_map(|(sign, order)| Some((*order, rest.strip_prefix(sign)?.trim())));
    found.unwrap_or((Order::Less, rest))
}

fn micros(text: &str) -> Result<f64, String> {
    let duration: Duration =
        humantime::parse_duration(text).map_err(|_| format!("`{text}` is no time such as 50ms"))?;
    Ok(duration.as_secs_f64() * 1e6)
}

fn number(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| format!("`{text}` is no number"))
}

fn form() -> String {
    let names: Vec<&str> = MEASURES.iter().map(|(name, _)| *name).collect();
    format!(
        "it must be a measure, < or >, and a bound, such as p99<50ms or errors<0.1%; measures: {}",
        names.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::report::tests::report;

    #[track_caller]
    fn judged(text: &str) -> bool {
        text.parse::<Threshold>().unwrap().judge(&report()).met
    }

    #[test]
    fn figures_are_compared_in_their_units() {
        // Latencies of 1 to 100 ms; 2 of 100 messages were lost, over 10 connections; 98 answers a second.
        assert!(judged("p99<100ms") && !judged("p99 < 98ms"));
        assert!(judged("max>=99ms") && judged("lost<=2") && !judged("lost<2"));
        assert!(judged("errors<1.9%") && !judged("errors<1.8%") && judged("rate>97.5"));
    }

    #[test]
    fn values_are_shown_in_their_units() {
        let shown = |text: &str| text.parse::<Threshold>().unwrap().judge(&report()).shown();
        assert_eq!(["p50<1s", "errors<1%", "rate>1"].map(shown), ["50.00 ms", "1.818 %", "98"]);
    }

    #[test]
    fn other_texts_are_refused_with_what_is_allowed() {
        for (text, part) in [
            ("p99", "such as"),
            ("p98<1ms", "measures: min"),
            ("p99<1", "no time"),
            ("rate>many", "no number"),
        ] {
            let error = text.parse::<Threshold>().unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
