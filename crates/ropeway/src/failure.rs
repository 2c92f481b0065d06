//! Failures, as they are told: what happened, why, and what to do.

use std::fmt;
use std::process::ExitCode;

use serde::{Deserialize, Serialize};

/// Kinds of failure and their exit status, after sysexits.h. Wrong usage is 2, as clap has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// What was said with `--expect` did not happen.
    Unexpected = 1,
    /// A flag or an argument is of no use.
    Usage = 2,
    /// TLS failed: no trust, or no common version.
    Tls = 60,
    /// A file cannot be read.
    Input = 66,
    /// The address cannot be listened on, or nobody is reached there.
    Unavailable = 69,
    /// The system refuses what no program can do without.
    System = 71,
    /// A file cannot be written.
    Output = 73,
    /// A connection ended in another way than it should.
    Broken = 74,
    /// It took too long.
    Timeout = 75,
    /// The other side broke the protocol.
    Protocol = 76,
    /// The server refused the connection; a token is not good.
    Refused = 77,
    /// The configuration is wrong.
    Config = 78,
    /// A threshold of `bench` was not met.
    Threshold = 99,
    /// Ctrl-C, as shells tell it.
    Interrupted = 130,
}

/// Why a command failed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    /// One line: what could not be done.
    pub(crate) what: String,
    /// The reasons, one or more lines.
    pub(crate) why: String,
    pub(crate) hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(kind: Kind, what: impl Into<String>, why: impl fmt::Display) -> Self {
        Self { kind, what: what.into(), why: why.to_string(), hint: None }
    }

    /// A flag or an argument is of no use.
    pub(crate) fn usage(flag: &str, why: impl fmt::Display) -> Self {
        Self::new(Kind::Usage, format!("`{flag}` cannot be used"), why)
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Tells the failure on standard error.
    #[expect(clippy::print_stderr, reason = "this is where the program talks")]
    pub(crate) fn report(&self) -> ExitCode {
        // In one piece: on a terminal the editor of lines may be drawing its prompt meanwhile.
        let text = self.to_string();
        eprintln!("{text}");
        ExitCode::from(self.kind as u8)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.what)?;
        for line in self.why.lines() {
            write!(f, "\n  {line}")?;
        }
        self.hint.iter().try_for_each(|hint| write!(f, "\n  hint: {hint}"))
    }
}
