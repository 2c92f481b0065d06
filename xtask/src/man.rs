//! `cargo xtask man`: the manual pages, made by the program from its own flags.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::Result;
use clap::Args;

use crate::cargo::build;
use crate::{artefacts, process};

#[derive(Args)]
pub(crate) struct Options {
    /// Where to write them [default: .artefacts/man]
    #[arg(long, value_name = "FOLDER")]
    into: Option<PathBuf>,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let folder = options.into.clone().unwrap_or_else(|| artefacts().join("man"));
    let ropeway = build("", "ropeway")?;
    process::run(Command::new(ropeway).arg("man").arg(&folder))?;
    crate::talk::line(format_args!("the manual is in {}", folder.display()));
    Ok(ExitCode::SUCCESS)
}
