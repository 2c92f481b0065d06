//! WebSockets.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};

use crate::config::Config;
use crate::lifetime::Place;
use crate::state::Shared;

pub(crate) struct Endpoints;

impl Endpoints {
    pub(crate) fn new(_config: &Config) -> Self {
        Self
    }
}

pub(crate) enum Endpoint {
    Native,
    Echo,
}

pub(crate) fn upgrade(_shared: Shared, _endpoint: Endpoint, _place: Place, _request: Request) -> Response {
    http::StatusCode::NOT_IMPLEMENTED.into_response()
}
