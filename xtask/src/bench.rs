//! `cargo xtask bench`: the benchmarks live in a workspace of their own, so that peers are not built with the project.

use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Args;

use crate::{cargo, process, root};

/// Flags of `cargo xtask bench`.
#[derive(Args)]
pub(crate) struct Options {
    /// What to hand to `cargo bench` in bench/
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let bench = root().join("bench");
    ensure!(bench.join("Cargo.toml").is_file(), "there are no benchmarks: bench/Cargo.toml is missing");
    process::run(cargo::cargo("bench").args(&options.arguments).current_dir(bench))?;
    Ok(ExitCode::SUCCESS)
}
