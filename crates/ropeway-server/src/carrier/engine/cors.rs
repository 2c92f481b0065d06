//! Pages of other origins: what they may read (the Fetch standard, CORS protocol).

use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use ropeway_ws::server::Origins;

/// The headers for the page that made a request; none for programs and for pages that may not.
pub(crate) struct Cors {
    /// The page's origin, or `*`.
    origin: Option<HeaderValue>,
    /// Another page would get other headers, and so a cache has to keep them apart.
    varies: bool,
    /// What a preflight wants to send.
    wanted: Option<Wanted>,
}

struct Wanted {
    headers: Option<HeaderValue>,
}

impl Cors {
    pub(crate) fn new<B>(origins: &Origins, request: &Request<B>) -> Self {
        let headers = request.headers();
        let origin = headers.get(ORIGIN).filter(|_| origins.allows(request)).map(|origin| match origins {
            Origins::Any => HeaderValue::from_static("*"),
            _ => origin.clone(),
        });
        let is_preflight =
            request.method() == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        let wanted =
            is_preflight.then(|| Wanted { headers: headers.get(ACCESS_CONTROL_REQUEST_HEADERS).cloned() });
        Self { origin, varies: *origins != Origins::Any, wanted }
    }

    /// The answer to a preflight of a page that may.
    pub(crate) fn preflight(&mut self) -> Option<Response> {
        let wanted = self.wanted.take().filter(|_| self.origin.is_some())?;
        let mut response = StatusCode::NO_CONTENT.into_response();
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET,POST"));
        if let Some(wanted) = wanted.headers {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted);
            headers.append(VARY, HeaderValue::from_static("Access-Control-Request-Headers"));
        }
        Some(response)
    }

    /// Adds the headers to an answer. Pages of listed origins may send cookies along; where all are allowed, none may.
    pub(crate) fn apply(self, headers: &mut HeaderMap) {
        if self.varies {
            headers.append(VARY, HeaderValue::from_static("Origin"));
        }
        let Some(origin) = self.origin else { return };
        if origin != "*" {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
}
