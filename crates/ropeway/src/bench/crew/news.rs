//! What the processes of a run say to each other: a JSON object a line, on the standard input and output of the children.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::bench::load::Stage;
use crate::bench::measure::{Nanos, Tally};
use crate::failure::Failure;

/// Which connections a process has: every `of`th, beginning with `first`. As text `FIRST/OF`, with `@RATE` behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Part {
    pub(crate) first: usize,
    pub(crate) of: usize,
    /// Of all processes, where it is another than the command line says.
    pub(crate) rate: Option<f64>,
}

impl Part {
    pub(crate) const WHOLE: Self = Self { first: 0, of: 1, rate: None };
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.of)?;
        self.rate.iter().try_for_each(|rate| write!(f, "@{rate}"))
    }
}

impl FromStr for Part {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "it must be FIRST/OF, perhaps with @RATE";
        let (part, rate) = text.split_once('@').map_or((text, None), |(part, rate)| (part, Some(rate)));
        let (first, of) = part.split_once('/').ok_or(FORM)?;
        let (first, of) = (first.parse().map_err(|_| FORM)?, of.parse().map_err(|_| FORM)?);
        let rate = rate.map(|rate| rate.parse().map_err(|_| FORM)).transpose()?;
        if first < of { Ok(Self { first, of, rate }) } else { Err(FORM) }
    }
}

/// Told by a child several times a second, and once more before it ends.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct News {
    /// Connections that are open.
    pub(super) open: usize,
    /// Every connection was opened or given up once.
    pub(super) is_settled: bool,
    /// Nothing new is sent any more.
    pub(super) is_over: bool,
    /// Why the first connection that failed could not be opened.
    pub(super) failure: Option<Failure>,
    /// Messages of each publisher of a fan-out so far.
    pub(super) published: Vec<u64>,
    /// File descriptors in use.
    pub(super) descriptors: usize,
    /// What was counted since the last news.
    pub(super) tally: Tally,
}

/// Told by the parent. A child ends when its input ends.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) stage: Stage,
    /// When it was given.
    pub(super) at: Nanos,
    /// Messages of each publisher of a fan-out, in all processes.
    pub(super) published: Vec<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_written_and_read() {
        for part in [Part { first: 2, of: 3, rate: None }, Part { first: 0, of: 1, rate: Some(1_000.5) }] {
            assert_eq!(part.to_string().parse(), Ok(part));
        }
        for text in ["", "1", "3/3", "a/2", "0/2@fast"] {
            assert!(text.parse::<Part>().is_err(), "{text}");
        }
    }
}
