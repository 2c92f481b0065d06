//! What the peer servers share, so that each of them is only its library's own API:
//! the flags, the single-threaded accept loop, and the two jobs for libraries that offer a
//! `Stream` and a `Sink`.
//!
//! All that one readable event yields is answered with one flush; a library that can only
//! write per message does so in its own binary.

mod args;
mod broadcast;
mod echo;
mod handshake;
mod serve;

pub use args::{Args, Deflate, Mode};
pub use broadcast::{Hub, broadcast};
pub use echo::{Kind, echo, echo_collected};
pub use handshake::upgrade;
pub use serve::serve;
