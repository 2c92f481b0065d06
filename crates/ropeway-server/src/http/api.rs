//! The HTTP API for backends.

use std::time::Duration;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::LengthLimitError;
use ropeway_hub::{Error, Payload, Publish};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use subtle::ConstantTimeEq;

use super::error::{ApiError, unauthorized};
use crate::auth::bearer;
use crate::protocol::native::receipt;
use crate::state::Shared;

/// The answer to `GET /api/status`.
#[derive(Serialize)]
pub(super) struct Status<'a> {
    version: &'static str,
    node: &'a str,
    /// Milliseconds.
    uptime: u64,
    /// Connections of the protocols; `/echo` is not counted.
    connections: usize,
    /// Rooms that have members.
    rooms: usize,
}

/// `GET /api/status`
pub(super) async fn status(State(shared): State<Shared>, headers: HeaderMap) -> Result<Response, ApiError> {
    authorize(&shared, &headers)?;
    let stats = shared.hub.stats();
    let status = Status {
        version: env!("CARGO_PKG_VERSION"),
        node: &shared.node,
        uptime: u64::try_from(shared.started.elapsed().as_millis()).unwrap_or(u64::MAX),
        connections: stats.connections,
        rooms: stats.rooms,
    };
    Ok(Json(status).into_response())
}

/// The body of `POST /api/publish`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PublishBody<'a> {
    room: String,
    event: String,
    /// Any JSON value, passed on as it is.
    #[serde(borrow)]
    data: &'a RawValue,
    /// Makes it safe to repeat.
    key: Option<String>,
}

/// `POST /api/publish`: answers with the place in the history, as the acknowledgement of a client's publish does.
pub(super) async fn publish(State(shared): State<Shared>, request: Request) -> Result<Response, ApiError> {
    authorize(&shared, request.headers())?;
    require_json(request.headers())?;
    let limits = (shared.config.limits.message.bytes(), shared.config.server.handshake_timeout);
    let bytes = read(request.into_body(), limits.0, limits.1).await?;
    let body: PublishBody<'_> =
        serde_json::from_slice(&bytes).map_err(|error| unprocessable(error.to_string()))?;
    require_open(&shared, &body.room)?;
    let data = Payload::text(body.data.get());
    let publish =
        Publish { room: &body.room, event: &body.event, data, key: body.key.as_deref(), volatile: false };
    let published = shared.hub.publish("/", &publish).await.map_err(|error| refused(&error))?;
    Ok(([(CONTENT_TYPE, "application/json")], receipt(&published)).into_response())
}

/// Asks for the key before anything else is said, so that nobody learns more without it.
pub(super) fn authorize(shared: &Shared, headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(key) = &shared.config.api.key else {
        let message = "the API is off: set `api.key` in the configuration";
        return Err(ApiError::new(StatusCode::NOT_FOUND, "not_found", message));
    };
    let given = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes).and_then(bearer);
    match given {
        Some(given) if bool::from(given.ct_eq(key.as_bytes())) => Ok(()),
        _ => Err(unauthorized()),
    }
}

pub(super) fn require_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = given.split(';').next().unwrap_or("").trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let message = "the body must be JSON, with `content-type: application/json`";
    Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message))
}

pub(super) async fn read(body: Body, limit: usize, time: Duration) -> Result<Bytes, ApiError> {
    match tokio::time::timeout(time, to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_too_long(&error) => {
            let message = format!("the body is longer than {limit} bytes");
            Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message))
        }
        Ok(Err(_)) => Err(ApiError::new(StatusCode::BAD_REQUEST, "bad_request", "the body broke off")),
        Err(_) => Err(ApiError::new(StatusCode::REQUEST_TIMEOUT, "timeout", "the body did not come in time")),
    }
}

fn is_too_long(error: &axum::Error) -> bool {
    let source = std::error::Error::source(error);
    source.is_some_and(<dyn std::error::Error>::is::<LengthLimitError>)
}

pub(super) fn unprocessable(message: String) -> ApiError {
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_message", message)
}

/// Nobody can be in a room that no rule names, so an event for it is a mistake that its sender should see.
fn require_open(shared: &Shared, room: &str) -> Result<(), ApiError> {
    if shared.config.rule_for(room).is_some() {
        return Ok(());
    }
    let message = format!("no room rule of the configuration matches {room:?}");
    Err(ApiError::new(StatusCode::FORBIDDEN, "forbidden", message))
}

fn refused(error: &Error) -> ApiError {
    let status = match error {
        Error::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        Error::Forbidden | Error::NoNamespace => StatusCode::FORBIDDEN,
        Error::Timeout | Error::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    ApiError::new(status, error.code(), error.to_string())
}
