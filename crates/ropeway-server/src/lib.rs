//! The Ropeway server as a library: carriers and protocols into the hub, HTTP API, configuration.
//!
//! ```text
//!  TCP ─► listen ─► http ─┬─ pages, API, health ───────────────────────────► hub
//!                         └─ WebSocket, long polling ─► carrier ─► protocol ─► hub ─► app
//! ```
//!
//! A carrier moves messages, a protocol (the native one or Socket.IO) gives them meaning, the hub knows rooms, an application handles what clients
//! emit; each can be read without the others.
//!
//! ```no_run
//! use ropeway_server::{Server, config::Config};
//!
//! # async fn example() -> std::io::Result<()> {
//! let server = Server::bind(Config::development()).await?;
//! println!("listening on {}", server.local_addr());
//! server.run(async { /* until this ends */ }).await;
//! # Ok(())
//! # }
//! ```
//!
//! The public interface is [`Server`] with its [`Builder`] and [`Handle`], [`app`], [`auth`], [`Handshake`] and [`config`].

pub mod app;
pub mod auth;
mod builder;
mod carrier;
mod clock;
mod complaints;
pub mod config;
mod handshake;
mod http;
mod lifetime;
mod limits;
mod listen;
mod occupancy;
mod outbound;
mod peer;
mod policy;
mod protocol;
mod random;
mod redact;
mod secret;
mod state;
mod tls;

pub use builder::Builder;
pub use handshake::Handshake;
pub use listen::{Handle, Server};
pub use random::random_key;
pub use tls::{Fault as TlsFault, TlsError};

/// The snippets of the documentation are tested.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/authentication.md")]
mod authentication {}

/// The snippets of the README are tested.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
mod readme {}
