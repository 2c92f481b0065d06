//! Packets and payloads, as the reference writes and reads them.
//!
//! Literals of text and bytes were written by the npm packages socket.io-parser 4.2.7, socket.io-msgpack-parser 3.0.2,
//! engine.io-parser 5.2.3 (version 4 of the protocol) and engine.io-parser 2.2.1 (version 3).

// `cfg(test)` tells Clippy that the helpers of tests are tests, too.
#[cfg(test)]
mod attachments;
#[cfg(test)]
mod engine;
#[cfg(test)]
mod fuzzed;
#[cfg(test)]
mod msgpack;
#[cfg(test)]
mod packets;
#[cfg(test)]
mod payloads;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod support;
