//! The Ropeway server as a library: carriers and protocols into the hub, HTTP API, configuration.

pub mod config;
