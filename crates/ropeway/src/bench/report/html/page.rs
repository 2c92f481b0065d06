//! The page around the charts.

use super::super::model::{Model, Report, Spread, Verdict};
use super::super::timeline::Point;
use super::super::units::{count, time};
use super::chart::{Axis, Scale, Series, bars, lines};

const STYLE: &str = include_str!("style.css");

const SECONDS: Axis = Axis { scale: Scale::Linear, label: |seconds| format!("{seconds} s") };
const TIME: Axis = Axis { scale: Scale::Log, label: time };
const COUNT: Axis = Axis { scale: Scale::Linear, label: count_label };
const PERCENT: Axis = Axis { scale: Scale::Linear, label: |percent| format!("{percent} %") };
/// Of the part that is above a quantile: 1 in 10 is p90.
const ONE_IN: Axis = Axis { scale: Scale::Log, label: quantile_label };

pub(super) fn page(report: &Report) -> String {
    let conditions = &report.conditions;
    let title = format!("{} {}", escape(&conditions.profile), escape(&conditions.url));
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
         <style>{STYLE}</style></head>\n<body><header><h1>{title}</h1>{}</header>\n{}\n<main>{}{}{}{}{}</main>\n\
         <footer>Ropeway {} &middot; {}</footer></body></html>\n",
        conditions_line(report),
        banner(report),
        cards(report),
        charts(report),
        latency_table(report),
        handshake_table(report),
        troubles(report),
        escape(&conditions.version),
        escape(&conditions.began),
    )
}

fn conditions_line(report: &Report) -> String {
    let conditions = &report.conditions;
    let model = match conditions.model {
        Model::Open { rate } => format!("open model, {} messages a second", count(rate)),
        Model::Closed { depth } => {
            format!(
                "closed model, {depth} under way on each connection: a stall of the server is not seen for what it is"
            )
        }
        Model::OpenUsers => "open model, users come on a fixed schedule".to_owned(),
        Model::ClosedUsers => "closed model, users begin anew when they are through".to_owned(),
        Model::Idle => "connections are held, nothing is sent".to_owned(),
    };
    format!(
        "<p>{model} &middot; {} connections &middot; {} bytes &middot; {:.0} s after {:.0} s of warm-up</p>",
        count(conditions.connections as f64),
        conditions.size,
        conditions.seconds,
        conditions.warmup_seconds
    )
}

fn banner(report: &Report) -> String {
    let reasons = report.validity.reasons.iter();
    reasons.map(|reason| format!("<p class=\"invalid\"><b>Not valid:</b> {}</p>", escape(reason))).collect()
}

fn cards(report: &Report) -> String {
    let latency = &report.latency.intended;
    let card =
        |name: &str, value: String| format!("<div class=\"card\"><span>{name}</span><b>{value}</b></div>");
    let measured = match latency.count {
        0 => card("connections", count(report.connections.most as f64)),
        _ => [
            card("answered a second", count(report.rates.matched)),
            card("p50", time(latency.p50)),
            card("p99", time(latency.p99)),
            card("max", time(latency.max)),
        ]
        .concat(),
    };
    let figures = report.figures.iter();
    let figures: String =
        figures.map(|(name, value)| card(&escape(&name.replace('_', " ")), count_label(*value))).collect();
    let failures = report.failures();
    let class = if failures > 0 { "card bad" } else { "card" };
    format!(
        "<section class=\"cards\">{measured}{figures}<div class=\"{class}\"><span>failures</span><b>{}</b></div></section>",
        count(failures as f64),
    )
}

fn charts(report: &Report) -> String {
    let latency = if report.latency.intended.count > 0 { latency_charts(report) } else { String::new() };
    let messages = if report.messages.sent > 0 { messages_chart(report) } else { String::new() };
    let connections = over_time(report, "connections", "a", |point| point.connections as f64);
    let generator = over_time(report, "generator", "a", |point| point.cpu * 100.0);
    [
        latency,
        messages,
        figure("Connections", &lines("Connections over time", &[connections], SECONDS, COUNT)),
        figure(
            "Generator, part of a core",
            &lines("Processor time of the generator", &[generator], SECONDS, PERCENT),
        ),
    ]
    .concat()
}

fn latency_charts(report: &Report) -> String {
    let latency = [
        over_time(report, "p50", "a", |point| point.p50),
        over_time(report, "p99", "b", |point| point.p99),
        over_time(report, "max", "c", |point| point.max),
    ];
    let due = Series { name: "from when due", class: "a", points: quantiles(&report.latency.intended) };
    let sent = Series { name: "from sending", class: "b", points: quantiles(&report.latency.actual) };
    let quantiles = if is_open(report) { vec![due, sent] } else { vec![sent] };
    let histogram = &report.latency.intended.histogram;
    [
        figure("Latency over time", &lines("Latency over time", &latency, SECONDS, TIME)),
        figure("Latency by quantile", &lines("Latency by quantile", &quantiles, ONE_IN, TIME)),
        figure("Distribution of latencies", &bars("Distribution of latencies", histogram, TIME, COUNT)),
    ]
    .concat()
}

fn messages_chart(report: &Report) -> String {
    let rate = [
        over_time(report, "sent a second", "a", |point| point.sent as f64 / point.seconds),
        over_time(report, "answered a second", "b", |point| point.matched as f64 / point.seconds),
    ];
    figure("Messages", &lines("Messages over time", &rate, SECONDS, COUNT))
}

