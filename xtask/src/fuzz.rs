//! `cargo xtask fuzz`: every target in fuzz/ for a while, each from its committed corpus.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::{artefacts, cargo, process, root, talk};

/// Flags of `cargo xtask fuzz`.
#[derive(Args)]
pub(crate) struct Options {
    /// Seconds for each target
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Run only this target; may be given several times
    #[arg(long, value_name = "NAME")]
    target: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let program = cargo_fuzz()?;
    let targets = targets(&program, &options.target)?;
    let mut failed = Vec::new();
    for target in &targets {
        talk::heading(target, &format!("fuzzing for {} s", options.seconds));
        if let Err(error) = process::run(&mut fuzz(&program, target, options.seconds)?) {
            talk::error(&error);
            failed.push(target.as_str());
        }
    }
    ensure!(failed.is_empty(), "found an input that fails: {}", failed.join(", "));
    Ok(ExitCode::SUCCESS)
}

fn targets(program: &PathBuf, only: &[String]) -> Result<Vec<String>> {
    let listed = process::output(Command::new(program).args(["fuzz", "list"]).current_dir(root()))?;
    let all: Vec<String> = listed.lines().map(str::to_owned).collect();
    ensure!(!all.is_empty(), "there are no fuzz targets");
    if let Some(unknown) = only.iter().find(|name| !all.contains(name)) {
        bail!("there is no target `{unknown}`\nhint: there are {}", all.join(", "));
    }
    Ok(if only.is_empty() { all } else { only.to_vec() })
}

/// What a run finds goes to the first corpus folder, which is not committed; the second is only read.
fn fuzz(program: &PathBuf, target: &str, seconds: u64) -> Result<Command> {
    let found = artefacts().join("fuzz").join(target);
    fs::create_dir_all(&found).with_context(|| format!("cannot make {}", found.display()))?;
    let mut command = Command::new(program);
    command.args(["fuzz", "run", target]).arg(found).arg(root().join("fuzz/corpus").join(target));
    command
        .args(["--", &format!("-max_total_time={seconds}"), "-verbosity=0", "-print_final_stats=1"])
        .current_dir(root());
    // The sanitizer's flags are unstable; this lets the stable compiler that everybody has take them.
    command.env("RUSTC_BOOTSTRAP", "1");
    Ok(command)
}

/// `cargo-fuzz`, of the path or installed for the project alone.
fn cargo_fuzz() -> Result<PathBuf> {
    if process::works("cargo-fuzz", &["fuzz", "--version"]) {
        return Ok("cargo-fuzz".into());
    }
    let home = root().join(".tools/cargo");
    let program = home.join("bin/cargo-fuzz");
    if !program.is_file() {
        talk::line("installing cargo-fuzz");
        process::run(cargo::cargo("install --quiet --locked cargo-fuzz --root").arg(home))?;
    }
    Ok(program)
}
