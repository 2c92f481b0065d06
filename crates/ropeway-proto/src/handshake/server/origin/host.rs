//! Hosts by name, or all below a domain.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use super::super::super::authority::Authority;
use super::PatternError;

/// A host: a name such as `example.com`, an address such as `127.0.0.1` or `[::1]`, or `*.example.com`, which
/// stands for every name with one or more labels before `.example.com`, and not for `example.com` itself.
///
/// The case of letters does not matter. Behind a star there are at least two labels; whether strangers can register
/// names there all the same (`*.co.uk`) is not known here.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HostPattern(Kind);

/// Names are in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Kind {
    /// A name, or an IPv4 address, which has one spelling only.
    Name(Box<str>),
    Ipv6(Ipv6Addr),
    /// What follows the star, its dot included.
    Below(Box<str>),
}

impl HostPattern {
    /// Whether a request for `authority` (`example.com:8080`, as in `Host`) is for such a host, on whatever port.
    pub fn matches(&self, authority: &str) -> bool {
        Authority::parse(authority).is_ok_and(|authority| self.matches_host(authority.host))
    }

    /// `host` is one that [`Authority`] has let through.
    pub(super) fn matches_host(&self, host: &str) -> bool {
        match &self.0 {
            Kind::Name(name) => name.eq_ignore_ascii_case(host),
            Kind::Ipv6(address) => ipv6(host) == Some(*address),
            Kind::Below(domain) => {
                let start = host.len().checked_sub(domain.len());
                let split = start.and_then(|start| host.split_at_checked(start));
                split.is_some_and(|(front, rest)| rest.eq_ignore_ascii_case(domain) && has_labels(front))
            }
        }
    }
}

impl FromStr for HostPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let no_host = || PatternError::Host(text.to_owned());
        let (is_wild, name) = match text.strip_prefix("*.") {
            Some(domain) => (true, domain),
            None => (false, text),
        };
        if name.contains('*') {
            return Err(PatternError::Star);
        }
        let is_whole = Authority::parse(name).is_ok_and(|authority| authority.host == name);
        if !is_whole || !has_labels(name) {
            return Err(no_host());
        }
        let kind = match (ipv6(name), is_wild) {
            (Some(address), false) => Kind::Ipv6(address),
            (None, false) => Kind::Name(name.to_ascii_lowercase().into()),
            (Some(_), true) => return Err(no_host()),
            (None, true) if is_address(name) => return Err(no_host()),
            (None, true) if !name.contains('.') => return Err(PatternError::Broad),
            (None, true) => Kind::Below(text[1..].to_ascii_lowercase().into()),
        };
        Ok(Self(kind))
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Name(name) => f.write_str(name),
            Kind::Ipv6(address) => write!(f, "[{address}]"),
            Kind::Below(domain) => write!(f, "*{domain}"),
        }
    }
}

fn ipv6(host: &str) -> Option<Ipv6Addr> {
    host.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

/// There is no name whose last label is a number: browsers take it for an address (the URL standard, section 3.5).
fn is_address(name: &str) -> bool {
    name.rsplit('.').next().is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Labels with dots between them, and none of them empty.
fn has_labels(name: &str) -> bool {
    name.split('.').all(|label| !label.is_empty())
}
