//! Origins of pages, with stars.

use std::fmt;
use std::str::FromStr;

use super::super::super::authority::Authority;
use super::{HostPattern, PatternError, default_port};

/// Origins of pages (RFC 6454):
///
/// | written | stands for |
/// | --- | --- |
/// | `https://example.com` | this origin; `https://example.com:443` is the same |
/// | `https://*.example.com` | every name with one or more labels before `.example.com`, not `example.com` itself |
/// | `http://localhost:*` | any port, also none |
/// | `null` | pages without an origin: files, `data:` addresses and sandboxed frames, whoever has made them |
///
/// The scheme is always exact; the case of scheme and host does not matter. Apps that show pages may have a scheme
/// of their own (`capacitor://localhost`). Display gives the text in lower case and without a port that is the
/// scheme's own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OriginPattern(Kind);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Null,
    /// The scheme is in lower case.
    Page {
        scheme: Box<str>,
        host: HostPattern,
        port: Port,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Port {
    /// The scheme's own.
    Default,
    Number(u16),
    Any,
}

impl OriginPattern {
    /// Whether the value of an `Origin` header is such an origin.
    pub fn matches(&self, origin: &str) -> bool {
        let Kind::Page { scheme, host, port } = &self.0 else { return origin == "null" };
        let Some((own_scheme, authority)) = origin.split_once("://") else { return false };
        let Ok(authority) = Authority::parse(authority) else { return false };
        let fits = *port == Port::Any || *port == Port::of(scheme, authority.port);
        fits && scheme.eq_ignore_ascii_case(own_scheme) && host.matches_host(authority.host)
    }
}

impl Port {
    fn of(scheme: &str, port: Option<u16>) -> Self {
        match port {
            Some(number) if default_port(scheme) != Some(number) => Self::Number(number),
            _ => Self::Default,
        }
    }
}

impl FromStr for OriginPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        if text == "null" {
            return Ok(Self(Kind::Null));
        }
        let (scheme, authority) = text.split_once("://").ok_or(PatternError::NoScheme)?;
        let scheme = parse_scheme(scheme)?;
        if authority.contains(['/', '?', '#', '\\']) {
            return Err(PatternError::Path);
        }
        if authority.contains('@') {
            return Err(PatternError::User);
        }
        let (host, port) = match split_port(authority) {
            (host, Some("*")) => (host, Port::Any),
            (host, Some(number)) => (host, Port::of(&scheme, Some(parse_port(number)?))),
            (host, None) => (host, Port::Default),
        };
        Ok(Self(Kind::Page { scheme, host: host.parse()?, port }))
    }
}

impl fmt::Display for OriginPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Null => f.write_str("null"),
            Kind::Page { scheme, host, port } => match port {
                Port::Default => write!(f, "{scheme}://{host}"),
                Port::Number(number) => write!(f, "{scheme}://{host}:{number}"),
                Port::Any => write!(f, "{scheme}://{host}:*"),
            },
        }
    }
}

/// Pages of files have the origin `null`; the others are those of connections.
const NOT_OF_PAGES: [&str; 6] = ["ws", "wss", "ftp", "file", "data", "blob"];

/// RFC 3986 section 3.1.
fn parse_scheme(text: &str) -> Result<Box<str>, PatternError> {
    let scheme = text.to_ascii_lowercase();
    let begins = scheme.starts_with(|c: char| c.is_ascii_lowercase());
    if !begins || !scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) {
        return Err(PatternError::NoScheme);
    }
    if NOT_OF_PAGES.contains(&&*scheme) {
        return Err(PatternError::Scheme(scheme));
    }
    Ok(scheme.into())
}

/// Colons within the brackets of an address are part of the host.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

fn parse_port(text: &str) -> Result<u16, PatternError> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| is_number && *port > 0).ok_or(PatternError::Port)
}
