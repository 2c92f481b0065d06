//! What a run measures, and how it is kept: in memory that does not grow with the run.

mod clock;
mod histogram;
mod tally;

pub(crate) use clock::{Nanos, nanos, now, thread_cpu};
pub(crate) use histogram::Histogram;
pub(crate) use tally::{Messages, Tally};
