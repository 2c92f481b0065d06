//! What a trusted proxy says of its client in a header.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName};

use super::forwarded;
use super::hop::{Hop, address, is_secure};
use crate::config::{ForwardingHeader, Proxy};

/// What was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) address: IpAddr,
    /// Nothing where nothing was said of it.
    pub(super) is_secure: Option<bool>,
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// Reads the configured header of a request that came from `peer`, who is trusted.
pub(super) fn read(headers: &HeaderMap, peer: IpAddr, proxy: &Proxy) -> Told {
    match proxy.headers {
        ForwardingHeader::XForwardedFor => {
            let hop = |item| Hop { address: address(item), is_secure: None };
            let hops = items(headers, X_FORWARDED_FOR).map(hop);
            Told { is_secure: scheme(headers), ..walk(hops, peer, proxy) }
        }
        ForwardingHeader::XRealIp => {
            let last = items(headers, X_REAL_IP).next().and_then(address);
            Told { address: last.unwrap_or(peer), is_secure: scheme(headers) }
        }
        ForwardingHeader::Forwarded => {
            let elements = forwarded::elements(headers);
            walk(elements.iter().rev().map(|element| forwarded::hop(element)), peer, proxy)
        }
        ForwardingHeader::Off => Told { address: peer, is_secure: None },
    }
}

/// Goes back from the last hop, which the peer has added, as long as each is one of ours: whoever it names then is the
/// client. What stands further left may be made up. What cannot be read ends the walk at the proxy that has added it.
fn walk(hops: impl Iterator<Item = Hop>, peer: IpAddr, proxy: &Proxy) -> Told {
    let mut told = Told { address: peer, is_secure: None };
    for hop in hops {
        told.is_secure = hop.is_secure;
        let Some(address) = hop.address else { break };
        told.address = address;
        if !proxy.trusted.contains(address) {
            break;
        }
    }
    told
}

/// The items of all lines of a header, the last one first.
fn items(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let lines: Vec<&str> = headers.get_all(name).iter().map(|line| line.to_str().unwrap_or("?")).collect();
    lines.into_iter().rev().flat_map(|line| line.rsplit(',')).map(str::trim)
}

