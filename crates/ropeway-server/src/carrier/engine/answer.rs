//! Answers to requests of polling.

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::compression::Coding;
use crate::config::SocketIo;

/// What a GET is answered with.
#[derive(Debug)]
pub(super) enum Payload {
    Text(String),
    /// Only version 3 has it.
    Binary(Vec<u8>),
}

const NO_STORE: (HeaderName, HeaderValue) = (CACHE_CONTROL, HeaderValue::from_static("no-store"));

/// A GET with a payload. `request` are its headers.
pub(super) fn payload(payload: Payload, config: &SocketIo, request: &HeaderMap) -> Response {
    let (kind, payload) = match payload {
        Payload::Text(text) => ("text/plain; charset=UTF-8", text.into_bytes()),
        Payload::Binary(bytes) => ("application/octet-stream", bytes),
    };
    let kind = (CONTENT_TYPE, HeaderValue::from_static(kind));
    let is_worth_it = config.http_compression && payload.len() >= config.http_compression_threshold.bytes();
    let coding = is_worth_it.then(|| Coding::accepted(request)).flatten();
    match coding {
        Some(coding) => {
            let body = coding.compress(&payload);
            let coding = (CONTENT_ENCODING, HeaderValue::from_static(coding.as_str()));
            ([kind, coding, NO_STORE], body).into_response()
        }
        None => ([kind, NO_STORE], payload).into_response(),
    }
}

/// A POST that has been taken. HTML, since some browsers would offer anything else for download.
pub(super) fn ok() -> Response {
    (StatusCode::OK, [(CONTENT_TYPE, HeaderValue::from_static("text/html")), NO_STORE], "ok").into_response()
}
