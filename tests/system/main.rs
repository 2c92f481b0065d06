//! The binary as a whole, from the outside: signals, foreign peers, the HTTP API.
//!
//! Tests that need programs which Cargo does not bring are ignored unless `cargo xtask test` runs them, which
//! installs those programs.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper may stop at the first surprise, as the tests that call it may"
)]

mod bench;
mod client;
mod connect;
mod http;
mod lifecycle;
#[path = "../shared/log.rs"]
mod log;
mod peers;
mod readme;
mod rooms;
mod secrets;
mod server;
mod sessions;
mod tls;
mod token;