fn over_time<'a>(report: &Report, name: &'a str, class: &'a str, value: fn(&Point) -> f64) -> Series<'a> {
    Series { name, class, points: report.timeline.iter().map(|point| (point.at, value(point))).collect() }
}

/// Messages had a schedule.
fn is_open(report: &Report) -> bool {
    matches!(report.conditions.model, Model::Open { .. })
}

fn figure(title: &str, svg: &str) -> String {
    format!("<figure><figcaption>{title}</figcaption>{svg}</figure>")
}

/// Points of "one in so many is slower than".
fn quantiles(spread: &Spread) -> Vec<(f64, f64)> {
    let total = spread.count as f64;
    let mut above = spread.count;
    let mut points = Vec::new();
    for (at, count) in &spread.histogram {
        points.push((total / (above as f64).max(1.0), *at));
        above = above.saturating_sub(*count);
    }
    points
}

/// As a whole number where it is one, or large.
fn count_label(value: f64) -> String {
    if value.fract() == 0.0 || value >= 100.0 { count(value) } else { format!("{value:.2}") }
}

fn quantile_label(one_in: f64) -> String {
    match one_in {
        one if one <= 1.0 => "min".to_owned(),
        one_in => {
            let digits = (one_in.log10().round() as usize).saturating_sub(2);
            format!("p{:.digits$}", 100.0 - 100.0 / one_in)
        }
    }
}

fn latency_table(report: &Report) -> String {
    let latency = &report.latency;
    let mut rows = vec![("from sending", &latency.actual)];
    if is_open(report) {
        rows.insert(0, ("from when due", &latency.intended));
        rows.push(("schedule lag", &latency.lag));
    }
    rows.extend(report.passes.iter().map(|(name, spread)| (name.as_str(), spread)));
    table("Latency", rows.into_iter().filter(|(_, spread)| spread.count > 0).collect())
}

fn handshake_table(report: &Report) -> String {
    let steps = ["resolve", "connect", "tls", "upgrade", "total"];
    let rows = steps.iter().filter_map(|step| Some((*step, report.handshakes.get(*step)?)));
    // A step that was not there took no time.
    table("Handshake", rows.filter(|(_, spread)| spread.max >= 1.0).collect())
}

fn table(title: &str, rows: Vec<(&str, &Spread)>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let head = ["", "count", "min", "p50", "p90", "p99", "p99.9", "p99.99", "max"];
    let head: String = head.iter().map(|name| format!("<th>{name}</th>")).collect();
    let rows: String = rows.into_iter().map(|(name, spread)| row(name, spread)).collect();
    format!("<section><h2>{title}</h2><table><tr class=\"head\">{head}</tr>{rows}</table></section>")
}

fn row(name: &str, spread: &Spread) -> String {
    let figures = [spread.min, spread.p50, spread.p90, spread.p99, spread.p999, spread.p9999, spread.max];
    let figures: String = figures.iter().map(|micros| format!("<td>{}</td>", time(*micros))).collect();
    format!("<tr><th>{}</th><td>{}</td>{figures}</tr>", escape(name), count(spread.count as f64))
}

fn troubles(report: &Report) -> String {
    let messages = &report.messages;
    let counts = [
        ("messages lost", messages.lost),
        ("messages doubled", messages.doubled),
        ("messages out of order", messages.reordered),
        ("messages not asked for", messages.unexpected),
    ];
    let counts =
        counts.into_iter().filter(|(_, count)| *count > 0).map(|(what, count)| (what.to_owned(), count));
    let closes = report.closes.iter().map(|(code, count)| (format!("closed with {code}"), *count));
    let errors = report.errors.iter().map(|(kind, count)| (kind.clone(), *count));
    let rows = counts.chain(closes).chain(errors);
    let rows: String = rows
        .map(|(what, number)| format!("<tr><th>{}</th><td>{}</td></tr>", escape(&what), count(number as f64)))
        .collect();
    let verdicts: String = report.thresholds.iter().map(verdict).collect();
    format!("<section><h2>Ends and errors</h2><table>{rows}{verdicts}</table></section>")
}

fn verdict(verdict: &Verdict) -> String {
    let (class, word) = if verdict.met { ("good", "met") } else { ("bad", "not met") };
    format!(
        "<tr class=\"{class}\"><th>{}</th><td>{word}: {}</td></tr>",
        escape(&verdict.threshold),
        verdict.shown()
    )
}

/// Text that is no markup.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::report::tests::report;

    #[test]
    fn quantiles_have_their_names() {
        assert_eq!(
            [1.0, 10.0, 100.0, 1_000.0, 10_000.0].map(quantile_label),
            ["min", "p90", "p99", "p99.9", "p99.99"]
        );
    }

    #[test]
    fn nothing_in_a_report_becomes_markup() {
        let mut report = report();
        report.conditions.url = "ws://x/<script>".to_owned();
        report.errors.insert("<b>\"&".to_owned(), 1);
        let page = page(&report);
        assert!(!page.contains("<script") && page.contains("&lt;b&gt;&quot;&amp;"));
        assert!(!page.contains("NaN") && !page.contains("inf"));
    }
}
