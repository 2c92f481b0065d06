//! The proxy that the environment names.

use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use ropeway_ws::client::Proxy;

use crate::failure::{Failure, Kind};

/// What `HTTP_PROXY` (for `ws`), `HTTPS_PROXY` (for `wss`), `ALL_PROXY` and `NO_PROXY` say about a URL.
pub(super) fn from_environment(url: &str) -> Result<Option<Proxy>, Failure> {
    let url = url.replacen("ws", "http", usize::from(url.starts_with("ws")));
    let Ok(uri) = url.parse::<Uri>() else { return Ok(None) };
    Matcher::from_env().intercept(&uri).map(|intercept| proxy(&intercept)).transpose()
}

fn proxy(intercept: &Intercept) -> Result<Proxy, Failure> {
    let (scheme, authority) = (intercept.uri().scheme_str(), intercept.uri().authority());
    let (scheme, authority) =
        (scheme.unwrap_or("http"), authority.map_or("", |authority| authority.as_str()));
    let parsed = match (intercept.raw_auth(), intercept.basic_auth().and_then(|value| value.to_str().ok())) {
        (Some((user, password)), _) => {
            format!("{scheme}://{}:{}@{authority}", escaped(user), escaped(password))
        }
        (None, Some(basic)) => format!("{scheme}://{}@{authority}", userinfo(basic)),
        (None, None) => format!("{scheme}://{authority}"),
    };
    parsed.parse().map_err(|error| {
        let failure = Failure::new(Kind::Usage, "the proxy that the environment names cannot be used", error);
        failure.hint("name another with `--proxy URL`, or none with `--no-proxy`")
    })
}

/// `Basic ...` as it stands in a URL.
fn userinfo(basic: &str) -> String {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    let pair = basic.strip_prefix("Basic ").and_then(|pair| STANDARD.decode(pair).ok()).unwrap_or_default();
    let pair = String::from_utf8_lossy(&pair);
    let (user, password) = pair.split_once(':').unwrap_or((&pair, ""));
    format!("{}:{}", escaped(user), escaped(password))
}

/// Percent-encoded but for what means nothing in a URL (RFC 3986 section 2.3).
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
