//! `ropeway serve` under attack by a small hostile client of our own: raw TCP, requests and frames by hand.
//!
//! Each attack has a server to itself, with four members of a room on it who mean well. Whatever is attacked: the server
//! lives and answers `/healthz` all the time, the members lose nothing, what it holds in memory stays below a stated
//! figure, all connections and descriptors are gone afterwards, and the log has not grown without bound
//! ([`attack::Attack`]). How long the members waited is printed and not judged.
//!
//! ```text
//! cargo test -p ropeway --test hostile                    # all; `cargo xtask test` has it as the step `hostile`
//! cargo test -p ropeway --test hostile -- fragments       # those with this word in their name
//! ```
//!
//! | attack | what is done | what is demanded besides |
//! | --- | --- | --- |
//! | [`connections::slow_handshakes`] | 10,000 connections that say nothing or half a head | others get in meanwhile |
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise and says so"
)]

mod attack;
mod connections;
mod frames;
mod http_requests;
mod members;
mod rooms;
mod socketio;
mod subject;
mod wire;

#[path = "../socketio-conformance/http.rs"]
#[allow(dead_code, reason = "the conformance suite uses all of it")]
mod http;
#[path = "../shared/log.rs"]
mod log;
#[path = "../socketio-conformance/websocket.rs"]
#[allow(dead_code, reason = "the conformance suite uses all of it")]
mod websocket;
