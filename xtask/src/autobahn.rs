//! `cargo xtask autobahn`: Autobahn's test suite, the field's own measure of RFC 6455 and RFC 7692.
//!
//! A [`subject`] is put in front of the suite ([`suite`]), which writes a report; [`report`] reads it and
//! decides. All subjects run at the same time, since the suite mostly waits.

mod cases;
mod report;
mod subject;
mod suite;

use std::path::Path;
use std::process::ExitCode;
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use clap::Args;

use crate::test::Outcome;
use crate::tools;
use cases::CaseSet;
use report::Report;
use subject::Subject;

/// Flags of `cargo xtask autobahn`.
#[derive(Args)]
pub(crate) struct Options {
    /// Run all 517 cases instead of the quick set
    #[arg(long)]
    all: bool,
    /// Build our programs with optimisations
    #[arg(long)]
    release: bool,
    /// Run only this one of `echo`, `serve` and `client`; may be given several times
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Test the echo server at this address instead of ours
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Test a client instead of ours: a program that takes the address of the suite
    #[arg(long, value_name = "PROGRAM")]
    client: Option<String>,
}

/// What it takes to run the suite, said to people who lack it.
const NO_PYTHON: &str = "no Python 2.7 found, which Autobahn's wstest runs on (pyenv can install one)";

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let wstest = tools::wstest()?.context(NO_PYTHON)?;
    let cases = if options.all { CaseSet::All } else { CaseSet::Quick };
    let subjects = match (&options.url, &options.client) {
        (None, None) => subject::ours(&options.only, options.release)?,
        (url, client) => subject::foreign(url.as_deref(), client.as_deref()),
    };
    examine(&wstest, &subjects, cases)?;
    Ok(ExitCode::SUCCESS)
}

/// The quick set as a step of `cargo xtask test`.
pub(crate) fn step() -> Result<Outcome> {
    let Some(wstest) = tools::wstest()? else { return Ok(Outcome::Skipped(NO_PYTHON.to_owned())) };
    examine(&wstest, &subject::ours(&[], false)?, CaseSet::Quick)?;
    Ok(Outcome::Passed)
}

fn examine(wstest: &Path, subjects: &[Subject], cases: CaseSet) -> Result<()> {
    let reports = thread::scope(|scope| {
        let start = |subject| scope.spawn(move || suite::run(wstest, subject, cases));
        let running: Vec<_> = subjects.iter().map(start).collect();
        running.into_iter().map(|run| run.join().map_err(|_| anyhow!("the run panicked"))?).collect()
    });
    let reports: Result<Vec<Report>> = reports;
    let reports = reports?;
    report::print(&reports);
    ensure!(reports.iter().all(Report::is_clean), "not every case passed");
    Ok(())
}
