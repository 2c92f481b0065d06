//! Which web pages may connect.
//!
//! A browser lets any page open a WebSocket to any server and sends cookies along; only the server can refuse, by
//! the `Origin` header (RFC 6455 section 10.2). Programs other than browsers send none.

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, Uri};

use crate::config::Origin;

/// Whether a request may open a connection: it has no origin, that of this server, or a listed one.
pub(super) fn is_allowed(headers: &HeaderMap, listed: &[Origin]) -> bool {
    let mut origins = headers.get_all(ORIGIN).iter();
    let Some(first) = origins.next() else { return true };
    let Ok(origin) = first.to_str() else { return false };
    origins.next().is_none() && (is_own(origin, headers) || listed.iter().any(|listed| listed.covers(origin)))
}

/// Whether the page came from the host and port that it connects to. The scheme is not compared: behind a proxy that
/// ends TLS it is not known here.
fn is_own(origin: &str, headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(HOST).and_then(|host| host.to_str().ok()) else { return false };
    let Ok(uri) = origin.parse::<Uri>() else { return false };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return false };
    let port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let without_port =
        |authority: &str| authority.strip_suffix(port).unwrap_or(authority).to_ascii_lowercase();
    without_port(authority.as_str()) == without_port(host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;

    fn allowed(host: &str, origins: &[&str]) -> bool {
        let file = "[server]\norigins = ['https://app.example']";
        let config = Sources::new().file("", file).load().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        for origin in origins {
            headers.append(ORIGIN, origin.parse().unwrap());
        }
        is_allowed(&headers, &config.server.origins)
    }

    #[test]
    fn own_pages_listed_ones_and_programs_may_connect() {
        assert!(allowed("localhost:8080", &[]));
        assert!(allowed("localhost:8080", &["http://localhost:8080"]));
        assert!(allowed("chat.example", &["https://Chat.example"]));
        assert!(allowed("chat.example:443", &["https://chat.example"]));
        assert!(allowed("chat.example", &["https://app.example"]));
        assert!(allowed("[::1]:8080", &["http://[::1]:8080"]));
    }

    #[test]
    fn other_pages_may_not() {
        for origin in [
            "http://evil.example",
            "null",
            "",
            "http://localhost",
            "http://localhost:80",
            "localhost:8080",
            "file://localhost:8080",
            "http://localhost:8080.evil.example",
            "https://app.example.evil.example",
        ] {
            assert!(!allowed("localhost:8080", &[origin]), "{origin}");
        }
        assert!(!allowed("localhost:8080", &["http://localhost:8080", "http://localhost:8080"]));
    }
}
