//! RFC 6455 and RFC 7692 without I/O: frames, messages, close, deflate, handshake rules.

pub mod deflate;
pub mod handshake;

/// The side of the connection that this end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The end that sent the handshake; it masks what it sends.
    Client,
    /// The end that answered it.
    Server,
}
