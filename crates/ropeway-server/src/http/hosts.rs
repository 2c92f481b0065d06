//! Under which names the server is reached: `server.hosts`.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::HOST;
use tracing::debug;

use super::error::ApiError;
use crate::state::Shared;

/// Whoever watches over the server asks for its address, and learns nothing but that it is there.
const HEALTH: [&str; 2] = ["/healthz", "/readyz"];

/// Refuses requests for other hosts with 421 (RFC 9110 section 15.5.20).
pub(super) async fn check(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    if HEALTH.contains(&request.uri().path()) || is_ours(&shared, &request) {
        return next.run(request).await;
    }
    debug!("a request for another host is refused");
    let message = "this server is not reached under that name: `server.hosts` in its configuration lists \
                   the names (or ROPEWAY_SERVER_HOSTS)";
    ApiError::new(StatusCode::MISDIRECTED_REQUEST, "misdirected_request", message).into_response()
}

/// A request without a host, or with several, is nobody's.
fn is_ours(shared: &Shared, request: &Request) -> bool {
    let hosts = &shared.config.server.hosts;
    let mut lines = request.headers().get_all(HOST).iter();
    let host = match (request.uri().authority(), lines.next(), lines.next()) {
        (Some(authority), _, None) => Some(authority.as_str()),
        (None, Some(host), None) => host.to_str().ok(),
        _ => None,
    };
    hosts.allow(host.unwrap_or_default())
}
