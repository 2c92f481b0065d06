//! What applications say about those who come: tickets, sessions behind cookies, the connect webhook.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper may stop at the first surprise, as the tests that call it may"
)]

#[path = "../server/client.rs"]
#[allow(dead_code, reason = "the tests of the server use more of it")]
mod client;
#[path = "../auth/guarded.rs"]
mod guarded;
#[path = "../../../../tests/shared/log.rs"]
#[allow(dead_code, reason = "the tests of the binary use more of it")]
mod log;
#[path = "../socketio/peer.rs"]
#[allow(dead_code, reason = "the tests of Socket.IO use more of it")]
mod peer;
#[path = "../engine/raw.rs"]
#[allow(dead_code, reason = "the tests of Engine.IO use more of it")]
mod raw;
#[path = "../server/running.rs"]
#[allow(dead_code, reason = "the tests of the server use more of it")]
mod running;

mod application;
mod sessions;
mod set_up;
mod signature;
mod tickets;
mod webhook;
