//! What is made from the flags: completions of shells, and manual pages.

use std::fs;
use std::io::{Write, stdout};
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::failure::{Failure, Kind};

/// Prints the script that completes our flags in a shell.
pub(crate) fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "ropeway", &mut script);
    let written = stdout().write_all(&script);
    written.map_err(|error| Failure::new(Kind::Output, "the completions cannot be written", error))
}

/// Writes a manual page for the program and one for each of its commands.
pub(crate) fn man(folder: &Path) -> Result<(), Failure> {
    let written = fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(Cli::command(), folder));
    written.map_err(|error| {
        Failure::new(Kind::Output, format!("the manual cannot be written to {}", folder.display()), error)
    })
}
