//! What one peer, one user and all together may use of the server.
//!
//! ```text
//!  TCP ─► Arrivals ─► HTTP ─► Population ─► messages
//!         a second,           in all, per    Pace: messages and bytes
//!         in HTTP             address,       a second
//!                             subnet, user
//! ```
//!
//! Whoever is exempt by `limits.exempt` is not counted per address and subnet, but everywhere else.

mod arrivals;
mod crowd;
mod full;
mod headcount;
mod memory;
mod pace;
mod population;
mod rate;
mod subnet;

pub(crate) use arrivals::{Arrivals, Visit};
pub(crate) use full::Full;
pub(crate) use headcount::Headcount;
pub(crate) use memory::MemoryGuard;
pub(crate) use pace::{Pace, Verdict};
pub(crate) use population::{Place, Population, UserPlace};
pub(crate) use rate::Rates;
