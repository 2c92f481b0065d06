//! Engine.IO: sessions over HTTP long polling, over WebSocket, and from the one to the other.
//!
//! ```text
//!                     endpoint: verify ── refused ─► refusal
//!                        │
//!    no sid ┌────────────┼───────────────┐ sid
//!           ▼            │               ▼
//!         open           │           registry ── Polling ─► Desk ◄──── GET, POST, WebSocket
//!           │            │                                   ▲  what requests bring, and the machine
//!           ├─ polling ──┼──► task: Polling ─────────────────┘
//!           │            │      │ `5` on the WebSocket beside it
//!           └─ websocket ┴──► task: EngineSocket
//! ```
//!
//! The rules are those of the machine in [`ropeway_socketio::engine::session`], where its states are drawn. Who holds the
//! machine speaks for the session: as long as it polls that is the [`Desk`](desk::Desk), which its requests share with its
//! task; on a WebSocket it is the task alone, and requests learn no more than that from the registry.
//!
//! A polling session is one task ([`polling`]): it wakes for requests, for frames of the protocol and for deadlines. A GET
//! and a POST wait in the HTTP server for its answer; their end without one is an error of the transport. At the upgrade
//! the protocol session, the machine and what waits to be sent move to a task that is as small as one that began on a
//! WebSocket. Frames come ready for WebSockets and lose their headers for polling ([`frames`]), so nothing is encoded
//! twice and an upgrade converts nothing.

mod answer;
mod body;
mod compression;
mod cors;
mod desk;
mod endpoint;
mod frames;
mod open;
mod polling;
mod posted;
mod refusal;
mod registry;
mod verify;
mod websocket;

pub(crate) use compression::Coding;
pub(crate) use cors::Cors;
pub(crate) use endpoint::serve;
pub(crate) use open::Engine;