/// Said by the nearest proxy, which is the one that is trusted.
fn scheme(headers: &HeaderMap) -> Option<bool> {
    items(headers, X_FORWARDED_PROTO).next().map(is_secure)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::peer::ClientAddress;

    fn config(header: &str) -> Proxy {
        let sources = crate::config::Sources::new().file("test", "");
        let sources = sources.flag("-", "proxy.trusted", "10.0.0.0/8,fd00::/8");
        let config: Config = sources.flag("-", "proxy.headers", header).load().unwrap();
        config.proxy
    }

    fn client(header: &str, peer: &str, lines: &[(&'static str, &str)]) -> (String, bool) {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), value.parse().unwrap());
        }
        let peer = ClientAddress::direct(Some(peer.parse().unwrap()));
        let client = peer.behind(&headers, &config(header));
        (client.ip.unwrap().to_string(), client.is_secure)
    }

    #[track_caller]
    fn of(header: &str, name: &'static str, value: &str, expected: &str) {
        assert_eq!(client(header, "10.0.0.1", &[(name, value)]).0, expected, "{value}");
    }

    #[test]
    fn the_rightmost_address_that_is_not_ours_counts() {
        let of = |value: &str, expected: &str| of("x-forwarded-for", "x-forwarded-for", value, expected);
        of("192.0.2.1", "192.0.2.1");
        of("203.0.113.9, 192.0.2.1", "192.0.2.1");
        of("203.0.113.9, 192.0.2.1, 10.2.3.4", "192.0.2.1");
        of("127.0.0.1, 192.0.2.1,10.2.3.4 ,fd00::5", "192.0.2.1");
        of("10.9.9.9, 10.8.8.8", "10.9.9.9");
        of("192.0.2.1:4711", "192.0.2.1");
        of("[2001:db8::1]:4711", "2001:db8::1");
        of("[2001:db8::1]", "2001:db8::1");
        of("2001:db8::1", "2001:db8::1");
        of("::ffff:192.0.2.1", "192.0.2.1");
    }

    #[test]
    fn rubbish_ends_the_walk_at_the_last_proxy() {
        let of = |value: &str, expected: &str| of("x-forwarded-for", "x-forwarded-for", value, expected);
        for rubbish in
            ["", "unknown", "192.0.2.1:", "192.0.2.1:99999", "[::1", "[192.0.2.1]", "1.2.3", "fe80::1%eth0"]
        {
            of(rubbish, "10.0.0.1");
            of(&format!("192.0.2.1, {rubbish}"), "10.0.0.1");
            of(&format!("192.0.2.1, {rubbish}, 10.5.5.5"), "10.5.5.5");
        }
    }

    #[test]
    fn all_lines_of_a_header_are_one_list() {
        let lines = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "192.0.2.1, 10.0.0.7")];
        assert_eq!(client("x-forwarded-for", "10.0.0.1", &lines).0, "192.0.2.1");
    }

    #[test]
    fn nobody_else_is_believed() {
        let forged = [
            ("x-forwarded-for", "192.0.2.1"),
            ("forwarded", "for=192.0.2.1;proto=https"),
            ("x-real-ip", "192.0.2.1"),
            ("x-forwarded-proto", "https"),
        ];
        for header in ["x-forwarded-for", "forwarded", "x-real-ip", "off"] {
            assert_eq!(client(header, "198.51.100.1", &forged), ("198.51.100.1".to_owned(), false));
        }
        assert_eq!(client("off", "10.0.0.1", &forged), ("10.0.0.1".to_owned(), false));
    }

    #[test]
    fn only_the_configured_header_is_believed() {
        let forged =
            [("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=192.0.2.2"), ("x-real-ip", "192.0.2.3")];
        assert_eq!(client("x-forwarded-for", "10.0.0.1", &forged).0, "192.0.2.1");
        assert_eq!(client("forwarded", "10.0.0.1", &forged).0, "192.0.2.2");
        assert_eq!(client("x-real-ip", "10.0.0.1", &forged).0, "192.0.2.3");
    }

    #[test]
    fn of_several_real_addresses_the_one_that_was_added_last_counts() {
        let lines = [("x-real-ip", "203.0.113.9"), ("x-real-ip", "192.0.2.1")];
        assert_eq!(client("x-real-ip", "10.0.0.1", &lines).0, "192.0.2.1");
        assert_eq!(
            client("x-real-ip", "10.0.0.1", &[("x-real-ip", "203.0.113.9, 192.0.2.1")]).0,
            "192.0.2.1"
        );
    }

    #[test]
    fn forwarded_is_read_as_rfc_7239_writes_it() {
        let of = |value: &str, expected: &str| of("forwarded", "forwarded", value, expected);
        of("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60");
        of("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17");
        of("for=192.0.2.43, for=198.51.100.17", "198.51.100.17");
        of("for=192.0.2.43, for=10.1.1.1", "192.0.2.43");
        of("for=192.0.2.43 ; by=\"a, for=198.51.100.99\"", "192.0.2.43");
        of("for=\"192.0.2.4\\3\"", "192.0.2.43");
        of(r#"for=192.0.2.43;by="a\", for=198.51.100.99""#, "192.0.2.43");
        for rubbish in [
            "for=unknown",
            "for=_secret",
            "by=10.0.0.1",
            "for=\"192.0.2.1",
            "for=",
            "",
            "192.0.2.1",
            "for=[::1",
            "for=192.0.2.1;rubbish",
        ] {
            of(rubbish, "10.0.0.1");
            of(&format!("for=192.0.2.1, {rubbish}"), "10.0.0.1");
        }
        of("for=192.0.2.1;for=192.0.2.2", "10.0.0.1");
    }

    #[test]
    fn the_scheme_is_what_the_nearest_proxy_says() {
        let with = |proto| client("x-forwarded-for", "10.0.0.1", &[("x-forwarded-proto", proto)]).1;
        assert!(with("https") && with("WSS") && with("http, https"));
        assert!(!with("http") && !with("https, http") && !with(""));
        let forwarded = |value| client("forwarded", "10.0.0.1", &[("forwarded", value)]).1;
        assert!(forwarded("for=192.0.2.1;proto=https") && !forwarded("proto=https, for=192.0.2.1"));
        assert!(
            !forwarded("for=192.0.2.1;proto=http, for=10.1.1.1;proto=https"),
            "it is how the client came"
        );
    }
}
