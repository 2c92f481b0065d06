//! The connection as its peer sees it: conformance row by row, properties, foreign peers and the corpus of the fuzzers.

// `cfg(test)` tells Clippy that the helpers of tests are tests, too.
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod foreign;
#[cfg(test)]
mod fuzzed;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod support;
