//! The clock of all timers.

use std::time::Instant;

/// The time, which tests can hold.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
