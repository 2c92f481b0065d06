//! The rules for each header of a request, in the order of RFC 6455 section 4.2.1.

use std::collections::HashSet;

use base64::{
    Engine,
    engine::general_purpose::{GeneralPurpose, PAD},
};
use http::{
    HeaderMap, HeaderName, Method, Version,
    header::{
        CONNECTION, CONTENT_LENGTH, HOST, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION,
        TRANSFER_ENCODING, UPGRADE,
    },
};

use super::{
    super::{VERSION, authority::Authority, ensure, grammar, single},
    Fault, Head,
};

/// Base64 whose last character may have bits to spare, as the key in the example of RFC 6455 section 4.1 has.
const LENIENT: GeneralPurpose =
    GeneralPurpose::new(&base64::alphabet::STANDARD, PAD.with_decode_allow_trailing_bits(true));

/// The rules of an upgrade; its key comes out.
pub(super) fn upgrade<'a>(head: &Head<'a>) -> Result<&'a str, Fault> {
    ensure(head.version == Version::HTTP_11, Fault::HttpVersion)?;
    ensure(head.method == Method::GET, Fault::Method("GET"))?;
    host(head.headers)?;
    ensure(lists(head.headers, &UPGRADE, "websocket"), Fault::Upgrade)?;
    ensure(lists(head.headers, &CONNECTION, "upgrade"), Fault::Connection)?;
    version(head.headers)?;
    no_body(head.headers)?;
    key(head.headers)
}

/// The rules of an extended CONNECT: what was `Upgrade` is `:protocol`, and there is no key (RFC 8441
/// section 5).
pub(super) fn connect(head: &Head<'_>, protocol: &str) -> Result<(), Fault> {
    ensure(matches!(head.version, Version::HTTP_2 | Version::HTTP_3), Fault::HttpVersion)?;
    ensure(head.method == Method::CONNECT, Fault::Method("CONNECT"))?;
    ensure(protocol.eq_ignore_ascii_case("websocket"), Fault::Protocol)?;
    ensure(head.uri.authority().is_some(), Fault::Host)?;
    version(head.headers)
}

/// The subprotocols that are offered; none without the header.
pub(super) fn subprotocols(headers: &HeaderMap) -> Result<HashSet<&str>, Fault> {
    let tokens = grammar::tokens(headers, &SEC_WEBSOCKET_PROTOCOL).map_err(|_| Fault::Subprotocols)?;
    let mut offered = HashSet::with_capacity(tokens.len());
    // RFC 6455 section 4.1, point 10: "MUST all be unique strings".
    ensure(tokens.into_iter().all(|token| offered.insert(token)), Fault::Subprotocols)?;
    Ok(offered)
}

fn host(headers: &HeaderMap) -> Result<(), Fault> {
    let host = single(headers, &HOST).ok_or(Fault::Host)?;
    Authority::parse(host).map(drop).map_err(|_| Fault::Host)
}

fn lists(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let tokens = grammar::tokens(headers, name).unwrap_or_default();
    tokens.iter().any(|listed| listed.eq_ignore_ascii_case(token))
}

fn version(headers: &HeaderMap) -> Result<(), Fault> {
    let version = single(headers, &SEC_WEBSOCKET_VERSION).ok_or(Fault::MissingVersion)?;
    ensure(version == VERSION, Fault::Version)
}

/// A body would stand where the frames begin, and a proxy might see the one where we see the other.
fn no_body(headers: &HeaderMap) -> Result<(), Fault> {
    let empty = headers.get_all(CONTENT_LENGTH).iter().all(|length| length == "0");
    ensure(empty && !headers.contains_key(TRANSFER_ENCODING), Fault::Body)
}

fn key(headers: &HeaderMap) -> Result<&str, Fault> {
    let key = single(headers, &SEC_WEBSOCKET_KEY).ok_or(Fault::Key)?;
    let decoded = LENIENT.decode(key).map_err(|_| Fault::Key)?;
    ensure(decoded.len() == 16, Fault::Key)?;
    Ok(key)
}
