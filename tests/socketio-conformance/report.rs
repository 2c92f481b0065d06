//! The endings as JSON, from which `cargo xtask conformance` makes its table.

use serde_json::{Value, json};

use crate::case::{Place, Reference};
use crate::runner::{Ending, Verdict};

/// The argument before the name of the file.
pub(crate) const ARGUMENT: &str = "--report";

/// Writes the endings where the arguments say, if they do.
pub(crate) fn write(arguments: &[String], endings: &[Ending]) {
    let file = arguments.iter().skip_while(|argument| *argument != ARGUMENT).nth(1);
    if let Some(file) = file {
        let cases: Vec<_> = endings.iter().map(entry).collect();
        std::fs::write(file, json!(cases).to_string()).unwrap();
    }
}

fn entry(ending: &Ending) -> Value {
    let Place(document, section) = ending.case.place;
    let known = match ending.case.reference {
        Reference::Meets => None,
        Reference::Fails(reason) | Reference::Spared(reason) => Some(reason),
    };
    json!({
        "name": ending.case.short_name(),
        "document": document,
        "section": section,
        "demand": ending.case.demand,
        "reference": known,
        "verdict": verdict(&ending.verdict),
    })
}

fn verdict(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "met",
        Verdict::Broken(_) => "not met",
        Verdict::BrokenAsKnown => "known not to be met",
        Verdict::Spared => "not asked for",
    }
}
