//! Pauses between connections: exponential backoff with full jitter, so that the clients of a server that restarts do not
//! come back all at once.

use std::time::{Duration, Instant};

use rand::Rng;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);

/// Nobody is sent away for longer.
const LONGEST_HINT: Duration = Duration::from_secs(300);

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

/// When a server that shuts down wants its clients back, as Ropeway says it in the reason of the close (1001 or 1012).
pub(super) fn hint(code: u16, reason: &str) -> Option<Duration> {
    let (_, after) = reason.rsplit_once("reconnect after ").filter(|_| matches!(code, 1001 | 1012))?;
    let after = after.strip_suffix(" ms")?.parse().ok()?;
    Some(Duration::from_millis(after).min(LONGEST_HINT))
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

    #[test]
    fn a_server_that_shuts_down_says_when_to_come_back() {
        let said = "the server is shutting down; reconnect after 1234 ms";
        assert_eq!(hint(1012, said), Some(Duration::from_millis(1234)));
        assert_eq!(hint(1001, said), Some(Duration::from_millis(1234)));
        assert_eq!(hint(4002, said), None);
        assert_eq!(hint(1001, "the server is shutting down"), None);
        assert_eq!(hint(1001, "reconnect after -1 ms"), None);
        assert_eq!(hint(1001, "reconnect after 18446744073709551615 ms"), Some(LONGEST_HINT));
    }
}
