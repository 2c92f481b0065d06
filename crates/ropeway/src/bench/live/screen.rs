//! The view on a terminal: some lines below the prompt that are drawn anew.

use std::io::{Stderr, stderr};

use ratatui::backend::CrosstermBackend;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style, Stylize};
use ratatui::text::Line;
use ratatui::widgets::{Block, Gauge, Paragraph, Sparkline};
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};

use super::{Look, Phase};
use crate::bench::report::{count, time};

/// Lines of the view.
const HEIGHT: u16 = 13;

/// Steps that the small charts show.
const SHOWN: usize = 120;

pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<Stderr>>,
    /// The newest last.
    rates: Vec<u64>,
    /// p99 in microseconds.
    latencies: Vec<u64>,
}

impl Screen {
    /// Nothing where the terminal does not answer.
    pub(super) fn new() -> Option<Self> {
        let options = TerminalOptions { viewport: Viewport::Inline(HEIGHT) };
        let terminal = Terminal::with_options(CrosstermBackend::new(stderr()), options).ok()?;
        Some(Self { terminal, rates: Vec::new(), latencies: Vec::new() })
    }

    pub(super) fn show(&mut self, title: &str, look: &Look) {
        if look.phase == Phase::Measuring {
            push(
                &mut self.rates,
                (look.point.matched as f64 / look.point.seconds.max(f64::MIN_POSITIVE)) as u64,
            );
            push(&mut self.latencies, look.point.p99 as u64);
        }
        let (rates, latencies) = (&self.rates, &self.latencies);
        // A terminal that cannot be drawn on any more is no reason to end a run.
        let _ = self.terminal.draw(|frame| draw(frame, title, look, rates, latencies));
    }

    /// What is printed next begins where the view did.
    pub(super) fn end(mut self) {
        let origin = self.terminal.get_frame().area().as_position();
        let _ = self.terminal.clear();
        let _ = self.terminal.set_cursor_position(origin);
        let _ = self.terminal.show_cursor();
    }
}

fn push(values: &mut Vec<u64>, value: u64) {
    if values.len() == SHOWN {
        values.remove(0);
    }
    values.push(value);
}

fn draw(frame: &mut Frame<'_>, title: &str, look: &Look, rates: &[u64], latencies: &[u64]) {
    let rows = Layout::vertical([Constraint::Length(1), Constraint::Length(4), Constraint::Length(8)]);
    let [progress, figures, charts] = rows.areas(frame.area());
    draw_progress(frame, progress, look);
    frame.render_widget(Paragraph::new(lines(title, look)), figures);
    let [left, right] = Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).areas(charts);
    draw_chart(frame, left, "answered a second", rates, Color::Cyan);
    draw_chart(frame, right, "p99 in microseconds", latencies, Color::Yellow);
}

fn draw_progress(frame: &mut Frame<'_>, area: Rect, look: &Look) {
    let part = match look.phase {
        Phase::Opening => look.point.connections as f64 / (look.wanted as f64).max(1.0),
        Phase::WarmingUp => 0.0,
        Phase::Measuring => look.elapsed.as_secs_f64() / look.duration.as_secs_f64().max(f64::MIN_POSITIVE),
        Phase::Finishing => 1.0,
    };
    let gauge = Gauge::default().gauge_style(Style::new().fg(Color::Blue)).ratio(part.clamp(0.0, 1.0));
    frame.render_widget(gauge.label(look.phase.name()), area);
}

fn lines<'a>(title: &'a str, look: &Look) -> Vec<Line<'a>> {
    let point = &look.point;
    let rate = |number: u64| count(number as f64 / point.seconds.max(f64::MIN_POSITIVE));
    let failures = format!("{} failures", count(look.failures as f64));
    let connections = format!(
        "{} of {} connections   {} descriptors   generator {:.0} % of a core   ",
        point.connections,
        look.wanted,
        look.descriptors,
        point.cpu * 100.0
    );
    vec![
        Line::from(title).bold(),
        Line::from(format!("{} sent/s   {} answered/s", rate(point.sent), rate(point.matched))),
        Line::from(format!("p50 {}   p99 {}   max {}", time(point.p50), time(point.p99), time(point.max))),
        Line::from(vec![
            connections.into(),
            if look.failures > 0 { failures.red() } else { failures.into() },
        ]),
    ]
}

fn draw_chart(frame: &mut Frame<'_>, area: Rect, title: &str, values: &[u64], color: Color) {
    let width = usize::from(area.width.saturating_sub(2));
    let shown = &values[values.len().saturating_sub(width)..];
    let most = shown.iter().copied().max().unwrap_or(0);
    let block = Block::bordered().title(format!(" {title}, at most {} ", count(most as f64)));
    frame.render_widget(Sparkline::default().block(block).style(Style::new().fg(color)).data(shown), area);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ratatui::backend::TestBackend;

    use super::*;
    use crate::bench::report::Point;

    #[test]
    fn the_view_has_what_matters() {
        let mut terminal = Terminal::new(TestBackend::new(100, HEIGHT)).unwrap();
        let point =
            Point { seconds: 0.5, matched: 50, p99: 2_500.0, connections: 7, cpu: 0.4, ..Point::default() };
        let look = Look {
            phase: Phase::Measuring,
            elapsed: Duration::from_secs(2),
            duration: Duration::from_secs(10),
            wanted: 8,
            point,
            failures: 2,
            descriptors: 31,
        };
        terminal.draw(|frame| draw(frame, "echo ws://x", &look, &[1, 2, 3], &[9, 8, 7])).unwrap();
        let screen: String =
            terminal.backend().buffer().content().iter().map(ratatui::buffer::Cell::symbol).collect();
        for part in [
            "measuring",
            "echo ws://x",
            "100 answered/s",
            "p99 2.50 ms",
            "7 of 8",
            "31 descriptors",
            "2 failures",
        ] {
            assert!(screen.contains(part), "{part} in {screen}");
        }
    }
}
