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
//! | `connections/slow_handshakes` | 10,000 connections that say nothing, or half a head | others get in meanwhile |
//! | `connections/slow_heads` | heads byte by byte | they are given up in the time of a head |
//! | `connections/slow_bodies` | bodies that do not come, of API calls and of polling | 408; the end of the session |
//! | `connections/reconnects` | 2,000 clients that come and go at once | |
//! | `connections/crowds` | connections and arrivals of one address without end, a full server | 429, 503, dropped unseen |
//! | `connections/memory` | a crowd that takes the memory | 503 `overloaded`; others come in when some have left |
//! | `connections/disguises` | forged headers of proxies | the address stays what it is |
//! | `connections/half_closed`, `resets` | FIN and RST at every stage | |
//! | `http_requests/heads` | huge headers, many headers, huge targets | refused with 4xx or the end |
//! | `http_requests/smuggling` | requests with two ends | no second request is seen |
//! | `http_requests/pipelines` | requests without end, answers unread | who does not read is not read from |
//! | `http_requests/garbage` | random bytes on the port, in heads, and to every endpoint | 400, or the status that the endpoint has for it |
//! | `frames/controls` | floods of pings and pongs, also inside of messages | pings are not answered one by one |
//! | `frames/fragments` | 131,072 pieces of a byte or nothing, messages without end | 1008 or 1009 |
//! | `frames/bombs` | 64 MiB in 64 KB, also bit by bit; gzip to the API | 1009; nothing is inflated |
//! | `frames/headers`, `lengths` | every first byte, lengths that lie | announced lengths take nothing |
//! | `frames/garbage` | random frames and messages | 1002, 1003, 1007, or the answer that the protocol has for it |
//! | `credentials/tokens` | forged, changed and expired tokens, in the URL, in floods of messages | 401, 4001 |
//! | `credentials/connects` | Socket.IO: wrong tokens without end, in one namespace and in many | 20 CONNECT_ERRORs, then 1008 |
//! | `credentials/idlers` | clients that never say who they are | 4001 |
//! | `credentials/tickets` | tickets shown again, and at the same time | each lets one in |
//! | `tls/handshakes` | handshakes without end, unfinished, of garbage | dropped in the time of a handshake |
//! | `rooms/slow_readers` | 100 members who do not read | 4002 |
//! | `rooms/rates` | more messages and bytes than a connection may bring | they are delayed, or 4008 |
//! | `rooms/joins` | rooms without end, rooms with hostile names | `too_many_rooms`, `invalid_room` |
//! | `rooms/publishing` | publishing without end; requests that are refused | answers are no amplifier |
//! | `rooms/json` | deep, doubled, broken JSON | the connection works or is closed |
//! | `socketio/sessions` | sessions that nobody polls, floods of POSTs and of GETs | sessions expire; each POST is answered; 4002 in its form for polling |
//! | `socketio/packets` | namespaces, attachments, acknowledgements, MessagePack without end | |
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise and says so"
)]

mod attack;
mod connections;
mod credentials;
mod frames;
mod http_requests;
mod members;
mod rooms;
mod socketio;
mod subject;
mod tls;
mod wire;

#[path = "../socketio-conformance/http.rs"]
#[allow(dead_code, reason = "the conformance suite uses all of it")]
mod http;
#[path = "../shared/log.rs"]
mod log;
#[path = "../socketio-conformance/websocket.rs"]
#[allow(dead_code, reason = "the conformance suite uses all of it")]
mod websocket;
