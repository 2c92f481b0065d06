//! Attacks on Engine.IO and Socket.IO.

mod packets;
mod sessions;
