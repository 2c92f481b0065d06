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

use std::time::Instant;

use http::Extensions;

use crate::lifetime::Phase;
use crate::peer::ClientAddress;
use crate::state::State;

mod arrivals;
mod crowd;
mod full;
mod memory;
mod pace;
mod population;
mod rate;
mod subnet;

pub(crate) use arrivals::{Arrivals, Visit};
pub(crate) use full::Full;
pub(crate) use memory::MemoryGuard;
pub(crate) use pace::{Pace, Verdict};
pub(crate) use population::{Place, Population, UserPlace};
pub(crate) use rate::Rates;

/// The door of all carriers: a place for a connection that a request asks for.
///
/// # Errors
/// The server ends, or the first limit that is reached. Nothing is counted then.
pub(crate) fn enter(state: &State, request: &Extensions) -> Result<Place, Full> {
    if state.drain.has_reached(Phase::Draining) {
        return Err(Full::Ending);
    }
    let client = ClientAddress::of(request);
    if state.memory.is_exceeded() {
        return Err(Full::Memory);
    }
    // Clients of a proxy share its connections, so they arrive with their requests.
    if let Some(address) = client.ip.filter(|_| client.is_forwarded) {
        state.arrivals.count(address, Instant::now())?;
    }
    state.population.enter(&client)
}

/// What is to be done several times a second.
pub(crate) fn tick(state: &State) {
    state.memory.look();
    state.arrivals.sweep(Instant::now());
}
