//! WebSockets on tokio: a strict, small and fast client and server.
//!
//! [`WebSocket`] is one connection, whichever way it came about. The rules live in `ropeway-proto`; this crate moves the
//! bytes, with as few system calls, copies and buffers as it can.

mod error;
mod scratch;
mod transport;
mod websocket;

pub use error::Error;
pub use ropeway_proto::{
    Cause, CloseCode, CloseFrame, Closed, Compress, Config, Deadline, Event, Heartbeat, Message, Outcome,
    Prepared, Side, Violation, deflate,
};
pub use websocket::{Outgoing, Reader, Received, Stream, WebSocket, Writer};

/// tmp
#[derive(Clone, Debug, Default)]
pub struct Negotiated {
    /// tmp
    pub subprotocol: Option<String>,
    /// tmp
    pub deflate: Option<deflate::Params>,
}
