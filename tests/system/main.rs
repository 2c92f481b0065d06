//! The binary as a whole, from the outside: signals, foreign peers, the HTTP API.
//!
//! Tests that need programs which Cargo does not bring are ignored unless `cargo xtask test` runs them, which
//! installs those programs.

mod client;
mod http;
mod lifecycle;
mod peers;
mod rooms;
mod server;
