//! The chores of the project, run as `cargo xtask CHORE`.
//!
//! Everything a chore needs that Cargo does not bring is installed by [`tools`] where it is missing: into the
//! git-ignored folders `.tools/` and `node_modules/`, and as Debian packages when the user may do that.

mod autobahn;
mod bench;
mod cargo;
mod conformance;
mod fuzz;
mod man;
mod process;
mod secrets;
mod talk;
mod test;
mod tools;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "The chores of the project")]
enum Chore {
    /// Run every check and test of the project, installing the peers they need where missing
    Test(test::Options),
    /// Run the Autobahn test suite against our servers and our client
    Autobahn(autobahn::Options),
    /// Run our suite for Engine.IO and Socket.IO on our server and on the npm reference
    Conformance(conformance::Options),
    /// Run every fuzz target for a while
    Fuzz(fuzz::Options),
    /// Run the benchmarks in bench/
    Bench(bench::Options),
    /// Write the manual pages of the program
    Man(man::Options),
}

fn main() -> ExitCode {
    let result = match Chore::parse() {
        Chore::Test(options) => test::run(&options),
        Chore::Autobahn(options) => autobahn::run(&options),
        Chore::Conformance(options) => conformance::run(&options),
        Chore::Fuzz(options) => fuzz::run(&options),
        Chore::Bench(options) => bench::run(&options),
        Chore::Man(options) => man::run(&options),
    };
    result.unwrap_or_else(|error| {
        talk::error(&error);
        ExitCode::FAILURE
    })
}

/// The root of the repository: where Cargo found this package, also when the folder was moved since the build.
fn root() -> PathBuf {
    let built_at = || env!("CARGO_MANIFEST_DIR").into();
    let mut root = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(built_at, PathBuf::from);
    root.pop();
    root
}

/// Where things are kept that people may want to look at after a run: reports, screenshots. Ignored by git.
fn artefacts() -> PathBuf {
    root().join(".artefacts")
}
