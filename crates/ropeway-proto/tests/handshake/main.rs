//! The opening handshake as its peer sees it: both roles, the heads, and the corpus of the fuzzer.

// `cfg(test)` tells Clippy that the helpers of tests are tests, too.
#[cfg(test)]
mod client;
#[cfg(test)]
mod fuzzed;
#[cfg(test)]
mod head;
#[cfg(test)]
mod origins;
#[cfg(test)]
mod server;
