//! Room rules: what clients may do in the rooms whose name matches a pattern.

use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::value::{ByteSize, Choice, Raw, Value, quoted};

/// One `[[rooms]]`. What a rule does not open is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomRule {
    /// The rooms that the rule is for.
    pub pattern: Pattern,
    /// Who may become a member.
    pub join: Who,
    /// Which members may publish. The HTTP API may always.
    pub publish: Who,
    /// Whether members learn who else is there.
    pub presence: bool,
    /// Events kept, at most; nothing for a room without history and so without recovery.
    pub history_size: Option<usize>,
    /// Bytes of events kept, at most.
    pub history_bytes: ByteSize,
    /// Events that are older are forgotten.
    pub history_age: Duration,
}

impl Default for RoomRule {
    fn default() -> Self {
        Self {
            pattern: Pattern::default(),
            join: Who::Nobody,
            publish: Who::Nobody,
            presence: false,
            history_size: None,
            history_bytes: ByteSize::mib(1),
            history_age: Duration::from_secs(24 * 3600),
        }
    }
}

impl RoomRule {
    /// The rule of the development profile: everything in `demo:*` is open.
    pub fn demo() -> Self {
        Self {
            pattern: Pattern("demo:*".to_owned()),
            join: Who::Anyone,
            publish: Who::Anyone,
            presence: true,
            history_size: Some(1000),
            ..Self::default()
        }
    }
}

/// Who may do something in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// No client.
    Nobody,
    /// Clients whose credentials name the room.
    Granted,
    /// Clients that have proved a user name, unless their credentials leave the room out.
    Users,
    /// Every client whose credentials do not leave the room out.
    Anyone,
}

impl Choice for Who {
    const CHOICES: &'static [(&'static str, Self)] = &[
        ("nobody", Self::Nobody),
        ("granted", Self::Granted),
        ("users", Self::Users),
        ("anyone", Self::Anyone),
    ];
    const ALLOWED: &'static str = "\"nobody\", \"granted\", \"users\" or \"anyone\"";
}

/// A pattern for names of rooms: `*` stands for any characters, also none; everything else for itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// A pattern; nothing when it is empty or over 256 bytes.
    pub fn new(text: &str) -> Option<Self> {
        (1..=256).contains(&text.len()).then(|| Self(text.to_owned()))
    }

    /// Whether the whole name fits.
    pub fn matches(&self, name: &str) -> bool {
        let Some((prefix, rest)) = self.0.split_once('*') else { return name == self.0 };
        let Some(name) = name.strip_prefix(prefix) else { return false };
        let (middle, suffix) = rest.rsplit_once('*').unwrap_or(("", rest));
        let Some(name) = name.strip_suffix(suffix) else { return false };
        contains_in_order(name, middle.split('*'))
    }

    /// The text that it was made of.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(&text).ok_or_else(|| D::Error::custom("a pattern must be 1 to 256 bytes"))
    }
}

/// Taking the leftmost place for each piece leaves the most room for the next.
fn contains_in_order<'p>(mut name: &str, pieces: impl Iterator<Item = &'p str>) -> bool {
    for piece in pieces {
        let Some(at) = name.find(piece) else { return false };
        name = &name[at + piece.len()..];
    }
    true
}

impl Value for Pattern {
    const ALLOWED: &'static str =
        "1 to 256 bytes, in which `*` stands for any characters, such as \"demo:*\"";

    fn read(raw: Raw<'_>) -> Option<Self> {
        raw.text().and_then(Self::new)
    }

    fn write(&self) -> Option<String> {
        Some(quoted(&self.0))
    }
}

impl Value for Option<usize> {
    const ALLOWED: &'static str = usize::ALLOWED;

    fn read(raw: Raw<'_>) -> Option<Self> {
        usize::read(raw).map(Some)
    }

    fn write(&self) -> Option<String> {
        self.as_ref().and_then(usize::write)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, name: &str) -> bool {
        Pattern::new(pattern).unwrap().matches(name)
    }

    #[test]
    fn a_pattern_without_a_star_is_a_name() {
        assert!(matches("lobby", "lobby"));
        assert!(!matches("lobby", "lobby2") && !matches("lobby", "lobb"));
    }

    #[test]
    fn a_star_stands_for_any_characters() {
        assert!(matches("*", "") && matches("*", "x"));
        assert!(matches("demo:*", "demo:") && matches("demo:*", "demo:a:b") && !matches("demo:*", "demo"));
        assert!(
            matches("a*z", "az") && matches("a*z", "abz") && !matches("a*z", "a") && !matches("aa*a", "aa")
        );
        assert!(matches("a*b*c", "a-b-c") && matches("a*b*c", "abbc") && !matches("a*b*c", "ac"));
        assert!(matches("*x*x*", "xx") && !matches("*x*x*", "x"));
    }
}
