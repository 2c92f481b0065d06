//! Answers to requests of polling.

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::compression::Coding;
use crate::config::SocketIo;

const NO_STORE: (HeaderName, HeaderValue) = (CACHE_CONTROL, HeaderValue::from_static("no-store"));

/// A GET with a payload. `request` are its headers.
pub(super) fn payload(payload: String, config: &SocketIo, request: &HeaderMap) -> Response {
    let text = (CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=UTF-8"));
    let is_worth_it = config.http_compression && payload.len() >= config.http_compression_threshold.bytes();
    let coding = is_worth_it.then(|| Coding::accepted(request)).flatten();
    match coding {
        Some(coding) => {
            let body = coding.compress(payload.as_bytes());
            let coding = (CONTENT_ENCODING, HeaderValue::from_static(coding.as_str()));
            ([text, coding, NO_STORE], body).into_response()
        }
        None => ([text, NO_STORE], payload).into_response(),
    }
}

/// A POST that has been taken. HTML, since some browsers would offer anything else for download.
pub(super) fn ok() -> Response {
    (StatusCode::OK, [(CONTENT_TYPE, HeaderValue::from_static("text/html")), NO_STORE], "ok").into_response()
}
