//! Reading the suite's report and putting it before people.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::cases::{CaseId, CaseSet, Verdict};
use crate::talk;

/// What the suite found out about one subject.
pub(super) struct Report {
    subject: String,
    folder: PathBuf,
    cases: BTreeMap<CaseId, Verdict>,
}

impl Report {
    /// Reads `index.json` in the folder that the suite was told to write to.
    ///
    /// # Errors
    /// When there is none, or it speaks of fewer cases than were asked for.
    pub(super) fn read(subject: &str, folder: &Path, cases: CaseSet) -> Result<Self> {
        let file = folder.join("index.json");
        let text = fs::read_to_string(&file)
            .with_context(|| format!("{subject}: there is no {}", file.display()))?;
        let found = parse(&text, subject)?;
        let (run, asked) = (found.len(), cases.count());
        ensure!(run == asked, "{subject}: {run} cases were run and not {asked}; see {}", folder.display());
        Ok(Self { subject: subject.to_owned(), folder: folder.to_owned(), cases: found })
    }

    /// Whether every case ended well enough.
    pub(super) fn is_clean(&self) -> bool {
        self.failures().next().is_none()
    }

    fn failures(&self) -> impl Iterator<Item = (CaseId, &Verdict)> {
        self.cases
            .iter()
            .map(|(&case, verdict)| (case, verdict))
            .filter(|(case, verdict)| !verdict.is_good(*case))
    }

    /// How many cases of a group are good, and how many it has; of all groups for `None`.
    fn score(&self, group: Option<u32>) -> String {
        let of_group = |case: CaseId| group.is_none_or(|group| case.group == group);
        let all = self.cases.keys().filter(|case| of_group(**case)).count();
        let failed = self.failures().filter(|(case, _)| of_group(*case)).count();
        format!("{}/{all}", all - failed)
    }
}

/// A row for each group of cases, a column for each subject, and below it what failed.
pub(super) fn print(reports: &[Report]) {
    row("group", reports.iter().map(|report| report.subject.clone()));
    let groups: BTreeSet<u32> =
        reports.iter().flat_map(|report| report.cases.keys().map(|case| case.group)).collect();
    for group in groups {
        row(group_name(group), reports.iter().map(|report| report.score(Some(group))));
    }
    row("all", reports.iter().map(|report| report.score(None)));
    reports.iter().for_each(print_failures);
}

fn row(title: &str, cells: impl Iterator<Item = String>) {
    let cells: String = cells.map(|cell| format!("{cell:>12}")).collect();
    talk::line(format_args!("{title:<32}{cells}"));
}

fn print_failures(report: &Report) {
    for (case, Verdict { behavior, close }) in report.failures() {
        talk::line(format_args!("{} failed {case}: {behavior}, closed {close}", report.subject));
    }
    if !report.is_clean() {
        talk::line(format_args!("the traffic of each case is in {}", report.folder.display()));
    }
}

fn parse(text: &str, subject: &str) -> Result<BTreeMap<CaseId, Verdict>> {
    let index: Value = serde_json::from_str(text).context("the report is not JSON")?;
    let cases =
        index[subject].as_object().with_context(|| format!("the report does not speak of {subject}"))?;
    cases.iter().map(|(case, said)| Ok((case.parse()?, verdict(said)))).collect()
}

fn verdict(said: &Value) -> Verdict {
    let word = |key| said[key].as_str().unwrap_or_default().to_owned();
    Verdict { behavior: word("behavior"), close: word("behaviorClose") }
}

fn group_name(group: u32) -> &'static str {
    match group {
        1 => "1 framing",
        2 => "2 pings and pongs",
        3 => "3 reserved bits",
        4 => "4 opcodes",
        5 => "5 fragmentation",
        6 => "6 UTF-8",
        7 => "7 close",
        9 => "9 large messages",
        10 => "10 many fragments",
        12 => "12 deflate",
        13 => "13 deflate with parameters",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = r#"{"echo": {
        "1.1.1": {"behavior": "OK", "behaviorClose": "OK", "duration": 2},
        "1.1.2": {"behavior": "OK", "behaviorClose": "UNCLEAN"},
        "7.1.6": {"behavior": "INFORMATIONAL", "behaviorClose": "INFORMATIONAL"}}}"#;

    fn report() -> Report {
        Report { subject: "echo".to_owned(), folder: PathBuf::new(), cases: parse(INDEX, "echo").unwrap() }
    }

    #[test]
    fn failures_are_named_and_counted_by_group() {
        let report = report();
        let failed: Vec<_> = report.failures().map(|(case, _)| case.to_string()).collect();
        assert_eq!(failed, ["1.1.2"]);
        assert_eq!(
            (report.score(Some(1)), report.score(Some(7)), report.score(None)),
            ("1/2".to_owned(), "1/1".to_owned(), "2/3".to_owned())
        );
        assert!(!report.is_clean());
    }

    #[test]
    fn a_report_about_somebody_else_or_with_cases_missing_is_refused() {
        assert!(parse(INDEX, "serve").is_err());
        assert!(parse("{}", "echo").is_err());
        let folder = std::env::temp_dir().join(format!("ropeway-report-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("index.json"), INDEX).unwrap();
        let error = Report::read("echo", &folder, CaseSet::Quick).err().unwrap();
        fs::remove_dir_all(folder).unwrap();
        assert!(error.to_string().contains("3 cases were run and not 373"), "{error}");
    }
}
