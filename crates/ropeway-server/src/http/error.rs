//! Refused requests, as JSON: `{"code","message"}`.

use std::borrow::Cow;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Method, StatusCode, Uri};
use serde::Serialize;
use tracing::debug;

use super::protection::protect;

use crate::auth::Refusal;
use crate::limits::Full;

/// A refused request. `message` is for the person who made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ApiError {
    #[serde(skip)]
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: Cow<'static, str>,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// A header that this status asks for.
    fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        match self.status {
            StatusCode::UNAUTHORIZED => Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                Some((RETRY_AFTER, HeaderValue::from_static("5")))
            }
            _ => None,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, header) = (self.status, self.header());
        let mut response = (status, Json(self)).into_response();
        response.headers_mut().extend(header);
        protect(response.headers_mut());
        response
    }
}

/// A handshake of a WebSocket that is refused, with the headers that tell what would do.
pub(super) fn no_handshake(refusal: ropeway_ws::server::Refusal) -> Response {
    let code = match refusal.status {
        StatusCode::FORBIDDEN => "forbidden",
        StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
        StatusCode::UPGRADE_REQUIRED => "upgrade_required",
        _ => "bad_request",
    };
    let mut response = ApiError::new(refusal.status, code, refusal.reason).into_response();
    response.headers_mut().extend(*refusal.headers);
    response
}

impl From<Full> for ApiError {
    fn from(full: Full) -> Self {
        debug!(code = full.code(), message = full.message(), "a connection is refused");
        Self::new(full.status(), full.code(), full.message())
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.status(), refusal.code(), refusal.message().to_owned())
    }
}

pub(super) fn unauthorized() -> ApiError {
    let message = format!("this needs `{AUTHORIZATION}: Bearer KEY` with the key of the API");
    ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
}

pub(super) async fn no_such_path(uri: Uri) -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "not_found", format!("there is nothing at {}", uri.path()))
}

pub(super) async fn no_such_method(method: Method, uri: Uri) -> ApiError {
    let message = format!("{} does not take {method}", uri.path());
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
}
