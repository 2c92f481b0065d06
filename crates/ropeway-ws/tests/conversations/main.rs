//! Conversations over TCP: with foreign peers, compressed in every way, and with peers that do not read.
#![cfg(feature = "client")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may stop at the first surprise")]

mod deflate;
mod foreign;
mod pressure;
#[path = "../support/mod.rs"]
mod support;
