//! Patterns of origins and hosts (RFC 6454, RFC 6455 section 10.2).

use proptest::prelude::*;
use proptest::sample::select;
use ropeway_proto::handshake::server::{HostPattern, OriginPattern, Origins, PatternError};

fn matches(pattern: &str, origin: &str) -> bool {
    pattern.parse::<OriginPattern>().unwrap().matches(origin)
}

fn fault(pattern: &str) -> PatternError {
    pattern.parse::<OriginPattern>().unwrap_err()
}

#[test]
fn exact_ones_differ_in_nothing_but_spelling() {
    for (pattern, origin) in [
        ("https://example.com", "https://example.com"),
        ("https://Example.COM", "HTTPS://eXample.com"),
        ("https://example.com:443", "https://example.com"),
        ("https://example.com", "https://example.com:443"),
        ("http://example.com:80", "http://example.com"),
        ("http://localhost:5173", "http://localhost:5173"),
        ("http://127.0.0.1", "http://127.0.0.1:80"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://[0:0::0:1]", "http://[::1]"),
        (
            "https://bücher.example".replace("bücher", "xn--bcher-kva").as_str(),
            "https://xn--bcher-kva.example",
        ),
        ("capacitor://localhost", "capacitor://localhost"),
        ("chrome-extension://abcdef", "chrome-extension://abcdef"),
        ("null", "null"),
    ] {
        assert!(matches(pattern, origin), "{pattern} {origin}");
    }
    for (pattern, origin) in [
        ("https://example.com", "http://example.com"),
        ("https://example.com", "https://example.com:8443"),
        ("https://example.com:80", "https://example.com"),
        ("https://example.com", "https://www.example.com"),
        ("https://example.com", "https://example.com.evil.example"),
        ("https://example.com", "https://evilexample.com"),
        ("https://example.com", "https://example.com/"),
        ("https://example.com", "https://example.com@evil.example"),
        ("https://example.com", "https://evil.example@example.com"),
        ("https://example.com", "https://example.com https://evil.example"),
        ("https://example.com", "https://example.com."),
        ("https://example.com", "example.com"),
        ("https://example.com", "null"),
        ("https://example.com", ""),
        ("http://[::1]", "http://[::2]"),
        ("http://[::1]", "http://::1"),
        ("capacitor://localhost", "http://localhost"),
        ("null", "Null"),
        ("null", "https://null"),
    ] {
        assert!(!matches(pattern, origin), "{pattern} {origin}");
    }
}

#[test]
fn stars_stand_for_whole_labels_and_for_ports() {
    for (pattern, origin) in [
        ("https://*.example.com", "https://a.example.com"),
        ("https://*.example.com", "https://a.b.Example.com:443"),
        ("https://*.example.com:8443", "https://a.example.com:8443"),
        ("https://*.example.com:*", "https://a.example.com:1"),
        ("http://localhost:*", "http://localhost:5173"),
        ("http://localhost:*", "http://localhost"),
        ("http://[::1]:*", "http://[::1]:9"),
    ] {
        assert!(matches(pattern, origin), "{pattern} {origin}");
    }
    for (pattern, origin) in [
        ("https://*.example.com", "https://example.com"),
        ("https://*.example.com", "https://.example.com"),
        ("https://*.example.com", "https://a..example.com"),
        ("https://*.example.com", "https://evilexample.com"),
        ("https://*.example.com", "https://a.example.com.evil.example"),
        ("https://*.example.com", "https://evil.example?.example.com"),
        ("https://*.example.com", "http://a.example.com"),
        ("https://*.example.com", "https://a.example.com:8443"),
        ("https://*.example.com", "https://é.example.com"),
        ("http://localhost:*", "https://localhost:5173"),
        ("http://localhost:*", "http://localhost.evil.example:5173"),
        ("http://localhost:*", "http://localhost:0"),
        ("http://localhost:*", "http://localhost:99999"),
    ] {
        assert!(!matches(pattern, origin), "{pattern} {origin}");
    }
}

#[test]
fn what_is_no_origin_is_refused_with_its_reason() {
    use PatternError::{Broad, Host, NoScheme, Path, Port, Scheme, Star, User};
    let host = |text: &str| Host(text.to_owned());
    for (pattern, reason) in [
        ("", NoScheme),
        ("*", NoScheme),
        ("example.com", NoScheme),
        ("//example.com", NoScheme),
        ("://example.com", NoScheme),
        ("1http://example.com", NoScheme),
        ("*://example.com", NoScheme),
        ("wss://example.com", Scheme("wss".to_owned())),
        ("FILE:///", Scheme("file".to_owned())),
        ("https://example.com/", Path),
        ("https://example.com/chat", Path),
        ("https://example.com?a", Path),
        ("https://example.com#a", Path),
        ("https://me@example.com", User),
        ("https://", host("")),
        ("https://exa mple.com", host("exa mple.com")),
        ("https://bücher.example", host("bücher.example")),
        ("https://example..com", host("example..com")),
        ("https://example.com.", host("example.com.")),
        ("https://[::1", host("[:")),
        ("https://::1", host(":")),
        ("https://*.0.0.1", host("*.0.0.1")),
        ("https://*.[::1]", host("*.[::1]")),
        ("https://example.com:", Port),
        ("https://example.com:0", Port),
        ("https://example.com:65536", Port),
        ("https://example.com:+1", Port),
        ("https://example.com:8*", Port),
        ("https://*", Star),
        ("https://*example.com", Star),
        ("https://a*.example.com", Star),
        ("https://a.*.example.com", Star),
        ("https://*.*.example.com", Star),
        ("https://example.*", Star),
        ("https://*.com", Broad),
        ("http://*.localhost", Broad),
    ] {
        assert_eq!(fault(pattern), reason, "{pattern}");
    }
    assert_eq!(Origins::listed(["https://a.example", "https://*.com"]), Err(Broad));
}

#[test]
fn hosts_are_matched_on_every_port() {
    let host = |pattern: &str| pattern.parse::<HostPattern>().unwrap();
    assert!(host("localhost").matches("LOCALHOST:8080") && host("localhost").matches("localhost"));
    assert!(host("[::1]").matches("[0::1]:80") && host("127.0.0.1").matches("127.0.0.1:80"));
    assert!(
        host("*.example.com").matches("a.example.com:1") && !host("*.example.com").matches("example.com")
    );
    for other in ["localhost.", "evil.example", "a@localhost", "localhost:x", "", "localhost/"] {
        assert!(!host("localhost").matches(other), "{other}");
    }
    for bad in ["localhost:80", "http://localhost", "*", "*.com", "a/b", ""] {
        assert!(bad.parse::<HostPattern>().is_err(), "{bad}");
    }
}

/// A host, for the oracle: labels from the end, since that is where a star cannot be.
#[derive(Clone, Debug)]
struct Page {
    scheme: &'static str,
    labels: Vec<&'static str>,
    port: Option<u16>,
}

impl Page {
    fn written(&self, star: bool, any_port: bool) -> String {
        let star = if star { "*." } else { "" };
        let port = self.port.map_or_else(String::new, |port| format!(":{port}"));
        let port = if any_port { ":*" } else { port.as_str() };
        format!("{}://{star}{}{port}", self.scheme, self.labels.join("."))
    }

    fn real_port(&self) -> u16 {
        self.port.unwrap_or(if self.scheme.eq_ignore_ascii_case("https") { 443 } else { 80 })
    }

    /// The slow way: every part is made comparable first.
    fn covers(&self, star: bool, any_port: bool, page: &Self) -> bool {
        let lower = |page: &Self| page.labels.iter().rev().map(|l| l.to_lowercase()).collect::<Vec<_>>();
        let (own, other) = (lower(self), lower(page));
        let host = if star { other.len() > own.len() && other[..own.len()] == own } else { own == other };
        host && self.scheme.to_lowercase() == page.scheme.to_lowercase()
            && (any_port || self.real_port() == page.real_port())
    }
}

/// From few parts, so that two of them often have much in common.
fn page(least: usize) -> impl Strategy<Value = Page> {
    let labels = select(vec!["a", "example", "evilexample", "EXAMPLE", "com", "x-1", "example-com"]);
    let ports = select(vec![None, Some(80), Some(443), Some(8080)]);
    let schemes = select(vec!["http", "https", "HTTPS"]);
    (schemes, proptest::collection::vec(labels, least..5), ports).prop_map(|(scheme, labels, port)| Page {
        scheme,
        labels,
        port,
    })
}

proptest! {
    #[test]
    fn a_pattern_matches_what_the_oracle_says(pattern in page(2), other in page(1), extra in page(0),
                                              star: bool, any_port: bool, near: bool) {
        // Half of the pages are the pattern's own, with labels before.
        let mut page = if near { pattern.clone() } else { other };
        page.labels.splice(0..0, extra.labels.iter().take(2).copied());
        page.port = if near && star { page.port } else { extra.port };
        let parsed: OriginPattern = pattern.written(star, any_port).parse().unwrap();
        prop_assert_eq!(parsed.matches(&page.written(false, false)), pattern.covers(star, any_port, &page));
        let again: OriginPattern = parsed.to_string().parse().unwrap();
        prop_assert_eq!(again, parsed);
    }

    #[test]
    fn no_text_panics(pattern in "(https?://)?[*.:a-z0-9\\[\\]/@é]{0,20}", origin in "\\PC{0,30}") {
        if let Ok(parsed) = pattern.parse::<OriginPattern>() {
            parsed.matches(&origin);
            prop_assert!(parsed.matches(&pattern) || pattern.contains('*'));
        }
        if let Ok(parsed) = pattern.parse::<HostPattern>() {
            parsed.matches(&origin);
        }
    }
}
