//! `cargo xtask bench`: the benchmarks live in a workspace of their own, so that peers are not built with the project.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::{cargo, process, root};

/// Flags of `cargo xtask bench`.
#[derive(Args)]
pub(crate) struct Options {
    /// `codec` for the benchmarks in memory, else what to hand to the end-to-end harness, as in `echo --rounds 3`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, default_value = "help")]
    arguments: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let (command, arguments) = match options.arguments.split_first() {
        Some((first, rest)) if first == "codec" => ("bench --package codec --", rest),
        _ => ("run --release --package e2e --", &options.arguments[..]),
    };
    process::run(cargo::cargo(command).args(arguments).current_dir(root().join("bench")))?;
    Ok(ExitCode::SUCCESS)
}
