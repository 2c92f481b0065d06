//! The rules of the opening handshake, both roles (RFC 6455 section 4, RFC 8441).

pub mod grammar;
