//! permessage-deflate as its peer sees it: the negotiation, the messages, and the corpus of the fuzzer.

// `cfg(test)` tells Clippy that the helpers of tests are tests, too.
#[cfg(test)]
mod fuzzed;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod negotiation;
