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
    let (mut best, mut above) = rise(options.rate.unwrap_or(FIRST), &probe)?;
    for _ in (0..STEPS).take_while(|_| !interrupt.is_set()) {
        let rate = (best.0 + above) / 2.0;
        match probe(rate)? {
            Some(report) => best = (rate, report),
            None => above = rate,
        }
    }
    let (rate, mut report) = best;
    report.figure("limit_per_second", rate);
    Ok(report)
}

/// The last rate that kept the objective, and the first that did not.
fn rise(
    first: f64,
    probe: &impl Fn(f64) -> Result<Option<Report>, Failure>,
) -> Result<((f64, Report), f64), Failure> {
    let mut best = None;
    for rate in std::iter::successors(Some(first), |rate| Some(rate * 2.0)).take(RISES) {
        match (probe(rate)?, best) {
            (Some(report), _) => best = Some((rate, report)),
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
