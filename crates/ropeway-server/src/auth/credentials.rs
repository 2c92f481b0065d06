//! Where credentials stand in a request.

use super::Secret;
use crate::Handshake;
use crate::config::TokenSource;

/// The credentials of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Credentials {
    /// `?ticket=`
    Ticket(Secret),
    /// `Authorization: Bearer`, `?token=` or the subprotocol `ropeway.token.TOKEN`.
    Token(Secret),
    /// The value of the cookie that names a session.
    Session(Secret),
}

/// Which of them are looked for: what nobody here can verify is none.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted<'a> {
    pub(crate) tickets: bool,
    pub(crate) tokens: &'a [TokenSource],
    /// The name of the cookie.
    pub(crate) cookie: Option<&'a str>,
}

impl Credentials {
    /// The first that is there, in the order ticket, token, cookie. The others are not looked at: whoever shows bad
    /// credentials is not asked for better ones.
    pub(crate) fn find(handshake: &Handshake, wanted: &Wanted<'_>) -> Option<Self> {
        let ticket = || handshake.query("ticket").filter(|_| wanted.tickets).map(secret).map(Self::Ticket);
        let session = || cookie(handshake, wanted.cookie?).map(Secret::new).map(Self::Session);
        ticket().or_else(|| token(handshake, wanted.tokens).map(Self::Token)).or_else(session)
    }
}

fn secret(text: impl AsRef<str>) -> Secret {
    Secret::new(text.as_ref())
}

/// In the order in which they are hardest to forge by a page of somebody else: header, query, subprotocol.
fn token(handshake: &Handshake, sources: &[TokenSource]) -> Option<Secret> {
    let from = |source| sources.contains(&source);
    let header = || handshake.header("authorization").and_then(|value| bearer(value.as_bytes()));
    let header = || header().map(String::from_utf8_lossy).map(secret);
    let query = || handshake.query("token").map(secret);
    let subprotocol = || subprotocol(handshake).map(secret);
    header()
        .filter(|_| from(TokenSource::Header))
        .or_else(|| query().filter(|_| from(TokenSource::Query)))
        .or_else(|| subprotocol().filter(|_| from(TokenSource::Subprotocol)))
}

/// The token of `Bearer TOKEN` (RFC 6750 section 2.1); the scheme's case does not matter (RFC 9110 section 11.1).
pub(crate) fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

/// Browsers cannot set headers of a WebSocket, but offer subprotocols. This one is never selected.
fn subprotocol(handshake: &Handshake) -> Option<&str> {
    let lists = handshake.headers().filter(|(name, _)| *name == "sec-websocket-protocol");
    lists.flat_map(|(_, list)| list.split(',')).find_map(|name| name.trim().strip_prefix(SUBPROTOCOL))
}

/// What stands before a token in the list of subprotocols.
pub(crate) const SUBPROTOCOL: &str = "ropeway.token.";

/// The value of a cookie (RFC 6265 section 4.2.1), without the quotes around it.
fn cookie<'h>(handshake: &'h Handshake, name: &str) -> Option<&'h str> {
    let lists = handshake.headers().filter(|(header, _)| *header == "cookie");
    let mut pairs = lists.flat_map(|(_, list)| list.split(';')).filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(key, _)| key.trim() == name)?;
    let value = value.trim();
    Some(value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use http::Request;

    use super::*;

    const ALL: Wanted<'static> = Wanted {
        tickets: true,
        tokens: &[TokenSource::Header, TokenSource::Query, TokenSource::Subprotocol],
        cookie: Some("sid"),
    };

    fn find(url: &str, headers: &[(&str, &str)], wanted: &Wanted<'_>) -> Option<Credentials> {
        let request =
            headers.iter().fold(Request::get(url), |request, (name, value)| request.header(*name, *value));
        Credentials::find(&Handshake::new(&request.body(()).unwrap(), UNIX_EPOCH), wanted)
    }

    fn token(text: &str) -> Option<Credentials> {
        Some(Credentials::Token(Secret::new(text)))
    }

    #[test]
    fn the_first_that_is_there_decides() {
        let headers = [
            ("authorization", "bearer h.h.h"),
            ("sec-websocket-protocol", "ropeway.json, ropeway.token.s.s.s"),
            ("cookie", "a=b; sid=\"c\"; sid=d"),
        ];
        let ticket = Some(Credentials::Ticket(Secret::new("t")));
        assert_eq!(find("/ws?token=q&ticket=t", &headers, &ALL), ticket);
        assert_eq!(find("/ws?token=q", &headers, &ALL), token("h.h.h"));
        assert_eq!(find("/ws?token=q", &headers[1..], &ALL), token("q"));
        assert_eq!(find("/ws", &headers[1..], &ALL), token("s.s.s"));
        assert_eq!(find("/ws", &headers[2..], &ALL), Some(Credentials::Session(Secret::new("c"))));
        assert_eq!(find("/ws", &[], &ALL), None);
    }

    #[test]
    fn an_empty_token_is_there() {
        assert_eq!(find("/ws?token=", &[], &ALL), token(""));
    }

    #[test]
    fn only_what_is_wanted_is_looked_for() {
        let headers = [("authorization", "Bearer h"), ("cookie", "sid=c")];
        let none = Wanted::default();
        assert_eq!(find("/ws?token=q&ticket=t", &headers, &none), None);
        let query = Wanted { tokens: &[TokenSource::Query], ..none };
        assert_eq!(find("/ws?token=q&ticket=t", &headers, &query), token("q"));
    }

    #[test]
    fn the_scheme_has_no_case() {
        assert_eq!(bearer(b"Bearer abc"), Some(&b"abc"[..]));
        assert_eq!(bearer(b"bearer  abc "), Some(&b"abc"[..]));
        assert_eq!(bearer(b"Basic abc"), None);
        assert_eq!(bearer(b"Bearer"), None);
    }
}
