//! What a chore says to the person at the terminal.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a chore talks to a person at a terminal")]

use std::fmt;
use std::time::Duration;

/// Begins a section of the output.
pub(crate) fn heading(name: &str, about: &str) {
    println!("\n=== {name}: {about}");
}

/// One line of a section.
pub(crate) fn line(text: impl fmt::Display) {
    println!("{text}");
}

/// How a section ended.
pub(crate) fn verdict(name: &str, verdict: &str, took: Duration) {
    println!("--- {name}: {verdict} ({:.1} s)", took.as_secs_f64());
}

/// Why the chore failed, the causes one under the other.
pub(crate) fn error(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}
