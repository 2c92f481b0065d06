//! Who may connect to the whole server, over real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper may stop at the first surprise, as the tests that call it may"
)]

#[path = "../server/client.rs"]
#[allow(dead_code, reason = "the tests of the server use more of it")]
mod client;
#[path = "../server/running.rs"]
#[allow(dead_code, reason = "the tests of the server use more of it")]
mod running;

#[path = "../socketio/peer.rs"]
#[allow(dead_code, reason = "the tests of Socket.IO use more of it")]
mod peer;

mod application;
mod guarded;
mod handshake;
mod hook;
mod limits;
mod message;
mod renewal;
mod rooms;
mod socketio;
