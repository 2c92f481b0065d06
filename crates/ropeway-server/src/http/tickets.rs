//! One-time tickets for the clients of an application.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderValue};
use serde::{Deserialize, Serialize};

use super::api::{authorize, read, require_json, unprocessable};
use super::error::ApiError;
use crate::auth::tickets::Full;
use crate::auth::{Grant, GrantError, seconds};
use crate::config::MAX_TICKET_TTL;
use crate::state::Shared;

/// Bytes of a request: what a ticket holds in memory is bounded by it.
const MAX_BODY: usize = 16 * 1024;

/// The field that a request has besides those of a grant.
#[derive(Deserialize)]
struct Lifetime {
    #[serde(default, deserialize_with = "seconds")]
    ttl: Option<Duration>,
}

#[derive(Serialize)]
struct Issued<'a> {
    ticket: &'a str,
    /// Seconds, as in the request.
    expires_in: f64,
}

/// `POST /api/tickets`
pub(super) async fn issue(State(shared): State<Shared>, request: Request) -> Result<Response, ApiError> {
    authorize(&shared, request.headers())?;
    let tickets = shared.auth.tickets().ok_or_else(off)?;
    require_json(request.headers())?;
    let body = read(request.into_body(), MAX_BODY, shared.config.server.handshake_timeout).await?;
    let text = std::str::from_utf8(&body).map_err(|_| unprocessable("the body is not UTF-8".to_owned()))?;
    let grant = Grant::strict(text, &["ttl"]).map_err(refused)?;
    let lifetime: Lifetime = serde_json::from_str(text).map_err(|error| unprocessable(error.to_string()))?;
    let ttl = lifetime.ttl.unwrap_or(shared.config.tickets.ttl);
    if ttl.is_zero() || ttl > MAX_TICKET_TTL {
        return Err(unprocessable("`ttl` must be above 0 and at most 5m".to_owned()));
    }
    let identity = Arc::new(grant.into_identity(SystemTime::now()).map_err(refused)?);
    let ticket = tickets.issue(identity, ttl, Instant::now()).map_err(|Full| full())?;
    let issued = Issued { ticket: ticket.reveal(), expires_in: ttl.as_secs_f64() };
    let headers = [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((StatusCode::CREATED, headers, Json(issued)).into_response())
}

fn off() -> ApiError {
    let message = "tickets are off: set `tickets.enabled` in the configuration";
    ApiError::new(StatusCode::NOT_FOUND, "not_found", message)
}

fn refused(error: GrantError) -> ApiError {
    unprocessable(error.to_string())
}

fn full() -> ApiError {
    let message = "there are as many tickets as there may be: try again later";
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message)
}
