//! What a person sees while a run goes on: a view that is drawn anew on a terminal, lines elsewhere.

mod lines;
mod screen;

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use super::report::Point;
use lines::Lines;
use screen::Screen;

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Opening,
    WarmingUp,
    Measuring,
    Finishing,
}

impl Phase {
    fn name(self) -> &'static str {
        match self {
            Self::Opening => "opening connections",
            Self::WarmingUp => "warming up",
            Self::Measuring => "measuring",
            Self::Finishing => "finishing",
        }
    }
}

/// One look at a run.
#[derive(Clone, Debug)]
pub(super) struct Look {
    pub(super) phase: Phase,
    /// Measured so far, and in all.
    pub(super) elapsed: Duration,
    pub(super) duration: Duration,
    /// Connections that are wanted.
    pub(super) wanted: usize,
    /// The last step.
    pub(super) point: Point,
    /// Errors and lost messages so far.
    pub(super) failures: u64,
    /// File descriptors of this process that are in use.
    pub(super) descriptors: usize,
}

/// Shows a run on standard error.
pub(super) struct Live {
    face: Face,
    title: String,
}

enum Face {
    Screen(Box<Screen>),
    Lines(Lines),
    Silent,
}

impl Live {
    /// A view if standard error is a terminal that can be drawn on, lines if not.
    pub(super) fn new(title: String, is_quiet: bool) -> Self {
        let face = if is_quiet {
            Face::Silent
        } else if stderr().is_terminal() {
            Screen::new().map_or(Face::Lines(Lines::default()), |screen| Face::Screen(Box::new(screen)))
        } else {
            Face::Lines(Lines::default())
        };
        Self { face, title }
    }

    pub(super) fn show(&mut self, look: &Look) {
        match &mut self.face {
            Face::Screen(screen) => screen.show(&self.title, look),
            Face::Lines(lines) => lines.show(look),
            Face::Silent => {}
        }
    }

    /// Leaves the terminal as it was.
    pub(super) fn end(&mut self) {
        if let Face::Screen(screen) = std::mem::replace(&mut self.face, Face::Silent) {
            screen.end();
        }
    }
}

/// Lets one look through in so much time.
#[derive(Debug, Default)]
struct Throttle(Option<Instant>);

impl Throttle {
    fn is_due(&mut self, every: Duration) -> bool {
        let is_due = self.0.is_none_or(|last| last.elapsed() >= every);
        if is_due {
            self.0 = Some(Instant::now());
        }
        is_due
    }
}

/// File descriptors in use by this process; none where they cannot be counted.
pub(super) fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}
