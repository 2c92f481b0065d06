//! The chat page and the browser client, embedded.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HOST, HeaderName, IF_NONE_MATCH,
};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};

use super::error::no_such_path;

/// A file that was embedded at build time.
struct Asset {
    name: &'static str,
    contents: &'static [u8],
}

const CLIENT: Asset =
    Asset { name: "ropeway.js", contents: include_bytes!("../../../../web/client/ropeway.js") };

/// The files of `web/chat`, listed by the build script.
const CHAT: &[Asset] = include!(concat!(env!("OUT_DIR"), "/chat.rs"));

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// `GET /`: the chat page.
pub(super) async fn index(uri: Uri, headers: HeaderMap) -> Response {
    let mut response = find("index.html", uri, &headers).await;
    let sent = response.headers_mut();
    sent.insert(CONTENT_SECURITY_POLICY, content_policy(&headers));
    // Whoever has opened the page does not get a hold of its window.
    sent.insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

/// `GET /ropeway.js`: the browser client.
pub(super) async fn client(headers: HeaderMap) -> Response {
    serve(&CLIENT, &headers)
}

/// `GET /chat/NAME`: what the chat page consists of.
pub(super) async fn chat(Path(name): Path<String>, uri: Uri, headers: HeaderMap) -> Response {
    find(&name, uri, &headers).await
}

async fn find(name: &str, uri: Uri, headers: &HeaderMap) -> Response {
    match CHAT.iter().find(|asset| asset.name == name) {
        Some(asset) => serve(asset, headers),
        None => no_such_path(uri).await.into_response(),
    }
}

fn serve(asset: &Asset, headers: &HeaderMap) -> Response {
    let tag = entity_tag(asset.contents);
    let common: [(HeaderName, HeaderValue); 2] = [
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (CONTENT_TYPE, HeaderValue::from_static(content_type(asset.name))),
    ];
    if is_known(headers, &tag) {
        return (StatusCode::NOT_MODIFIED, [(ETAG, tag)], common).into_response();
    }
    ([(ETAG, tag)], common, Bytes::from_static(asset.contents)).into_response()
}

/// FNV-1a. It tells apart the versions of one file; nobody gains by a collision.
fn entity_tag(contents: &[u8]) -> String {
    let hash = contents.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("\"{hash:016x}\"")
}

/// Whether the browser has this version already (RFC 9110 section 13.1.2).
pub(super) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let lists = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = lists.flat_map(|list| list.split(',')).map(str::trim);
    tags.any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

/// Scripts and styles from here only, none inline. Browsers do not agree on whether `'self'` covers WebSockets, so they
/// are named as well.
fn content_policy(headers: &HeaderMap) -> HeaderValue {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).filter(|host| is_host(host));
    let sockets = host.map_or_else(String::new, |host| format!(" ws://{host} wss://{host}"));
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'{sockets}; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// Nothing that could end the directive or begin another source.
fn is_host(host: &str) -> bool {
    host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn a_known_version_is_not_sent_again() {
        assert!(is_known(&headers(IF_NONE_MATCH, "\"a\", W/\"b\""), "\"b\""));
        assert!(is_known(&headers(IF_NONE_MATCH, "*"), "\"b\""));
        assert!(!is_known(&headers(IF_NONE_MATCH, "\"a\""), "\"b\""));
        assert!(!is_known(&HeaderMap::new(), "\"b\""));
    }

    #[test]
    fn a_host_cannot_extend_the_policy() {
        let policy = |host| content_policy(&headers(HOST, host)).to_str().unwrap().to_owned();
        assert!(policy("[::1]:8080").contains("connect-src 'self' ws://[::1]:8080 wss://[::1]:8080; "));
        assert!(policy("x;script-src *").contains("connect-src 'self'; "));
    }
}
