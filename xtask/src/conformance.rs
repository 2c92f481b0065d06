//! `cargo xtask conformance`: our suite for Engine.IO and Socket.IO, on our server and on the npm reference.
//!
//! The suite (`tests/socketio-conformance`) leaves a [`report`] for each server; a demand that the reference does not
//! meet either is wrong, or the suite says why we ask for more.

mod report;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::cargo::cargo;
use crate::test::Outcome;
use crate::{artefacts, process, root, talk, tools};
use report::Report;

/// Flags of `cargo xtask conformance`.
#[derive(Args)]
pub(crate) struct Options {
    /// Write the summary to docs/socketio-conformance.md
    #[arg(long)]
    write: bool,
}

/// Where the summary is kept.
const SUMMARY: &str = "docs/socketio-conformance.md";
/// Cargo runs the suite in the folder of `ropeway-server`.
const REFERENCE: &str = "node ../../tests/peers/socketio_reference.mjs";

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let report = examine()?;
    if options.write {
        let file = root().join(SUMMARY);
        fs::write(&file, report.summary()).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Both servers as a step of `cargo xtask test`.
pub(crate) fn step() -> Result<Outcome> {
    let report = examine()?;
    let kept = fs::read_to_string(root().join(SUMMARY)).unwrap_or_default();
    ensure!(
        kept == report.summary(),
        "{SUMMARY} is not what the suite says\nhint: `cargo xtask conformance --write`"
    );
    Ok(Outcome::Passed)
}

fn examine() -> Result<Report> {
    tools::node_modules("tests")?;
    let folder = artefacts().join("socketio-conformance");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let (ours, theirs) = (folder.join("ropeway.json"), folder.join("reference.json"));
    let ours_ran = suite(&ours, None);
    let theirs_ran = suite(&theirs, Some(REFERENCE));
    let report = Report::read(&ours, &theirs)?;
    report.print();
    let table = folder.join("report.md");
    fs::write(&table, report.table()).with_context(|| format!("cannot write {}", table.display()))?;
    talk::line(format_args!("each demand is in {}", table.display()));
    ours_ran.and(theirs_ran)?;
    Ok(report)
}

fn suite(report: &PathBuf, server: Option<&str>) -> Result<()> {
    remove(report)?;
    let mut command = cargo("test --quiet --workspace --test socketio-conformance --");
    command.arg("--report").arg(report);
    if let Some(server) = server {
        command.env("SOCKETIO_SERVER", server);
    }
    process::run(&mut command)
}

/// A report of an earlier run must not be taken for one of this.
fn remove(report: &Path) -> Result<()> {
    if report.exists() {
        fs::remove_file(report).with_context(|| format!("cannot remove {}", report.display()))?;
    }
    Ok(())
}
