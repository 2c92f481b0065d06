//! Names and keys that nobody has had before.

use rand::distr::{Alphanumeric, SampleString};

/// A name for this server process.
pub(crate) fn node_name() -> String {
    random_name(8)
}

/// A name for a session: 95 random bits, unique in a cluster of any size.
pub(crate) fn session_name() -> String {
    random_name(16)
}

/// A key for the API that nobody can guess (190 random bits).
pub fn random_key() -> String {
    random_name(32)
}

fn random_name(length: usize) -> String {
    Alphanumeric.sample_string(&mut rand::rng(), length)
}
