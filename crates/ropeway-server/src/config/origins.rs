//! Whose pages may connect, and under which names the server is reached.

use std::fmt::Display;
use std::str::FromStr;

use ropeway_ws::server::{HostPattern, Origins, PatternError};

use super::value::{Raw, Value, quoted};

/// The names under which a server is reached.
///
/// A page can give its own name a new address, that of a server in the reader's network, and is then of the same
/// origin as that server (DNS rebinding). What it cannot do is to change the `Host` that its browser sends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Hosts {
    /// Any, as where a proxy in front looks at them.
    #[default]
    Any,
    /// Only these; the ports do not matter.
    Listed(Vec<HostPattern>),
}

impl Hosts {
    /// Those of a server on one's own machine.
    pub(super) fn of_this_machine() -> Self {
        Self::Listed(
            ["localhost", "127.0.0.1", "[::1]"].iter().filter_map(|name| name.parse().ok()).collect(),
        )
    }

    /// Whether a request for `authority`, such as `example.com:8080`, is for this server.
    pub fn allow(&self, authority: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(names) => names.iter().any(|name| name.matches(authority)),
        }
    }
}

/// What is written for all.
const ALL: &str = "*";

impl Value for Origins {
    const ALLOWED: &'static str =
        "a list of origins such as [\"https://example.com\", \"https://*.example.com\"], or [\"*\"] for all";

    fn read(raw: Raw<'_>) -> Option<Self> {
        Some(match list(raw).ok()? {
            List::All => Self::Any,
            List::Items(items) if items.is_empty() => Self::Same,
            List::Items(items) => Self::Listed(items),
        })
    }

    fn write(&self) -> Option<String> {
        Some(match self {
            Self::Any => written(&[ALL]),
            Self::Listed(patterns) => written(patterns),
            _ => written::<&str>(&[]),
        })
    }

    fn fault(raw: Raw<'_>) -> Option<String> {
        list::<ropeway_ws::server::OriginPattern>(raw).err()
    }
}

impl Value for Hosts {
    const ALLOWED: &'static str =
        "a list of names without ports such as [\"example.com\", \"*.example.com\"], or [\"*\"] for all";

    fn read(raw: Raw<'_>) -> Option<Self> {
        Some(match list(raw).ok()? {
            List::All => Self::Any,
            List::Items(items) if items.is_empty() => return None,
            List::Items(items) => Self::Listed(items),
        })
    }

    fn write(&self) -> Option<String> {
        Some(match self {
            Self::Any => written(&[ALL]),
            Self::Listed(names) => written(names),
        })
    }

    fn fault(raw: Raw<'_>) -> Option<String> {
        list::<HostPattern>(raw).err()
    }
}

enum List<T> {
    All,
    Items(Vec<T>),
}

/// The error is empty where it is no list.
fn list<T: FromStr<Err = PatternError>>(raw: Raw<'_>) -> Result<List<T>, String> {
    let texts: Option<Vec<&str>> = raw.list().and_then(|items| items.into_iter().map(Raw::text).collect());
    let texts = texts.ok_or_else(|| "that is no list of texts".to_owned())?;
    if texts == [ALL] {
        return Ok(List::All);
    }
    let items = texts.into_iter().map(|text| text.parse().map_err(|error| format!("{text:?}: {error}")));
    items.collect::<Result<_, _>>().map(List::Items)
}

fn written<T: Display>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(|item| quoted(&item.to_string())).collect();
    format!("[{}]", items.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_read_back_as_they_are_written() {
        for (text, written) in [
            ("", "[]"),
            ("*", "[\"*\"]"),
            ("https://A.example:443, http://localhost:*", "[\"https://a.example\", \"http://localhost:*\"]"),
            ("null", "[\"null\"]"),
        ] {
            let origins = Origins::read(Raw::Text(text)).unwrap();
            assert_eq!(origins.write().as_deref(), Some(written), "{text}");
        }
        assert_eq!(Origins::read(Raw::Text("")), Some(Origins::Same));
    }

    #[test]
    fn a_refused_origin_says_why() {
        for (text, reason) in [
            (
                "https://a.example/",
                "\"https://a.example/\": an origin has no path, not even a slash at its end",
            ),
            ("https://a.example, *", "\"*\": an origin begins with a scheme"),
            ("https://*.com", "two labels"),
            ("wss://a.example", "no page has the scheme wss"),
        ] {
            assert_eq!(Origins::read(Raw::Text(text)), None, "{text}");
            assert!(Origins::fault(Raw::Text(text)).unwrap().contains(reason), "{text}");
        }
    }

    #[test]
    fn hosts_have_no_ports() {
        let hosts = Hosts::read(Raw::Text("example.com, *.example.com, [::1]")).unwrap();
        assert!(hosts.allow("EXAMPLE.com:8080") && hosts.allow("a.example.com") && hosts.allow("[::1]:1"));
        assert!(!hosts.allow("evil.example") && !hosts.allow(""));
        assert_eq!(Hosts::read(Raw::Text("*")), Some(Hosts::Any));
        for bad in ["", "example.com:80", "http://example.com", "*.com"] {
            assert_eq!(Hosts::read(Raw::Text(bad)), None, "{bad}");
        }
        assert_eq!(hosts.write().unwrap(), "[\"example.com\", \"*.example.com\", \"[::1]\"]");
    }
}
