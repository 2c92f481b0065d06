//! The doors of `/ws` and `/echo`: who may pass, before the carrier takes over.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::error::ApiError;
use crate::carrier::{self, Endpoint};
use crate::lifetime::{Phase, Place};
use crate::state::Shared;

/// `GET /ws`: the native protocol, for pages of this server and of `server.origins`.
pub(super) async fn native(State(shared): State<Shared>, request: Request) -> Response {
    enter(shared, Endpoint::Native, request)
}

/// `GET /echo`: every message comes back. Open to pages of any origin, since nothing is behind it.
pub(super) async fn echo(State(shared): State<Shared>, request: Request) -> Response {
    enter(shared, Endpoint::Echo, request)
}

fn enter(shared: Shared, endpoint: Endpoint, request: Request) -> Response {
    match place(&shared) {
        Ok(place) => carrier::upgrade(shared, endpoint, place, request),
        Err(error) => error.into_response(),
    }
}

fn place(shared: &Shared) -> Result<Place, ApiError> {
    let unavailable = |message| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message);
    if shared.drain.has_reached(Phase::Draining) {
        return Err(unavailable("the server is shutting down"));
    }
    shared.population.enter().ok_or_else(|| unavailable("the server has as many connections as it may have"))
}
