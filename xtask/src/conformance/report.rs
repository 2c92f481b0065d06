//! What the suite found out, about our server and the reference.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::talk;

/// The cases of both runs, in the order of the suite.
pub(super) struct Report(Vec<Row>);

struct Row {
    case: Case,
    /// How it ended with the reference.
    theirs: Verdict,
}

/// A case as the suite reports it.
#[derive(Deserialize)]
struct Case {
    name: String,
    document: String,
    section: String,
    demand: String,
    /// Why the reference does not meet the demand, or is not asked.
    reference: Option<String>,
    verdict: Verdict,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
enum Verdict {
    #[serde(rename = "met")]
    Met,
    #[serde(rename = "not met")]
    Broken,
    #[serde(rename = "known not to be met")]
    BrokenAsKnown,
    #[serde(rename = "not asked for")]
    Spared,
}

impl Report {
    /// # Errors
    /// When a report is missing, or the two speak of different cases.
    pub(super) fn read(ours: &Path, theirs: &Path) -> Result<Self> {
        let read = |file: &Path| -> Result<Vec<Case>> {
            let text = fs::read_to_string(file).with_context(|| format!("there is no {}", file.display()))?;
            serde_json::from_str(&text).with_context(|| format!("{} is no report", file.display()))
        };
        Self::of(read(ours)?, read(theirs)?)
    }

    fn of(ours: Vec<Case>, theirs: Vec<Case>) -> Result<Self> {
        ensure!(ours.iter().map(|case| &case.name).eq(theirs.iter().map(|case| &case.name)), "two suites");
        let row = |(case, theirs): (Case, Case)| Row { case, theirs: theirs.verdict };
        Ok(Self(ours.into_iter().zip(theirs).map(row).collect()))
    }

    /// A line for each section, a column for each server.
    pub(super) fn print(&self) {
        talk::line(format_args!("{:<70}{:>12}{:>12}", "section", "ropeway", "reference"));
        for (section, rows) in self.sections() {
            let [ours, theirs] = scores(&rows);
            talk::line(format_args!("{section:<70}{ours:>12}{theirs:>12}"));
        }
        let [ours, theirs] = scores(&self.0.iter().collect::<Vec<_>>());
        talk::line(format_args!("{:<70}{ours:>12}{theirs:>12}", "all"));
    }

    /// Documents and sections in the order in which they are first named, with their cases.
    fn sections(&self) -> Vec<(String, Vec<&Row>)> {
        let mut sections: Vec<(String, Vec<&Row>)> = Vec::new();
        for row in &self.0 {
            let title = format!("{}: {}", row.case.document, row.case.section);
            match sections.iter_mut().find(|(section, _)| *section == title) {
                Some((_, rows)) => rows.push(row),
                None => sections.push((title, vec![row])),
            }
        }
        sections
    }

    /// All demands with the tests that prove them, as Markdown.
    pub(super) fn table(&self) -> String {
        let mut text = "# Conformance to Engine.IO and Socket.IO, each demand\n".to_owned();
        for (section, rows) in self.sections() {
            let _ = write!(
                text,
                "\n## {section}\n\n| demand | test | Ropeway | reference |\n| --- | --- | --- | --- |\n"
            );
            for Row { case, theirs } in rows {
                let theirs = with_reason(*theirs, case.reference.as_deref());
                let _ = writeln!(
                    text,
                    "| {} | `{}` | {} | {theirs} |",
                    cell(&case.demand),
                    case.name,
                    case.verdict.word()
                );
            }
        }
        text
    }

    /// The sections with their scores and where we ask for more than the reference gives, as Markdown.
    pub(super) fn summary(&self) -> String {
        let mut text = HEAD.to_owned();
        for (section, rows) in self.sections() {
            let [ours, theirs] = scores(&rows);
            let _ = writeln!(text, "| {} | {ours} | {theirs} |", cell(&section));
        }
        let [ours, theirs] = scores(&self.0.iter().collect::<Vec<_>>());
        let _ = writeln!(text, "| all | {ours} | {theirs} |");
        text.push_str(BEYOND);
        for Row { case, .. } in &self.0 {
            if let Some(reason) = &case.reference {
                let _ = writeln!(text, "| {} | {} |", cell(&case.demand), cell(reason));
            }
        }
        text
    }
}

const HEAD: &str = "\
# Conformance to Engine.IO and Socket.IO

Made by `cargo xtask conformance --write`. The suite in [tests/socketio-conformance](../tests/socketio-conformance) has a
test for each sentence of the protocol documents that says what a server must do, for what the npm reference
(`socket.io` 4.8) does where the documents are silent, and for faults that were seen in servers of this kind. It talks
raw HTTP and raw WebSocket frames, and any server can be put before it. Figures are demands that are met, of all; the run
leaves a table of each of them in `.artefacts/socketio-conformance/report.md`.

| document and section | Ropeway | reference |
| --- | --- | --- |
";

const BEYOND: &str = "
## Where more is asked for than the reference gives

| demand | the reference |
| --- | --- |
";

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Met => "yes",
            Self::Broken | Self::BrokenAsKnown => "no",
            Self::Spared => "not asked",
        }
    }
}

fn with_reason(verdict: Verdict, reason: Option<&str>) -> String {
    reason.map_or_else(|| verdict.word().to_owned(), |reason| format!("{}: {}", verdict.word(), cell(reason)))
}

/// How many of the cases are met, of how many: for our server and for the reference.
fn scores(rows: &[&Row]) -> [String; 2] {
    let score = |verdict: fn(&Row) -> Verdict| {
        let met = rows.iter().filter(|row| verdict(row) == Verdict::Met).count();
        format!("{met}/{}", rows.len())
    };
    [score(|row| row.case.verdict), score(|row| row.theirs)]
}

/// Text that does not end a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(name: &str, section: &str, verdict: &str, reference: Option<&str>) -> Case {
        let document = "Engine.IO v4";
        serde_json::from_value(serde_json::json!({
            "name": name, "document": document, "section": section, "demand": "Be | good",
            "reference": reference, "verdict": verdict,
        }))
        .unwrap()
    }

    fn report() -> Report {
        let ours = vec![
            case("a", "One", "met", None),
            case("b", "Two", "met", Some("lazy")),
            case("c", "One", "not met", None),
        ];
        let theirs = vec![
            case("a", "One", "met", None),
            case("b", "Two", "known not to be met", Some("lazy")),
            case("c", "One", "met", None),
        ];
        Report::of(ours, theirs).unwrap()
    }

    #[test]
    fn sections_are_counted_and_reasons_given() {
        let summary = report().summary();
        assert!(summary.contains(
            "| Engine.IO v4: One | 1/2 | 2/2 |\n| Engine.IO v4: Two | 1/1 | 0/1 |\n| all | 2/3 | 2/3 |"
        ));
        assert!(summary.ends_with("| Be \\| good | lazy |\n"), "{summary}");
        assert!(report().table().contains("| Be \\| good | `b` | yes | no: lazy |"));
    }

    #[test]
    fn reports_about_different_cases_are_refused() {
        assert!(
            Report::of(vec![case("a", "One", "met", None)], vec![case("b", "One", "met", None)]).is_err()
        );
    }
}
