//! Tokens that are good, and every way to forge one.
//!
//! The keys in `tests/keys` are made for these tests and used nowhere else.

// `cfg(test)` tells Clippy that the helpers of tests are tests, too.
#[cfg(test)]
mod claims;
#[cfg(test)]
mod compact;
#[cfg(test)]
mod forgeries;
#[cfg(test)]
mod fuzzed;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod keysets;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod round_trips;
#[cfg(test)]
mod support;
#[cfg(test)]
mod vectors;
