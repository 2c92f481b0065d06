//! The Ropeway command: the only place that prints, reads files and the environment, and exits.

use std::process::ExitCode;

use clap::Parser;

mod bench;
mod cli;
mod completions;
mod config;
mod connect;
mod failure;
mod files;
mod harmless;
mod log;
mod network;
mod serve;
mod signals;
mod token;
mod values;

use cli::{Cli, Command, ConfigCommand};

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Serve(options) => serve::run(&options),
        Command::Connect(options) => {
            return connect::run(&options).unwrap_or_else(|failure| failure.report());
        }
        Command::Bench(options) => bench::run(&options),
        Command::Token(command) => token::run(&command),
        Command::Config(ConfigCommand::Check { file }) => config::check(&file),
        Command::Config(ConfigCommand::Init) => config::init(),
        Command::Completions { shell } => completions::completions(shell),
        Command::Man { folder } => completions::man(&folder),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
