//! Values of the configuration: how each type is read from a file or from text, and how it is written.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use toml::de::DeValue;

/// A value before it has a type: from a TOML file, or the text of an environment variable or a flag.
#[derive(Clone, Copy)]
pub(super) enum Raw<'a> {
    Toml(&'a DeValue<'a>),
    Text(&'a str),
}

impl<'a> Raw<'a> {
    /// The text of a TOML string, or any text of the other layers.
    pub(super) fn text(self) -> Option<&'a str> {
        match self {
            Raw::Toml(DeValue::String(text)) => Some(text),
            Raw::Toml(_) => None,
            Raw::Text(text) => Some(text),
        }
    }

    /// The elements of a TOML array, or of text separated by commas.
    pub(super) fn list(self) -> Option<Vec<Raw<'a>>> {
        match self {
            Raw::Toml(DeValue::Array(items)) => {
                Some(items.iter().map(|item| Raw::Toml(item.get_ref())).collect())
            }
            Raw::Toml(_) => None,
            Raw::Text(text) => {
                Some(text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(Raw::Text).collect())
            }
        }
    }
}

/// Elements of a list that a message shows.
const SHOWN: usize = 16;

/// What a message shows of a refused value.
impl fmt::Display for Raw<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Raw::Text(text) | Raw::Toml(DeValue::String(std::borrow::Cow::Borrowed(text))) => {
                write!(f, "{text:?}")
            }
            Raw::Toml(DeValue::String(text)) => write!(f, "{text:?}"),
            Raw::Toml(DeValue::Integer(number)) => f.write_str(number.as_str()),
            Raw::Toml(DeValue::Float(number)) => f.write_str(number.as_str()),
            Raw::Toml(DeValue::Boolean(flag)) => write!(f, "{flag}"),
            Raw::Toml(DeValue::Array(items)) => {
                let shown = items.iter().take(SHOWN).map(|item| Raw::Toml(item.get_ref()).to_string());
                let rest = if items.len() > SHOWN { ", ..." } else { "" };
                write!(f, "[{}{rest}]", shown.collect::<Vec<_>>().join(", "))
            }
            Raw::Toml(other) => write!(f, "a TOML {}", other.type_str()),
        }
    }
}

/// A type that a key can have.
pub(super) trait Value: Sized {
    /// What is allowed, as the end of "it must be ...".
    const ALLOWED: &'static str;
    /// What stands for an absent value in the commented file.
    const SAMPLE: &'static str = "\"\"";

    /// Nothing for a value that is not allowed.
    fn read(raw: Raw<'_>) -> Option<Self>;

    /// The value in TOML; nothing when the key has to be absent to say it.
    fn write(&self) -> Option<String>;

    /// What is wrong with a value that is not allowed, where that is not plain from [`ALLOWED`](Self::ALLOWED).
    fn fault(_raw: Raw<'_>) -> Option<String> {
        None
    }
}

/// How a key is read and written that takes other values than its type does elsewhere.
pub(super) struct Form<V> {
    /// The error is what is allowed.
    pub(super) read: fn(Raw<'_>) -> Result<V, &'static str>,
    /// The error is a sample, when the key has to be absent.
    pub(super) write: fn(&V) -> Result<String, &'static str>,
}

impl Value for bool {
    const ALLOWED: &'static str = "true or false";

    fn read(raw: Raw<'_>) -> Option<Self> {
        match raw {
            Raw::Toml(value) => value.as_bool(),
            Raw::Text(text) => text.parse().ok(),
        }
    }

    fn write(&self) -> Option<String> {
        Some(self.to_string())
    }
}

/// A count. Zero is not one: no limit of this configuration makes sense with it.
impl Value for usize {
    const ALLOWED: &'static str = "a whole number above 0, without a unit";

    fn read(raw: Raw<'_>) -> Option<Self> {
        let number: Self = match raw {
            Raw::Toml(DeValue::Integer(number)) if number.radix() == 10 => number.as_str().parse().ok()?,
            Raw::Toml(_) => return None,
            Raw::Text(text) => text.parse().ok()?,
        };
        (number > 0).then_some(number)
    }

    fn write(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl Value for SocketAddr {
    const ALLOWED: &'static str = "an IP address and a port, such as \"127.0.0.1:8080\" or \"[::1]:8080\"";

    fn read(raw: Raw<'_>) -> Option<Self> {
        raw.text()?.parse().ok()
    }

    fn write(&self) -> Option<String> {
        Some(quoted(&self.to_string()))
    }
}

impl Value for Duration {
    const ALLOWED: &'static str =
        "a time with a unit (ms, s, m, h, d), such as \"500ms\" or \"25s\", above 0";

    fn read(raw: Raw<'_>) -> Option<Self> {
        any_duration(raw).filter(|time| !time.is_zero())
    }

    fn write(&self) -> Option<String> {
        let millis = u64::try_from(self.as_millis()).unwrap_or(u64::MAX);
        Some(quoted(&shortest(millis, DURATION_UNITS)))
    }
}

/// A time with a unit, as in a configuration file.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    Duration::read(Raw::Text(text))
}

/// A time, which may be zero.
pub(super) fn any_duration(raw: Raw<'_>) -> Option<Duration> {
    with_unit(raw.text()?, DURATION_UNITS).map(Duration::from_millis)
}

/// Milliseconds of each unit, the smallest first.
const DURATION_UNITS: &[(&str, u64)] =
    &[("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// A number of bytes, above 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(usize);

impl ByteSize {
    /// `bytes` bytes.
    pub const fn new(bytes: usize) -> Self {
        Self(bytes)
    }

    /// `count` times 1,048,576 bytes.
    pub const fn mib(count: usize) -> Self {
        Self(count << 20)
    }

    /// The number of bytes.
    pub const fn bytes(self) -> usize {
        self.0
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shortest(self.0 as u64, SIZE_UNITS))
    }
}

/// As in a configuration file, such as `64KiB`. The error says what is allowed.
impl FromStr for ByteSize {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::read(Raw::Text(text)).ok_or(Self::ALLOWED)
    }
}

impl Value for ByteSize {
    const ALLOWED: &'static str =
        "a size with a unit (B, KiB, MiB, GiB), such as \"64KiB\" or \"1MiB\", above 0";

