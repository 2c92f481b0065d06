//! Socket.IO over raw WebSockets, beside the native protocol and the HTTP API.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper may stop at the first surprise, as the tests that call it may"
)]

mod application;
#[path = "../server/client.rs"]
#[allow(dead_code, reason = "shared with the tests of the whole server")]
mod client;
mod connection;
mod peer;
mod recovery;
mod rooms;
#[path = "../server/running.rs"]
#[allow(dead_code, reason = "shared with the tests of the whole server")]
mod running;
