//! Progress for logs: a line a second.

use std::time::Duration;

use super::{Look, Phase, Throttle};
use crate::bench::report::{count, time};

#[derive(Debug, Default)]
pub(super) struct Lines {
    throttle: Throttle,
    phase: Option<Phase>,
}

impl Lines {
    #[expect(clippy::print_stderr, reason = "this is where the program talks")]
    pub(super) fn show(&mut self, look: &Look) {
        let is_new = self.phase.replace(look.phase) != Some(look.phase);
        if is_new || self.throttle.is_due(Duration::from_secs(1)) {
            eprintln!("{}", line(look));
        }
    }
}

fn line(look: &Look) -> String {
    let point = &look.point;
    let connections = format!("{}/{} connections", point.connections, look.wanted);
    if look.phase != Phase::Measuring {
        return format!("{}: {connections}", look.phase.name());
    }
    let rate = |number: u64| count(number as f64 / point.seconds.max(f64::MIN_POSITIVE));
    format!(
        "{:>5.1}/{:.0} s  {} sent/s  {} answered/s  p50 {}  p99 {}  max {}  {connections}  {} failures  cpu {:.0} %",
        look.elapsed.as_secs_f64(),
        look.duration.as_secs_f64(),
        rate(point.sent),
        rate(point.matched),
        time(point.p50),
        time(point.p99),
        time(point.max),
        look.failures,
        point.cpu * 100.0
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::report::Point;

    #[test]
    fn a_line_says_how_it_goes() {
        let point = Point { seconds: 0.25, matched: 250, p99: 1_500.0, connections: 9, ..Point::default() };
        let mut look = Look {
            phase: Phase::Measuring,
            elapsed: Duration::from_millis(1_500),
            duration: Duration::from_secs(10),
            wanted: 10,
            point,
            failures: 3,
            descriptors: 0,
        };
        let text = line(&look);
        for part in ["1.5/10 s", "1,000 answered/s", "p99 1.50 ms", "9/10 connections", "3 failures"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        look.phase = Phase::Opening;
        assert_eq!(line(&look), "opening connections: 9/10 connections");
    }
}
