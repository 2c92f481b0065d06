//! Two reports side by side.

use std::fmt::Write;

use super::model::{Report, Spread};
use super::units::{count, time};

/// A figure of both reports; what is better when it is smaller is told apart from what is better when it is larger.
struct Row {
    name: &'static str,
    figure: fn(&Report) -> f64,
    show: fn(f64) -> String,
    smaller_is_better: bool,
}

const ROWS: &[Row] = &[
    rate("sent/s", |report| report.rates.sent),
    rate("answered/s", |report| report.rates.matched),
    latency("p50", |report| report.latency.intended.p50),
    latency("p90", |report| report.latency.intended.p90),
    latency("p99", |report| report.latency.intended.p99),
    latency("p99.9", |report| report.latency.intended.p999),
    latency("p99.99", |report| report.latency.intended.p9999),
    latency("max", |report| report.latency.intended.max),
    latency("handshake p50", |report| handshake(report).p50),
    latency("handshake p99", |report| handshake(report).p99),
    Row { name: "failures", figure: |report| report.failures() as f64, show: count, smaller_is_better: true },
    Row {
        name: "generator",
        figure: |report| report.generator_cpu * 100.0,
        show: |percent| format!("{percent:.0} %"),
        smaller_is_better: true,
    },
];

const fn rate(name: &'static str, figure: fn(&Report) -> f64) -> Row {
    Row { name, figure, show: count, smaller_is_better: false }
}

const fn latency(name: &'static str, figure: fn(&Report) -> f64) -> Row {
    Row { name, figure, show: time, smaller_is_better: true }
}

fn handshake(report: &Report) -> &Spread {
    report.handshakes.get("total").unwrap_or(&NONE)
}

static NONE: Spread = Spread::EMPTY;

/// What changed from the first to the second, as lines for a person.
pub(crate) fn compare(before: &Report, after: &Report) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = write_all(&mut out, before, after);
    out
}

fn write_all(out: &mut String, before: &Report, after: &Report) -> std::fmt::Result {
    for (name, report) in [("before", before), ("after", after)] {
        let conditions = &report.conditions;
        writeln!(out, "{name:<7} {} {} ({})", conditions.profile, conditions.url, conditions.began)?;
        report.validity.reasons.iter().try_for_each(|reason| writeln!(out, "        NOT VALID: {reason}"))?;
    }
    for difference in differences(before, after) {
        writeln!(out, "note: {difference}")?;
    }
    writeln!(out, "\n{:<14} {:>12} {:>12} {:>9}", "", "before", "after", "change")?;
    ROWS.iter().try_for_each(|row| row.write(out, before, after))
}

/// Conditions under which figures cannot be compared without a thought.
fn differences(before: &Report, after: &Report) -> Vec<String> {
    let (a, b) = (&before.conditions, &after.conditions);
    let mut found = Vec::new();
    let mut check = |what: &str, one: String, other: String| {
        if one != other {
            found.push(format!("{what} differs: {one} and {other}"));
        }
    };
    check("the profile", a.profile.clone(), b.profile.clone());
    check("the model", format!("{:?}", a.model), format!("{:?}", b.model));
    check("the number of connections", a.connections.to_string(), b.connections.to_string());
    check("the size of messages", a.size.to_string(), b.size.to_string());
    found
}

impl Row {
    fn write(&self, out: &mut String, before: &Report, after: &Report) -> std::fmt::Result {
        let (before, after) = ((self.figure)(before), (self.figure)(after));
        let (shown, shown_after) = ((self.show)(before), (self.show)(after));
        writeln!(out, "{:<14} {shown:>12} {shown_after:>12} {:>9}", self.name, self.change(before, after))
    }

    /// In percent, with a word when it is worse by more than a tenth.
    fn change(&self, before: f64, after: f64) -> String {
        if before == 0.0 {
            return if after == 0.0 { "same".to_owned() } else { "new".to_owned() };
        }
        let percent = (after / before - 1.0) * 100.0;
        let worse = if self.smaller_is_better { percent > 10.0 } else { percent < -10.0 };
        format!("{percent:+.1} %{}", if worse { " WORSE" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::report::tests::report;

    #[test]
    fn what_became_worse_is_said() {
        let before = report();
        let mut after = report();
        after.latency.intended.p99 *= 1.5;
        after.rates.matched *= 2.0;
        after.conditions.connections = 20;
        let text = compare(&before, &after);
        let line = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
        assert!(line("p99 ").ends_with("+50.0 % WORSE"), "{text}");
        assert!(line("answered/s").ends_with("+100.0 %") && line("p50").ends_with("+0.0 %"), "{text}");
        assert!(text.contains("note: the number of connections differs: 10 and 20"), "{text}");
    }
}
