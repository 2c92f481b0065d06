//! The whole server over real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper may stop at the first surprise, as the tests that call it may"
)]

mod client;
mod compression;
mod echo;
mod http;
mod limits;
mod network;
mod newcomers;
#[cfg(test)]
mod pages;
mod rates;
mod rooms;
mod running;
mod shutdown;
