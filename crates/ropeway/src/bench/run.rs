//! Runs, reports and judges.

use std::sync::Arc;

use super::flags::{Profile, Run};
use super::interrupt::Interrupt;
use super::report::{Report, Threshold, summary, write_html, write_json};
use super::single::measure;
use super::{crew, limit, plan};
use crate::failure::{Failure, Kind};

/// Carries out what the flags ask for.
///
/// # Errors
/// What cannot be run, and thresholds that were not met.
#[expect(clippy::print_stdout, reason = "this is where the program talks")]
pub(super) fn run(options: &Run) -> Result<(), Failure> {
    if let Some(part) = options.share {
        let (load, _) = plan::load(options, part.rate)?;
        return crew::serve(&Arc::new(load), options.workers, part);
    }
    let interrupt = Interrupt::listen()
        .map_err(|error| Failure::new(Kind::System, "cannot listen for signals", error))?;
    let mut report = match options.profile {
        Profile::Limit => limit::search(options, &interrupt)?,
        _ => measure(options, None, &interrupt)?,
    };
    report.thresholds = options.fail.iter().map(|threshold| threshold.judge(&report)).collect();
    print!("{}", summary(&report));
    if let Some(path) = &options.json {
        write_json(path, &report)?;
    }
    if let Some(path) = &options.html {
        write_html(path, &report)?;
    }
    if interrupt.is_set() {
        return Err(Failure::new(Kind::Interrupted, "interrupted", "the report is of the time until then"));
    }
    verdict(&report, &options.fail)
}

fn verdict(report: &Report, thresholds: &[Threshold]) -> Result<(), Failure> {
    let missed: Vec<&str> = report
        .thresholds
        .iter()
        .filter(|verdict| !verdict.met)
        .map(|verdict| verdict.threshold.as_str())
        .collect();
    if missed.is_empty() {
        return Ok(());
    }
    let what = format!("{} of {} thresholds not met", missed.len(), thresholds.len());
    Err(Failure::new(Kind::Threshold, what, missed.join("\n")))
}
