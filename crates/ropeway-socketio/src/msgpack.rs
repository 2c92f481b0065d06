//! The parser of npm `socket.io-msgpack-parser` 3: one binary message is one packet.

use crate::decoder::Limits;
use crate::error::Error;
use crate::packet::Packet;

/// Reads a packet. Its payload becomes JSON text; binary data becomes attachments and their placeholders.
///
/// # Errors
/// The rule that it breaks.
pub fn decode(message: &[u8], limits: &Limits) -> Result<Packet<'static>, Error> {
    let _ = (message, limits);
    Err(Error::Msgpack)
}

/// Appends a packet. Attachments stand where their placeholders are.
///
/// # Errors
/// [`Error::Json`] and [`Error::Placeholder`] when the packet's text is not what it should be; `out` is then as it
/// was.
pub fn encode(packet: &Packet<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
    let _ = (packet, out);
    Err(Error::Json)
}
