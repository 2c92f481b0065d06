//! Socket.IO v5 (and v4 for clients of Engine.IO v3), as `docs/socketio.md` describes it to users.
//!
//! ```text
//! message -> Decoder or msgpack -> Session -> hub (rooms) or application (handlers)
//!                                   frames <- Encoder <- hub
//! ```
//!
//! A session knows messages of Engine.IO, not its transports: those are the carrier's. What goes down are ready
//! WebSocket frames; the polling carrier takes their headers off again.

mod access;
mod connect;
mod encoder;
mod entering;
mod events;
mod packet;
mod renewal;
mod session;
mod shared;
mod spaces;
mod terms;
#[cfg(test)]
mod tests;

pub(crate) use access::Access;
pub(crate) use session::Session;
pub(crate) use shared::Protocol;
