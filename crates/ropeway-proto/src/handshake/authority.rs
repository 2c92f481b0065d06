//! Host and port as `Host`, `Origin` and URLs name them (RFC 3986 section 3.2).
//!
//! Stricter than the `http` crate, which takes `a[::1]` for a host: what a name is must be clear before it is
//! compared or connected to.

use std::net::Ipv6Addr;

/// A host that is a name or an address, and perhaps a port; no user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Authority<'a> {
    /// An IPv6 address has its brackets.
    pub(super) host: &'a str,
    pub(super) port: Option<u16>,
}

/// Which part is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    Host,
    Port,
}

impl<'a> Authority<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, Flaw> {
        let end = match text.starts_with('[') {
            true => text.find(']').map_or(text.len(), |bracket| bracket + 1),
            false => text.find(':').unwrap_or(text.len()),
        };
        let (host, port) = text.split_at(end);
        match is_host(host) {
            true => Ok(Self { host, port: parse_port(port)? }),
            false => Err(Flaw::Host),
        }
    }
}

fn is_host(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|address| address.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(is_name_byte),
    }
}

/// Letters, digits and what else is found in names. A name that is not ASCII is written as punycode.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// What follows the host. A colon without a port means the default (RFC 3986 section 3.2.3).
fn parse_port(text: &str) -> Result<Option<u16>, Flaw> {
    match text.strip_prefix(':') {
        None if text.is_empty() => Ok(None),
        None => Err(Flaw::Host),
        Some("") => Ok(None),
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().ok().filter(|port| *port > 0).map(Some).ok_or(Flaw::Port)
        }
        Some(_) => Err(Flaw::Port),
    }
}
