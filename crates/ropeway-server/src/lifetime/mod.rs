//! How a server comes to its end, and how many there are that end with it.
//!
//! ```text
//!  serving ─► leaving ─────► draining ──────────────► dropping ──────► ended
//!             not ready,     nothing is accepted,     sessions are     requests
//!             still          sessions are closed      dropped, last    are dropped
//!             accepting      one by one (queue)       requests end
//! ```

mod ending;
mod headcount;
mod phase;
mod progress;
mod queue;

pub(crate) use ending::{leave, run};
pub(crate) use headcount::{Counted, Headcount};
pub(crate) use phase::{Drain, Phase, Watch};
pub(crate) use progress::Progress;
pub(crate) use queue::Turn;
