//! The time of a run.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// A moment: nanoseconds of the machine's monotonic clock, which all processes of a run share.
pub(crate) type Nanos = u64;

/// Now.
pub(crate) fn now() -> Nanos {
    read(ClockId::Monotonic)
}

/// The processor time that the calling thread has used.
pub(crate) fn thread_cpu() -> Nanos {
    read(ClockId::ThreadCPUTime)
}

/// A duration as a difference of moments.
pub(crate) fn nanos(duration: Duration) -> Nanos {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn read(clock: ClockId) -> Nanos {
    let time = clock_gettime(clock);
    // Neither is negative on any system.
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
