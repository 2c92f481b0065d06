//! The highest rate that keeps an objective.

use super::flags::Run;
use super::interrupt::Interrupt;
use super::report::{Conditions, Report, Threshold};
use super::single::measure;
use crate::failure::{Failure, Kind};

/// The rate of the first run where none is given: messages a second.
const FIRST: f64 = 1_000.0;

/// Runs that raise the rate until the objective is missed, and runs that close in on the limit afterwards.
const RISES: usize = 16;
const STEPS: usize = 5;

/// Doubles the rate until the objective is missed or the generator is at its end, then halves the distance to the limit.
/// Gives the report of the last rate that kept the objective.
///
/// # Errors
/// Even the first rate does not keep it.
#[expect(clippy::print_stderr, reason = "this is where the program talks")]
pub(super) fn search(options: &Run, interrupt: &Interrupt) -> Result<Report, Failure> {
    let probe = |rate: f64| -> Result<Option<Report>, Failure> {
        let report = measure(options, Some(rate), interrupt)?;
        let kept = keeps(&report, &options.objective, rate);
        let p99 = report.latency.intended.p99 / 1e3;
        eprintln!("{rate:>12.0}/s  p99 {p99:>9.2} ms  {}", if kept { "kept" } else { "missed" });
        Ok(kept.then_some(report))
    };
    let (rate, mut report) = highest(options.rate.unwrap_or(FIRST), &probe, || interrupt.is_set())?;
    report.figure("limit_per_second", rate);
    Ok(report)
}

/// The highest rate that was found to keep the objective, and what `probe` gave for it.
fn highest<T>(
    first: f64,
    probe: &impl Fn(f64) -> Result<Option<T>, Failure>,
    is_interrupted: impl Fn() -> bool,
) -> Result<(f64, T), Failure> {
    let (mut best, mut above) = rise(first, probe)?;
    for _ in (0..STEPS).take_while(|_| !is_interrupted()) {
        let rate = (best.0 + above) / 2.0;
        match probe(rate)? {
            Some(kept) => best = (rate, kept),
            None => above = rate,
        }
    }
    Ok(best)
}

/// The last rate that kept the objective, and the first that did not.
fn rise<T>(
    first: f64,
    probe: &impl Fn(f64) -> Result<Option<T>, Failure>,
) -> Result<((f64, T), f64), Failure> {
    let mut best = None;
    for rate in std::iter::successors(Some(first), |rate| Some(rate * 2.0)).take(RISES) {
        match (probe(rate)?, best) {
            (Some(kept), _) => best = Some((rate, kept)),
            (None, Some(best)) => return Ok((best, rate)),
            (None, None) => return Err(missed(first)),
        }
    }
    best.map(|best| (best, first * 2.0_f64.powi(RISES as i32))).ok_or_else(|| missed(first))
}

/// A rate that was not reached is not kept either. Answers that were under way at the end do not count against it.
fn keeps(report: &Report, objective: &Threshold, rate: f64) -> bool {
    let Conditions { seconds, connections, .. } = report.conditions;
    let under_way = (connections as f64 / seconds).min(rate / 4.0);
    let is_reached = report.rates.matched + under_way > rate * 0.98;
    report.validity.valid && is_reached && objective.judge(report).met
}

fn missed(rate: f64) -> Failure {
    let why = "the server is too slow, or the generator is";
    Failure::new(Kind::Threshold, format!("not even {rate:.0} messages a second keep the objective"), why)
        .hint("begin lower with `--rate`, or ask for less with `--objective`")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found against a server that can do so many messages a second.
    fn found(first: f64, limit: f64) -> Result<(f64, f64), Failure> {
        highest(first, &|rate| Ok((rate <= limit).then_some(rate)), || false)
    }

    #[test]
    fn the_limit_is_closed_in_on() {
        let (rate, kept) = found(4.0, 10.0).unwrap();
        // Between 8, which is kept, and 16, which is not, in five steps of half the distance.
        assert!(rate <= 10.0 && rate > 10.0 - 8.0 / 32.0, "{rate}");
        assert!((kept - rate).abs() < f64::EPSILON, "the report is that of the rate");
        assert!(found(4.0, 3.9).unwrap_err().what.contains("not even 4 messages a second"));
        let most = 4.0 * 2.0_f64.powi(15);
        assert!(found(4.0, f64::INFINITY).unwrap().0 > most, "it gives up at some point");
    }

    #[test]
    fn an_interruption_ends_the_search_with_what_is_known() {
        let (rate, ()) = highest(4.0, &|rate| Ok((rate <= 10.0).then_some(())), || true).unwrap();
        assert!((rate - 8.0).abs() < f64::EPSILON, "{rate}");
    }
}
