//! Engine.IO v4 and Socket.IO v5 without I/O: packets, polling payloads, attachments and the msgpack parser.

mod decoder;
pub mod engine;
mod error;
mod json;
pub mod msgpack;
mod packet;

pub use decoder::{Decoder, Limits};
pub use error::Error;
pub use json::{Placeholder, Placeholders, placeholders};
pub use packet::{Body, Packet, encode};
