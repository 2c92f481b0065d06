//! What a run came to: one model, told as text, JSON and HTML, and judged by thresholds.

mod compare;
mod files;
mod html;
mod model;
mod summary;
mod threshold;
mod timeline;
mod units;

pub(crate) use compare::compare;
pub(crate) use files::{read, write_json};
pub(crate) use html::write_html;
pub(crate) use model::{Conditions, Model, Rates, Report};
pub(crate) use summary::summary;
pub(crate) use threshold::Threshold;
pub(crate) use timeline::{Point, Timeline};
pub(crate) use units::{count, time};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::measure::Tally;

    /// Latencies of 1 to 100 ms, 100 messages of which 2 were lost.
    pub(super) fn report() -> Report {
        let mut tally = Tally::default();
        (1..=100).for_each(|millis| tally.latency.record(0, 0, millis * 1_000_000));
        (tally.messages.sent, tally.messages.matched, tally.messages.lost) = (100, 98, 2);
        tally.handshakes.opened = 10;
        let conditions = Conditions {
            url: "ws://localhost/echo".to_owned(),
            profile: "echo".to_owned(),
            model: Model::Open { rate: 100.0 },
            began: "2026-01-01T00:00:00Z".to_owned(),
            warmup_seconds: 0.0,
            seconds: 1.0,
            connections: 10,
            workers: 1,
            processes: 1,
            size: 20,
            version: "0".to_owned(),
        };
        let rates = Rates { sent: 100.0, matched: 98.0, ..Rates::default() };
        Report::new(conditions, &tally, rates, 10)
    }
}
