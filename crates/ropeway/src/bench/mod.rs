//! `ropeway bench`: load for any WebSocket server, and what came of it.

mod crew;
mod director;
mod flags;
mod interrupt;
mod limit;
mod live;
mod load;
mod measure;
mod plan;
mod preflight;
mod report;
mod run;

mod scenario;
mod server;
mod single;

use crate::failure::Failure;

pub(crate) use self::flags::Bench;
use self::flags::BenchCommand;

#[expect(clippy::print_stdout, reason = "this is where the program talks")]
pub(crate) fn run(options: &Bench) -> Result<(), Failure> {
    match &options.command {
        None => run::run(&options.run),
        Some(BenchCommand::Compare { before, after }) => {
            print!("{}", report::compare(&report::read(before)?, &report::read(after)?));
            Ok(())
        }
    }
}
