//! The report as text.

use std::fmt::Write;

use super::model::{Model, Report, Spread};
use super::units::{bytes, count, time};

/// The lines that a person reads after a run. What is nought and expected to be is left out.
pub(crate) fn summary(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = write_all(&mut out, report);
    out
}

fn write_all(out: &mut String, report: &Report) -> std::fmt::Result {
    head(out, report)?;
    latency(out, report)?;
    connections(out, report)?;
    troubles(out, report)?;
    verdicts(out, report)
}

fn head(out: &mut String, report: &Report) -> std::fmt::Result {
    let conditions = &report.conditions;
    writeln!(out, "{} {}", conditions.profile, conditions.url)?;
    writeln!(out, "  {}", model(conditions.model))?;
    writeln!(
        out,
        "  {} connections, {} bytes a message, {:.1} s measured after {:.1} s of warm-up",
        conditions.connections, conditions.size, conditions.seconds, conditions.warmup_seconds
    )?;
    for reason in &report.validity.reasons {
        writeln!(out, "  NOT VALID: {reason}")?;
    }
    writeln!(out)?;
    let rates = &report.rates;
    if report.messages.sent > 0 {
        writeln!(
            out,
            "messages    {:>12} sent/s {:>12} answered/s",
            count(rates.sent),
            count(rates.matched)
        )?;
        let wire = (bytes(rates.wire_bytes_sent), bytes(rates.wire_bytes_received));
        writeln!(out, "wire        {:>12}/s out {:>12}/s in", wire.0, wire.1)?;
    }
    Ok(())
}

fn model(model: Model) -> String {
    match model {
        Model::Open { rate } => format!("open model: {} messages a second on a fixed schedule", count(rate)),
        Model::Closed { depth } => format!(
            "closed model: {depth} under way on each connection; it cannot see a stall of the server for what it is"
        ),
        Model::OpenUsers => {
            "open model: users come on a fixed schedule, however long the others take".to_owned()
        }
        Model::ClosedUsers => {
            "closed model: users begin anew when they are through; it cannot see a stall of the server \
                               for what it is"
                .to_owned()
        }
        Model::Idle => "connections are held, nothing is sent".to_owned(),
    }
}

fn latency(out: &mut String, report: &Report) -> std::fmt::Result {
    let latency = &report.latency;
    if latency.intended.count == 0 {
        return Ok(());
    }
    writeln!(out)?;
    columns(out, "latency", &["min", "p50", "p90", "p99", "p99.9", "p99.99", "max"])?;
    let is_open = matches!(report.conditions.model, Model::Open { .. });
    line(out, if is_open { "from when due" } else { "from sending" }, &latency.intended)?;
    if is_open {
        line(out, "from sending", &latency.actual)?;
        line(out, "schedule lag", &latency.lag)?;
    }
    Ok(())
}

fn connections(out: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(out)?;
    if !report.passes.is_empty() {
        columns(out, "scenario", &["min", "p50", "p90", "p99", "p99.9", "p99.99", "max"])?;
        report.passes.iter().try_for_each(|(name, spread)| line(out, name, spread))?;
        writeln!(out)?;
    }
    columns(out, "handshake", &["min", "p50", "p90", "p99", "p99.9", "p99.99", "max"])?;
    for step in ["resolve", "connect", "tls", "upgrade", "total"] {
        if let Some(spread) = report.handshakes.get(step).filter(|spread| spread.max >= 1.0) {
            line(out, step, spread)?;
        }
    }
    let connections = report.connections;
    writeln!(out)?;
    writeln!(
        out,
        "connections {} opened, {} failed, {} at one time",
        connections.opened, connections.failed, connections.most
    )?;
    writeln!(out, "generator   {:.0} % of a core", report.generator_cpu * 100.0)?;
    report
        .figures
        .iter()
        .try_for_each(|(name, value)| writeln!(out, "{:<11} {value:.2}", name.replace('_', " ")))
}

fn troubles(out: &mut String, report: &Report) -> std::fmt::Result {
    let messages = &report.messages;
    let counts = [
        ("lost", messages.lost),
        ("doubled", messages.doubled),
        ("out of order", messages.reordered),
        ("not asked for", messages.unexpected),
    ];
    for (what, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        writeln!(out, "{what:<15} {count} messages")?;
    }
    for (code, count) in report.closes.iter().filter(|(code, _)| **code != 1000) {
        writeln!(out, "closed          {count} connections with {code}")?;
    }
    report.errors.iter().try_for_each(|(kind, count)| writeln!(out, "error           {count} x {kind}"))
}

fn verdicts(out: &mut String, report: &Report) -> std::fmt::Result {
    for verdict in &report.thresholds {
        let word = if verdict.met { "met    " } else { "NOT MET" };
        writeln!(out, "threshold       {word} {} (it is {})", verdict.threshold, verdict.shown())?;
    }
    Ok(())
}

fn columns(out: &mut String, title: &str, names: &[&str]) -> std::fmt::Result {
    write!(out, "{title:<14}")?;
    names.iter().try_for_each(|name| write!(out, " {name:>9}"))?;
    writeln!(out)
}

fn line(out: &mut String, name: &str, spread: &Spread) -> std::fmt::Result {
    let figures = [spread.min, spread.p50, spread.p90, spread.p99, spread.p999, spread.p9999, spread.max];
    write!(out, "{name:<14}")?;
    figures.iter().try_for_each(|micros| write!(out, " {:>9}", time(*micros)))?;
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::report::tests::report;

    #[test]
    fn a_person_finds_what_matters() {
        let text = summary(&report());
        for part in [
            "open model: 100 messages a second",
            "from when due",
            "schedule lag",
            "lost            2 messages",
        ] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
        assert!(!text.contains("doubled"), "{text}");
    }
}
