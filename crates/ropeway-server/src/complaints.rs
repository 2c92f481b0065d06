//! Complaints that each client may give rise to: a few for the log, however many clients come.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// At least so long from one to the next.
const PAUSE: Duration = Duration::from_secs(10);

/// Those about one thing, such as a backend that does not answer.
#[derive(Debug, Default)]
pub(crate) struct Complaints(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    last: Option<Instant>,
    left_out: u64,
}

impl Complaints {
    /// How many were left out before this one; nothing when this one is left out as well.
    pub(crate) fn next(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.last.is_some_and(|last| now.saturating_duration_since(last) < PAUSE) {
            state.left_out += 1;
            return None;
        }
        state.last = Some(now);
        Some(std::mem::take(&mut state.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_in_a_short_time_the_first_is_told_and_the_rest_counted() {
        let (complaints, now) = (Complaints::default(), Instant::now());
        assert_eq!(complaints.next(now), Some(0));
        assert_eq!(complaints.next(now), None);
        assert_eq!(complaints.next(now + PAUSE - Duration::from_millis(1)), None);
        assert_eq!(complaints.next(now + PAUSE), Some(2));
        assert_eq!(complaints.next(now + 2 * PAUSE), Some(0));
    }
}
