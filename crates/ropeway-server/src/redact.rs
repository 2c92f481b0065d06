//! Texts of requests without their secrets, for every line of the log and every message.
//!
//! Nothing of a request is logged but by these: neither its target nor its headers, in which tokens, tickets, cookies and
//! keys stand.

use std::fmt;

/// Parameters of a query that carry secrets, in lower case.
const SECRET: [&str; 4] = ["token", "ticket", "access_token", "key"];

/// What stands for a secret.
const HIDDEN: &str = "(hidden)";

/// A URL, or the target of a request, in which the values of secret parameters and the name and password of the user
/// are hidden.
pub(crate) fn url(text: &str) -> Url<'_> {
    Url(text)
}

/// See [`url`].
pub(crate) struct Url<'a>(&'a str);

impl fmt::Display for Url<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (text, _fragment) = self.0.split_once('#').unwrap_or((self.0, ""));
        let (path, query) = match text.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (text, None),
        };
        write_path(f, path)?;
        let Some(query) = query else { return Ok(()) };
        f.write_str("?")?;
        for (at, pair) in query.split('&').enumerate() {
            f.write_str(if at == 0 { "" } else { "&" })?;
            write_pair(f, pair)?;
        }
        Ok(())
    }
}

fn write_path(f: &mut fmt::Formatter<'_>, path: &str) -> fmt::Result {
    let Some((scheme, rest)) = path.split_once("://") else { return f.write_str(path) };
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    match authority.rsplit_once('@') {
        Some((_, host)) => write!(f, "{scheme}://{HIDDEN}@{host}{rest}"),
        None => write!(f, "{scheme}://{authority}{rest}"),
    }
}

/// The name may be written with escapes.
fn write_pair(f: &mut fmt::Formatter<'_>, pair: &str) -> fmt::Result {
    let raw = pair.split_once('=').map_or(pair, |(name, _)| name);
    let mut parsed = form_urlencoded::parse(raw.as_bytes());
    let is_secret = parsed.next().is_some_and(|(name, _)| SECRET.contains(&&*name.to_ascii_lowercase()));
    if is_secret { write!(f, "{raw}={HIDDEN}") } else { f.write_str(pair) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_queries_are_hidden() {
        let hidden = |text| url(text).to_string();
        assert_eq!(hidden("/ws?a=b&token=x.y&c"), "/ws?a=b&token=(hidden)&c");
        assert_eq!(
            hidden("/ws?ticket=1&access_token=2#token=3"),
            "/ws?ticket=(hidden)&access_token=(hidden)"
        );
        assert_eq!(hidden("/ws?%74oken=x&TOKEN=y"), "/ws?%74oken=(hidden)&TOKEN=(hidden)");
        assert_eq!(hidden("/hook?key=a&keys=b"), "/hook?key=(hidden)&keys=b");
        assert_eq!(hidden("/ws#token=x"), "/ws");
        assert_eq!(hidden("/ws"), "/ws");
    }

    #[test]
    fn users_of_urls_are_hidden() {
        let hidden = |text| url(text).to_string();
        assert_eq!(hidden("redis://u:p@host:1/0"), "redis://(hidden)@host:1/0");
        assert_eq!(hidden("https://u:p@x@host"), "https://(hidden)@host");
        assert_eq!(hidden("https://host/a@b"), "https://host/a@b");
    }
}
