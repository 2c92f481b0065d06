//! One run, and the report of it.

use std::sync::Arc;
use std::time::SystemTime;

use super::crew::Crew;
use super::director::{Director, Measured};
use super::flags::{Profile, Run};
use super::interrupt::Interrupt;
use super::live::Live;
use super::report::Report;
use super::{plan, server};
use crate::failure::Failure;

/// Above this part of a core the generator itself is what limits the figures.
const BUSY: f64 = 0.95;

/// One run, with another rate where one is given.
pub(super) fn measure(options: &Run, rate: Option<f64>, interrupt: &Interrupt) -> Result<Report, Failure> {
    let began = SystemTime::now();
    let (load, processes) = plan::load(options, rate)?;
    let load = Arc::new(load);
    let before = options.pid.map(server::memory).transpose()?;
    let title = format!("{} {}", plan::name(options), options.url.as_deref().unwrap_or_default());
    // The search for a limit has lines of its own.
    let live = Live::new(title, options.quiet || options.profile == Profile::Limit);
    let crew = match processes {
        1 => Crew::of_threads(&load, options.workers)?,
        _ => Crew::of_processes(processes, rate)?,
    };
    let mut director = Director::new(crew, &load, live, interrupt);
    director.settle()?;
    let held = options.pid.map(server::memory).transpose()?;
    let measured = director.direct(plan::times(options, &load))?;
    let conditions = plan::conditions(options, &load, processes, began, measured.seconds);
    let mut report = Report::new(conditions, &measured.tally, measured.rates, measured.most);
    if let (Some(before), Some(held)) = (before, held) {
        let grown = held.saturating_sub(before) as f64;
        report.figure("server_bytes_per_connection", grown / (measured.most as f64).max(1.0));
    }
    add_figures(&mut report, &measured);
    judge(&mut report);
    report.timeline = measured.timeline.into_points();
    Ok(report)
}

fn add_figures(report: &mut Report, measured: &Measured) {
    if let Some(seconds) = measured.all_back {
        report.figure("seconds_until_all_were_back", seconds);
    }
    if report.conditions.profile == Profile::Connect.to_string() {
        report.figure("handshakes_per_second", report.connections.opened as f64 / measured.seconds);
    }
}

/// Says whether the figures are about the server.
fn judge(report: &mut Report) {
    let mut reasons = Vec::new();
    let each = report.generator_cpu / report.conditions.workers as f64;
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
