//! Text that nobody may read in a log.

use std::fmt;

use subtle::ConstantTimeEq;

/// A token, a ticket, the value of a cookie, a key. `Debug` prints `(hidden)`, `Display` does not exist, and two of them
/// are compared in a time that depends on their lengths alone.
#[derive(Clone)]
pub struct Secret(Box<str>);

impl Secret {
    /// Keeps `text` from being printed by mistake.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The text itself, to be handed to what verifies it and to nothing else.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether it is `other`, in a time that depends on the lengths alone.
    pub fn matches(&self, other: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(other).into()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.matches(other.0.as_bytes())
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_not_shown() {
        assert_eq!(format!("{:?}", Some(Secret::new("abc"))), "Some((hidden))");
    }

    #[test]
    fn it_is_compared_as_a_whole() {
        let secret = Secret::new("abc");
        assert!(secret.matches(b"abc") && secret == Secret::new("abc"));
        assert!(!secret.matches(b"abd") && !secret.matches(b"ab") && !secret.matches(b""));
    }
}
