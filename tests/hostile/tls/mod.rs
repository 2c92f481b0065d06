//! Attacks on a server that speaks TLS.

mod handshakes;
pub(crate) mod tunnel;
