//! Programs of other people.

// `cfg(test)` tells Clippy that the helpers of tests are tests, too.
#[cfg(test)]
mod jose;
