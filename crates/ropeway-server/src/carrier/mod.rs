//! Carriers: what moves the messages of a protocol between a peer and a session.

mod framing;
mod websocket;

pub(crate) use framing::Framing;
pub(crate) use websocket::{Endpoint, Endpoints, upgrade};
