//! Applications in Rust, over real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper may stop at the first surprise, as the tests that call it may"
)]

mod arguments;
mod assembly;
mod client;
mod compile;
mod events;
mod hooks;
mod lifetime;
mod middleware;
mod namespaces;
mod native;
mod operators;
mod order;
mod recovery;
mod running;
