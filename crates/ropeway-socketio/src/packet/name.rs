//! Names of events.

use crate::error::Error;

/// Names that mean something to the clients or to the server themselves (Socket.IO protocol, Sending data).
const RESERVED: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// Refuses a name that no application may send.
pub(crate) fn check(name: &str) -> Result<(), Error> {
    if RESERVED.contains(&name) { Err(Error::ReservedName) } else { Ok(()) }
}
