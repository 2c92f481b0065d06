//! The port: from a TCP connection that arrives to the requests that it brings.
//!
//! ```text
//!  accept ─► connection: may it come? ─► PROXY header ─► TLS ─► HTTP ─► router
//! ```

mod accept;
mod connection;
mod deadline;
mod opening;
mod server;

pub(crate) use accept::listen;
pub(crate) use server::tick_while_used;
pub use server::{Handle, Server};

#[cfg(test)]
mod tests;
