//! Carriers: what moves the messages of a protocol between a peer and a session.

mod attend;
mod echo;
mod endpoint;
pub(crate) mod engine;
mod timer;
mod websocket;

pub(crate) use endpoint::{Endpoint, Endpoints, Upgrading, Visitor};
