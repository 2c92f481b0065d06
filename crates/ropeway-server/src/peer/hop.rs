//! What is said of one hop on the way from the client, in whichever header.

use std::net::IpAddr;

/// One hop: its address, if that can be read, and its scheme, if that was said.
pub(super) struct Hop {
    pub(super) address: Option<IpAddr>,
    pub(super) is_secure: Option<bool>,
}

pub(super) fn is_secure(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("wss")
}

/// An address, perhaps in brackets, perhaps with a port.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            (IpAddr::V6(host.parse().ok()?), port)
        }
        None => match text.parse::<IpAddr>() {
            Ok(address) => (address, ""),
            Err(_) => {
                let at = text.find(':')?;
                (IpAddr::V4(text[..at].parse().ok()?), &text[at..])
            }
        },
    };
    let is_port = |port: &str| port.strip_prefix(':').is_some_and(is_port);
    (port.is_empty() || is_port(port)).then(|| host.to_canonical())
}

/// Digits, or the made-up name that RFC 7239 section 6.2 allows.
fn is_port(text: &str) -> bool {
    !text.is_empty() && (text.starts_with('_') || text.parse::<u16>().is_ok())
}
