//! WebSockets on tokio: a strict, small and fast client and server.
//!
//! [`WebSocket`] is one connection, whichever way it came about. The rules live in `ropeway-proto`; this crate moves the
//! bytes, with as few system calls, copies and buffers as it can.

#[cfg(feature = "client")]
pub mod client;
mod error;
mod scratch;
pub mod server;
mod transport;
mod websocket;

#[cfg(feature = "client")]
pub use client::connect;
pub use error::Error;
pub use ropeway_proto::{
    Cause, CloseCode, CloseFrame, Closed, Compress, Config, Deadline, Event, Heartbeat, Message, Outcome,
    Prepared, Side, Violation, deflate, handshake::Negotiated,
};
pub use websocket::{Outgoing, Reader, Received, Stream, Traffic, WebSocket, Writer};
