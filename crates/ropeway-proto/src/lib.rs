//! WebSockets without I/O: RFC 6455 and RFC 7692 as a state machine that turns bytes into events and messages into bytes.
//!
//! ```text
//!            handshake::server / handshake::client          rules over `http` types
//!                          │ agreed: subprotocol, deflate
//!                          ▼
//!   bytes ──► Connection::receive ──► Event                 borrowed from the bytes when whole
//!                          │ pongs, close frames
//!                          ▼
//!   Message ─► Connection::send ──► Output ──► bytes        one vectored write for all that is queued
//! ```
//!
//! The core knows no socket, no clock and no runtime: bytes, times and randomness are arguments. `ropeway-ws` drives it
//! on tokio.
//!
//! ```
//! use std::sync::Arc;
//! use ropeway_proto::{Config, Connection, Event, Output};
//!
//! let mut connection = Connection::server(Arc::new(Config::default()), None);
//! let mut out = Output::default();
//!
//! // "Hello" from a client, masked (RFC 6455 section 5.7).
//! let mut bytes = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
//! let mut input = &mut bytes[..];
//! while let Some(event) = connection.receive(&mut input, &mut out)? {
//!     if let Event::Message(message) = event {
//!         connection.send(message, &mut out)?;
//!     }
//! }
//! assert_eq!(out.take(), b"\x81\x05Hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Nothing that a peer sends can panic, and no memory is taken for a length that a peer declares: see [`Config`] for the
//! limits and [`Violation`] for the rules.

mod buffers;
mod close;
mod config;
mod connection;
pub mod deflate;
mod error;
pub mod frame;
pub mod handshake;
pub mod mask;
mod message;
mod output;
mod prepared;
mod timers;
mod utf8;

pub use close::{Cause, CloseCode, CloseFrame, Deadline, Outcome, Side};
pub use config::{Config, Heartbeat};
pub use connection::{Compress, Connection};
pub use error::{Closed, Violation};
pub use message::{Event, Message};
pub use output::Output;
pub use prepared::Prepared;
pub use utf8::InvalidUtf8;

/// The side of the connection that this end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The end that sent the handshake; it masks what it sends.
    Client,
    /// The end that answered it.
    Server,
}