    fn read(raw: Raw<'_>) -> Option<Self> {
        let bytes = usize::try_from(with_unit(raw.text()?, SIZE_UNITS)?).ok()?;
        (bytes > 0).then_some(Self(bytes))
    }

    fn write(&self) -> Option<String> {
        Some(quoted(&self.to_string()))
    }
}

/// A size that follows from another key where it is absent.
impl Value for Option<ByteSize> {
    const ALLOWED: &'static str = ByteSize::ALLOWED;
    const SAMPLE: &'static str = "\"4MiB\"";

    fn read(raw: Raw<'_>) -> Option<Self> {
        ByteSize::read(raw).map(Some)
    }

    fn write(&self) -> Option<String> {
        self.as_ref().and_then(ByteSize::write)
    }
}

/// Bytes of each unit, the smallest first.
const SIZE_UNITS: &[(&str, u64)] = &[("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

/// `12s`, `12 s`: digits, then one of the units.
fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

/// The number in the largest unit that divides it.
fn shortest(number: u64, units: &[(&str, u64)]) -> String {
    if number == 0 {
        return units
            .iter()
            .find(|(name, _)| *name != "ms")
            .map_or_else(String::new, |(name, _)| format!("0{name}"));
    }
    let largest = units.iter().rev().find(|(_, factor)| number.is_multiple_of(*factor));
    largest.map_or_else(String::new, |(name, factor)| format!("{}{name}", number / factor))
}

/// A key that may be guessed is no key, so short ones are refused.
const MIN_KEY: usize = 16;

/// A secret that may be absent.
impl Value for Option<String> {
    const ALLOWED: &'static str = "a text of at least 16 printable ASCII characters without spaces";

    fn read(raw: Raw<'_>) -> Option<Self> {
        let text = raw.text()?;
        (text.len() >= MIN_KEY && text.bytes().all(|byte| byte.is_ascii_graphic()))
            .then(|| Some(text.to_owned()))
    }

    fn write(&self) -> Option<String> {
        self.as_deref().map(quoted)
    }
}

/// An enumeration with one word for each value.
pub trait Choice: Copy + PartialEq + Sized + 'static {
    /// Word and value.
    const CHOICES: &'static [(&'static str, Self)];
    /// The words, as the end of "it must be ...".
    const ALLOWED: &'static str;

    /// The word for the value.
    fn word(self) -> &'static str {
        Self::CHOICES.iter().find(|(_, value)| *value == self).map_or("", |(word, _)| word)
    }
}

impl<T: Choice> Value for T {
    const ALLOWED: &'static str = <T as Choice>::ALLOWED;

    fn read(raw: Raw<'_>) -> Option<Self> {
        let text = raw.text()?;
        T::CHOICES.iter().find(|(word, _)| *word == text).map(|(_, value)| *value)
    }

    fn write(&self) -> Option<String> {
        Some(quoted(self.word()))
    }
}

/// A list without repetitions.
pub(super) fn unlike<T: Value + PartialEq>(raw: Raw<'_>) -> Option<Vec<T>> {
    let list: Vec<T> = raw.list()?.into_iter().map(T::read).collect::<Option<_>>()?;
    let unlike = list.iter().enumerate().all(|(at, item)| !list[..at].contains(item));
    unlike.then_some(list)
}

/// A TOML array.
pub(super) fn written<T: Value>(list: &[T]) -> Option<String> {
    let items: Option<Vec<String>> = list.iter().map(T::write).collect();
    Some(format!("[{}]", items?.join(", ")))
}

/// A TOML basic string.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: Value>(text: &str) -> Option<T> {
        T::read(Raw::Text(text))
    }

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(read("25s"), Some(Duration::from_secs(25)));
        assert_eq!(read("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(read("2 h"), Some(Duration::from_secs(7200)));
        for bad in
            ["25", "s", "-1s", "1.5s", "0s", "25 sec", "", "99999999999999999999s", "18446744073709551615d"]
        {
            assert_eq!(read::<Duration>(bad), None, "{bad}");
        }
    }

    #[test]
    fn sizes_need_a_unit() {
        assert_eq!(read("1MiB"), Some(ByteSize::mib(1)));
        assert_eq!(read("300B"), Some(ByteSize::new(300)));
        for bad in ["1", "1MB", "0B", "1kib", "1 TiB"] {
            assert_eq!(read::<ByteSize>(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        for text in ["1MiB", "1025B", "3KiB"] {
            assert_eq!(read::<ByteSize>(text).map(|size| size.to_string()), Some(text.to_owned()));
        }
        for text in ["1500ms", "90s", "2m", "1d"] {
            assert_eq!(read::<Duration>(text).and_then(|time| time.write()), Some(format!("\"{text}\"")));
        }
    }
}
