//! Headers that tell browsers to do as little as possible with what comes from here.

use axum::response::Response;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};

/// Which pages may embed a response (the Fetch standard, section 3.7).
pub(super) const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Of responses that say nothing else: they are no page, so nothing in them is run, framed or shown as one; they are
/// of no use to another site, and nobody keeps them. What is meant for longer or for others says so itself.
const DEFAULTS: [(HeaderName, &str); 5] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (REFERRER_POLICY, "no-referrer"),
    (RESOURCE_POLICY, "same-origin"),
    (CACHE_CONTROL, "no-store"),
];

/// Adds the headers that a response lacks.
pub(super) async fn add(mut response: Response) -> Response {
    // What follows is no response any more.
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        protect(response.headers_mut());
    }
    response
}

/// The same for responses that are made before ours are.
pub(super) fn protect(headers: &mut HeaderMap) {
    for (name, value) in DEFAULTS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}
