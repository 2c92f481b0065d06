//! The builds of the JavaScript client, where Socket.IO servers have them.

use std::sync::OnceLock;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::pages::is_known;
use super::protection::RESOURCE_POLICY;
use crate::carrier::engine::{Coding, Cors};
use crate::state::Shared;

/// Of the npm package `socket.io-client`; see `assets/socket.io-client/README.md`.
const VERSION: &str = "4.8.4";

/// One file, and its compressed forms, made when first asked for.
struct Bundle {
    name: &'static str,
    contents: &'static [u8],
    gzip: OnceLock<Bytes>,
    deflate: OnceLock<Bytes>,
}

macro_rules! bundles {
    ($($name:literal),* $(,)?) => {
        [$(Bundle {
            name: $name,
            contents: include_bytes!(concat!("../../assets/socket.io-client/", $name)),
            gzip: OnceLock::new(),
            deflate: OnceLock::new(),
        }),*]
    };
}

static BUNDLES: [Bundle; 8] = bundles![
    "socket.io.js",
    "socket.io.js.map",
    "socket.io.min.js",
    "socket.io.min.js.map",
    "socket.io.esm.min.js",
    "socket.io.esm.min.js.map",
    "socket.io.msgpack.min.js",
    "socket.io.msgpack.min.js.map",
];

/// `GET <path>/socket.io.js` and so on.
pub(super) fn routes(router: Router<Shared>, path: &str) -> Router<Shared> {
    BUNDLES.iter().fold(router, |router, bundle| {
        let serve = move |State(shared): State<Shared>, request: Request| async move {
            let mut response = bundle.serve(request.headers());
            Cors::new(shared.engine.origins(), &request).apply(response.headers_mut());
            response
        };
        router.route(&format!("{path}/{}", bundle.name), get(serve))
    })
}

impl Bundle {
    fn serve(&self, request: &HeaderMap) -> Response {
        let tag = format!("\"{VERSION}\"");
        if is_known(request, &tag) {
            let anywhere = (RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
            return (StatusCode::NOT_MODIFIED, [(ETAG, tag)], [anywhere]).into_response();
        }
        let coding = Coding::accepted(request);
        let body = match coding {
            Some(coding) => self.compressed(coding),
            None => Bytes::from_static(self.contents),
        };
        let headers = [
            (CACHE_CONTROL, HeaderValue::from_static("public, max-age=0")),
            (CONTENT_TYPE, HeaderValue::from_static(self.content_type())),
            (VARY, HeaderValue::from_static("Accept-Encoding")),
            // Any page may run it: that is what it is for, and it holds no secret.
            (RESOURCE_POLICY, HeaderValue::from_static("cross-origin")),
        ];
        let mut response = ([(ETAG, tag)], headers, body).into_response();
        let coding = coding.map(|coding| (CONTENT_ENCODING, HeaderValue::from_static(coding.as_str())));
        response.headers_mut().extend(coding);
        response
    }

    fn compressed(&self, coding: Coding) -> Bytes {
        let slot = match coding {
            Coding::Gzip => &self.gzip,
            Coding::Deflate => &self.deflate,
        };
        slot.get_or_init(|| coding.compress(self.contents)).clone()
    }

    fn content_type(&self) -> &'static str {
        if self.name.ends_with(".map") {
            "application/json; charset=utf-8"
        } else {
            "application/javascript; charset=utf-8"
        }
    }
}
