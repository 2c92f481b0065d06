//! `cargo xtask test`: every check of the project, one after the other.

#[cfg(test)]
mod security;
mod steps;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};
use clap::Args;

use crate::talk;
use steps::STEPS;

/// Flags of `cargo xtask test`.
#[derive(Args)]
pub(crate) struct Options {
    /// Run only this step; may be given several times
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Print the steps and what they check
    #[arg(long)]
    list: bool,
}

/// How a step ended that did not fail.
pub(crate) enum Outcome {
    /// Everything it checks holds.
    Passed,
    /// It could not run here, and why.
    Skipped(String),
}

struct Step {
    name: &'static str,
    about: &'static str,
    run: fn() -> Result<Outcome>,
}

#[derive(Default)]
struct Tally {
    passed: usize,
    failed: Vec<&'static str>,
    skipped: Vec<&'static str>,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    if options.list {
        STEPS.iter().for_each(|step| talk::line(format_args!("{:<10} {}", step.name, step.about)));
        return Ok(ExitCode::SUCCESS);
    }
    let mut tally = Tally::default();
    for step in chosen(&options.only)? {
        tally.count(step);
    }
    Ok(tally.conclude())
}

fn chosen(only: &[String]) -> Result<Vec<&'static Step>> {
    if let Some(unknown) = only.iter().find(|name| STEPS.iter().all(|step| step.name != *name)) {
        bail!("there is no step `{unknown}`\nhint: `cargo xtask test --list` prints the steps");
    }
    Ok(STEPS.iter().filter(|step| only.is_empty() || only.iter().any(|name| name == step.name)).collect())
}

impl Tally {
    fn count(&mut self, step: &Step) {
        talk::heading(step.name, step.about);
        let start = Instant::now();
        let verdict = match (step.run)() {
            Ok(Outcome::Passed) => {
                self.passed += 1;
                "passed".to_owned()
            }
            Ok(Outcome::Skipped(reason)) => {
                self.skipped.push(step.name);
                format!("SKIPPED: {reason}")
            }
            Err(error) => {
                self.failed.push(step.name);
                format!("FAILED: {error:#}")
            }
        };
        talk::verdict(step.name, &verdict, start.elapsed());
    }

    /// The last line counts the steps and stands alone, so that a machine can read it.
    fn conclude(self) -> ExitCode {
        talk::heading("summary", "the steps of this run");
        for (verdict, names) in [("skipped", &self.skipped), ("failed", &self.failed)] {
            if !names.is_empty() {
                talk::line(format_args!("{verdict}: {}", names.join(", ")));
            }
        }
        let (failed, skipped) = (self.failed.len(), self.skipped.len());
        talk::line(format_args!("{} passed, {failed} failed, {skipped} skipped", self.passed));
        if failed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_chosen_by_name_in_their_own_order() {
        let names = |only: &[&str]| {
            let only: Vec<_> = only.iter().map(|&name| name.to_owned()).collect();
            chosen(&only).map(|steps| steps.iter().map(|step| step.name).collect::<Vec<_>>())
        };
        assert_eq!(names(&["clippy", "fmt"]).unwrap(), ["fmt", "clippy"]);
        assert_eq!(names(&[]).unwrap().len(), STEPS.len());
        assert!(names(&["clipy"]).is_err());
    }

    #[test]
    fn each_ending_is_counted_once() {
        let step = |run| Step { name: "a", about: "", run };
        let mut tally = Tally::default();
        tally.count(&step(|| Ok(Outcome::Passed)));
        tally.count(&step(|| Ok(Outcome::Skipped("no peer".to_owned()))));
        tally.count(&step(|| bail!("broken")));
        assert_eq!((tally.passed, tally.failed.len(), tally.skipped.len()), (1, 1, 1));
    }
}
