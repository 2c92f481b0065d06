//! Pauses between attempts: exponential with full jitter, so that a service that comes back is not met by all at once.

use std::time::Duration;

use rand::Rng;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

/// The pause after attempt `attempt`, counted from 0.
pub(crate) fn pause(attempt: u32) -> Duration {
    rand::rng().random_range(Duration::ZERO..=most(attempt))
}

fn most(attempt: u32) -> Duration {
    FIRST.saturating_mul(1 << attempt.min(16)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound() {
        assert_eq!([0, 1, 3, 6, 99].map(|attempt| most(attempt).as_millis()), [100, 200, 800, 5000, 5000]);
        assert!(pause(99) <= LONGEST);
    }
}
