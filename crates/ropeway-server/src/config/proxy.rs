//! `[proxy]`: the proxies in front of the server, and how they tell who their clients are.

use super::Config;
use super::networks::Networks;
use super::value::Choice;

/// `[proxy]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxy {
    /// The peers that are believed.
    pub trusted: Networks,
    /// The one header that is believed, from these peers.
    pub headers: ForwardingHeader,
    /// Whether their connections begin with a header of the PROXY protocol.
    pub protocol: ProxyProtocol,
}

/// The header in which a proxy says who its client is. Exactly one is believed: a proxy sets the one that it knows and
/// passes the others on as the client sent them, so to look at several is to believe the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardingHeader {
    /// `X-Forwarded-For`, with `X-Forwarded-Proto`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
    /// `X-Real-IP`, with `X-Forwarded-Proto`.
    XRealIp,
    /// None.
    Off,
}

impl Choice for ForwardingHeader {
    const CHOICES: &'static [(&'static str, Self)] = &[
        ("x-forwarded-for", Self::XForwardedFor),
        ("forwarded", Self::Forwarded),
        ("x-real-ip", Self::XRealIp),
        ("off", Self::Off),
    ];
    const ALLOWED: &'static str = "\"x-forwarded-for\", \"forwarded\", \"x-real-ip\" or \"off\"";
}

/// Whether the PROXY protocol is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProxyProtocol {
    /// By nobody.
    #[default]
    Off,
    /// By every trusted peer, in version 1 or 2.
    Required,
}

impl Choice for ProxyProtocol {
    const CHOICES: &'static [(&'static str, Self)] = &[("off", Self::Off), ("required", Self::Required)];
    const ALLOWED: &'static str = "\"off\" or \"required\"";
}

/// What is allowed, but not together: what is wrong, and what to do about it.
pub(super) fn problems(config: &Config) -> Vec<(String, String)> {
    let proxy = &config.proxy;
    let is_idle = proxy.protocol == ProxyProtocol::Required && proxy.trusted.is_empty();
    is_idle
        .then(|| {
            let what = "`proxy.protocol` is \"required\", but `proxy.trusted` lists nobody".to_owned();
            (what, "list the addresses of the proxies, such as [\"10.0.0.0/8\"]".to_owned())
        })
        .into_iter()
        .collect()
}
