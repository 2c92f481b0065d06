//! How a server comes to its end.
//!
//! ```text
//!  serving ─► leaving ─────► draining ──────────────► dropping ──────► ended
//!             not ready,     nothing is accepted,     sessions are     requests
//!             still          sessions are closed      dropped, last    are dropped
//!             accepting      one by one (queue)       requests end
//! ```

mod drain;
mod ending;
mod phase;
mod progress;
mod queue;
mod watch;

pub(crate) use drain::Drain;
pub(crate) use ending::{leave, run};
pub(crate) use phase::Phase;
pub(crate) use progress::Progress;
pub(crate) use watch::{Turn, Watch};
