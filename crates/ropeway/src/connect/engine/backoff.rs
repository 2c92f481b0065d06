//! Pauses between connections: exponential backoff with full jitter, so that the clients of a server that restarts do not
//! come back all at once.

use std::time::{Duration, Instant};

use rand::Rng;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);

/// A connection that lasted so long was a good one: pauses begin anew.
const GOOD: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
pub(super) struct Backoff {
    attempts: u32,
    opened: Option<Instant>,
}

impl Backoff {
    pub(super) fn opened(&mut self, now: Instant) {
        self.opened = Some(now);
    }

    /// The pause before the next attempt, and counts that.
    pub(super) fn next(&mut self, now: Instant) -> Duration {
        if self.opened.take().is_some_and(|opened| now - opened >= GOOD) {
            self.attempts = 0;
        }
        let longest = most(self.attempts);
        self.attempts = self.attempts.saturating_add(1);
        rand::rng().random_range(Duration::ZERO..=longest)
    }
}

fn most(attempts: u32) -> Duration {
    FIRST.saturating_mul(1 << attempts.min(16)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_begin_anew_after_a_good_connection() {
        assert_eq!(
            [0, 1, 3, 6, 99].map(|attempts| most(attempts).as_millis()),
            [500, 1000, 4000, 30_000, 30_000]
        );
        let (mut backoff, start) = (Backoff { attempts: 9, opened: None }, Instant::now());
        backoff.opened(start);
        assert!(backoff.next(start + GOOD / 2) <= LONGEST && backoff.attempts == 10);
        backoff.opened(start);
        assert!(backoff.next(start + GOOD) <= FIRST && backoff.attempts == 1);
    }
}
