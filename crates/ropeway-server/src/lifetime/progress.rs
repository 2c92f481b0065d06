//! How far the end of the server has come.

use std::sync::atomic::Ordering;

use serde::Serialize;
use tokio::time::Instant;
use tracing::info;

use super::phase::Phase;
use crate::state::State;

/// What the log and `/api/drain` tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Progress {
    phase: &'static str,
    /// Those that are open; at the end those that had to be dropped.
    connections: usize,
    /// Those that were asked to close.
    closed: usize,
    /// Milliseconds until what is still open is dropped. Absent while nothing ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining_ms: Option<u64>,
}

impl Progress {
    pub(crate) fn of(state: &State) -> Self {
        let drain = &state.drain;
        let phase = drain.phase();
        let connections = match phase {
            Phase::Dropping | Phase::Ended => drain.dropped.load(Ordering::Acquire),
            _ => state.population.count(),
        };
        // Before the look at the clock: no pace is seen that was not held.
        let closed = drain.queue.called();
        let remaining =
            drain.deadline(state.config.shutdown.timeout).map(|deadline| deadline - Instant::now());
        let remaining_ms = remaining.map(|left| u64::try_from(left.as_millis()).unwrap_or(u64::MAX));
        Self { phase: phase.name(), connections, closed, remaining_ms }
    }

    pub(super) fn log(self) {
        let Self { phase, connections, closed, remaining_ms } = self;
        info!(phase, connections, closed, remaining_ms, "shutting down");
    }
}
