//! Which cases are run, and which verdicts of the suite are good enough.

use std::fmt;
use std::str::FromStr;

use anyhow::{Error, anyhow};

/// How much of the suite to run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum CaseSet {
    /// Groups 1 to 10 whole, and the small messages of groups 12 and 13: what a test run can wait for.
    Quick,
    /// Everything.
    All,
}

/// Cases that may be NON-STRICT, each with the reason why that is right.
const NON_STRICT: &[(&str, &str)] = &[];

/// Groups that consist of message sizes for several kinds of compression: their number and its subgroups.
const DEFLATE_GROUPS: [(u32, u32); 2] = [(12, 5), (13, 7)];
/// How many of the 18 sizes in each of those subgroups are in the quick set.
const QUICK_SIZES: u32 = 6;

impl CaseSet {
    /// As the suite's specification wants it.
    pub(super) fn patterns(self) -> Vec<String> {
        match self {
            Self::All => vec!["*".to_owned()],
            Self::Quick => (1..=10).map(|group| format!("{group}.*")).chain(quick_deflate_cases()).collect(),
        }
    }

    /// How many cases the suite has in this set: a report with fewer is no report.
    pub(super) fn count(self) -> usize {
        match self {
            Self::All => 517,
            Self::Quick => 373,
        }
    }
}

fn quick_deflate_cases() -> impl Iterator<Item = String> {
    let subgroups = DEFLATE_GROUPS.iter().flat_map(|&(group, last)| (1..=last).map(move |sub| (group, sub)));
    subgroups.flat_map(|(group, sub)| (1..=QUICK_SIZES).map(move |size| format!("{group}.{sub}.{size}")))
}

/// The number of a case, as `9.1.2`; sorted by its parts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct CaseId {
    pub(super) group: u32,
    sub: u32,
    number: u32,
}

impl FromStr for CaseId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let parts: Result<Vec<u32>, _> = text.split('.').map(str::parse).collect();
        // Some groups have no subgroups: `1.1`.
        match parts.ok().as_deref() {
            Some(&[group, sub, number]) => Ok(Self { group, sub, number }),
            Some(&[group, sub]) => Ok(Self { group, sub, number: 0 }),
            _ => Err(anyhow!("`{text}` is not the number of a case")),
        }
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.group, self.sub)?;
        if self.number > 0 { write!(f, ".{}", self.number) } else { Ok(()) }
    }
}

/// What the suite says of one case: of the messages, and of how the connection was closed.
pub(super) struct Verdict {
    pub(super) behavior: String,
    pub(super) close: String,
}

impl Verdict {
    pub(super) fn is_good(&self, case: CaseId) -> bool {
        [&self.behavior, &self.close].into_iter().all(|verdict| match verdict.as_str() {
            "OK" | "INFORMATIONAL" => true,
            "NON-STRICT" => NON_STRICT.iter().any(|(number, _reason)| *number == case.to_string()),
            _ => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_set_has_the_small_sizes_of_the_deflate_groups() {
        let patterns = CaseSet::Quick.patterns();
        assert_eq!(patterns.len(), 10 + (5 + 7) * 6);
        assert!(patterns.contains(&"12.5.6".to_owned()) && patterns.contains(&"13.7.1".to_owned()));
        assert!(!patterns.contains(&"12.5.7".to_owned()) && !patterns.contains(&"12.6.1".to_owned()));
    }

    #[test]
    fn numbers_of_cases_are_read_and_written() {
        for text in ["1.1.1", "10.1.1", "7.13"] {
            assert_eq!(text.parse::<CaseId>().unwrap().to_string(), text);
        }
        assert!("2.10.1".parse::<CaseId>().unwrap() > "2.9.1".parse().unwrap());
        assert!("1.x.1".parse::<CaseId>().is_err());
    }

    #[test]
    fn only_ok_and_informational_are_good() {
        let case = "1.1.1".parse().unwrap();
        let good = |behavior: &str, close: &str| {
            Verdict { behavior: behavior.to_owned(), close: close.to_owned() }.is_good(case)
        };
        assert!(good("OK", "OK") && good("INFORMATIONAL", "OK"));
        for bad in ["NON-STRICT", "FAILED", "WRONG CODE", "UNCLEAN", "FAILED BY CLIENT", "UNIMPLEMENTED", ""]
        {
            assert!(!good(bad, "OK"), "{bad}");
            assert!(!good("OK", bad), "{bad}");
        }
    }
}
