//! Protocols: sans-I/O sessions that turn messages into commands for the hub, and encoders that turn what the hub
//! sends into frames. They know nothing of sockets; a carrier drives them.

mod json;
mod messages;
pub(crate) mod native;
