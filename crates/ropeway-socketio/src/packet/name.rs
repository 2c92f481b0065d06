//! Names of events.

use crate::error::Error;

/// Names that mean something to the clients or to the server themselves (Socket.IO protocol, Sending data).
const RESERVED: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// Whether no event can have this name: both sides take such a packet for none and close.
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// Refuses a name that no application may send.
pub(crate) fn check(name: &str) -> Result<(), Error> {
    if is_reserved(name) { Err(Error::ReservedName) } else { Ok(()) }
}
