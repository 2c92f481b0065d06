//! Engine.IO by raw HTTP and raw WebSocket messages, with a Socket.IO namespace behind it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper may stop at the first surprise, as the tests that call it may"
)]

mod bundles;
mod cors;
mod deflate;
mod handshake;
mod lifetime;
mod limits;
mod polling;
mod rates;
mod raw;
#[path = "../server/running.rs"]
#[allow(dead_code, reason = "shared with the tests of the whole server")]
mod running;
mod session;
mod upgrade;
mod websocket;
