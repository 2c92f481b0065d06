//! What is said in the request.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, COOKIE, ORIGIN};
use http::{HeaderName, HeaderValue};
use ropeway_ws::client::Connect;

use super::flags::Network;
use crate::failure::{Failure, Kind};

/// Headers that the handshake writes itself. A request that was copied from a browser has them, and they are of no use a
/// second time; those that say something about the connection have become flags.
const OF_THE_HANDSHAKE: [&str; 8] = [
    "connection",
    "upgrade",
    "host",
    "content-length",
    "sec-websocket-key",
    "sec-websocket-version",
    "sec-websocket-protocol",
    "sec-websocket-extensions",
];

pub(super) fn add(mut connect: Connect, flags: &Network) -> Result<Connect, Failure> {
    for subprotocol in subprotocols(flags)? {
        connect = connect.subprotocol(subprotocol).map_err(|error| Failure::usage("--subprotocol", error))?;
    }
    for header in &flags.headers {
        let (name, value) = split(header)?;
        let is_ours = OF_THE_HANDSHAKE.iter().any(|ours| name.eq_ignore_ascii_case(ours));
        if !is_ours || (name.eq_ignore_ascii_case("host") && !value.is_empty()) {
            connect = append(connect, name, value)?;
        }
    }
    if let Some(origin) = &flags.origin {
        connect = append(connect, ORIGIN.as_str(), origin)?;
    }
    if !flags.cookies.is_empty() {
        connect = append(connect, COOKIE.as_str(), &flags.cookies.join("; "))?;
    }
    match authorization(flags) {
        Some(authorization) => append(connect, AUTHORIZATION.as_str(), &authorization),
        None => Ok(connect),
    }
}

/// What `--compress` says, or the extensions of a copied request.
pub(super) fn compress(flags: &Network) -> Option<String> {
    let copied = copied(flags, "sec-websocket-extensions").map(str::to_owned);
    flags.compress.clone().or(copied.filter(|extensions| extensions.contains("permessage-deflate")))
}

fn subprotocols(flags: &Network) -> Result<Vec<String>, Failure> {
    let copied = copied(flags, "sec-websocket-protocol").into_iter().flat_map(|list| list.split(','));
    let copied = copied.map(|name| name.trim().to_owned());
    Ok(flags.subprotocols.iter().cloned().chain(copied).collect())
}

fn copied<'f>(flags: &'f Network, name: &str) -> Option<&'f str> {
    let mut pairs = flags.headers.iter().filter_map(|header| header.split_once(':'));
    pairs.find(|(given, _)| given.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

fn authorization(flags: &Network) -> Option<String> {
    match (&flags.auth, &flags.token) {
        (Some(pair), _) => Some(format!("Basic {}", STANDARD.encode(pair))),
        (None, Some(token)) => Some(format!("Bearer {token}")),
        (None, None) => None,
    }
}

fn split(header: &str) -> Result<(&str, &str), Failure> {
    let pair = header.split_once(':').map(|(name, value)| (name.trim(), value.trim()));
    pair.ok_or_else(|| Failure::usage("--header", format!("`{header}` is not of the form \"Name: value\"")))
}

fn append(connect: Connect, name: &str, value: &str) -> Result<Connect, Failure> {
    let header = HeaderName::try_from(name)
        .map_err(|_| format!("`{name}` is no name of a header"))
        .and_then(|name| Ok((name, HeaderValue::try_from(value).map_err(|_| no_value(value))?)));
    let (name, value) = header.map_err(|why| Failure::usage("--header", why))?;
    connect.header(name, value).map_err(|error| Failure::new(Kind::Usage, "a header cannot be sent", error))
}

fn no_value(value: &str) -> String {
    format!("{value:?} cannot be the value of a header")
}
