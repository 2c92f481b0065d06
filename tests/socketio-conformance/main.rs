//! Conformance of a server to Engine.IO v4 (and v3) and Socket.IO v5, by raw HTTP and raw WebSocket frames.
//!
//! Every sentence of the protocol documents that says what a server must do is a [`case::Case`]: the document and
//! its section, the demand in our words, and a function that panics when the demand is not met. Faults that were
//! seen in servers of this kind are cases as well. The documents are `docs/engine.io-protocol/` and
//! `docs/socket.io-protocol/` of the repository `socketio/socket.io`.
//!
//! ```text
//! cargo test -p ropeway-server --test socketio-conformance              # our server
//! cargo test ... -- upgrade                                             # the cases with this word in their name
//! cargo xtask conformance                                               # ours and the npm reference, as a table
//! SOCKETIO_SERVER="node ../../tests/peers/socketio_reference.mjs" cargo test ...   # another server
//! ```
//!
//! The server under test is a child process that prints one line, `name=address` for each [`subject::Profile`], serves
//! the application that [`application`] describes, and ends with its standard input.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test may stop at the first surprise and says so"
)]

mod application;
mod case;
mod client;
mod engine;
mod hostile;
mod http;
mod polling;
mod report;
mod runner;
mod socketio;
mod subject;
mod websocket;

use std::process::ExitCode;
use std::time::Instant;

use case::Case;
use subject::Subject;

/// The argument that makes this program the server under test.
const SERVE: &str = "serve-for-conformance";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let cases = chosen(&arguments);
    if arguments.iter().any(|argument| argument == "--list") {
        // None is ignored.
        let cases = if arguments.iter().any(|argument| argument == "--ignored") { Vec::new() } else { cases };
        cases.iter().for_each(|case| println!("{}: test", case.short_name()));
        return ExitCode::SUCCESS;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    if arguments.iter().any(|argument| argument == SERVE) {
        runtime.block_on(application::serve());
        return ExitCode::SUCCESS;
    }
    let started = Instant::now();
    let subject: &'static Subject = Box::leak(Box::new(Subject::start()));
    let endings = runtime.block_on(runner::run(cases, subject));
    report::write(&arguments, &endings);
    runner::conclude(&endings, started)
}

fn all() -> impl Iterator<Item = &'static Case> {
    [engine::CASES, socketio::CASES, hostile::CASES].into_iter().flatten().copied().flatten()
}

/// The cases that have one of the words in their name, all without a word.
fn chosen(arguments: &[String]) -> Vec<&'static Case> {
    let mut words: Vec<_> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    if arguments.iter().any(|argument| argument == report::ARGUMENT) {
        // The last is the name of the file.
        words.pop();
    }
    let is_wanted =
        |case: &&Case| words.is_empty() || words.iter().any(|word| case.short_name().contains(word.as_str()));
    all().filter(is_wanted).collect()
}
