//! For load balancers and supervisors.

use axum::extract::State;
use http::StatusCode;

use crate::lifetime::Phase;
use crate::state::Shared;

/// `GET /healthz`: the process answers.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: 200 while new connections are welcome, 503 during a shutdown.
pub(super) async fn ready(State(shared): State<Shared>) -> (StatusCode, &'static str) {
    if shared.drain.has_reached(Phase::Draining) {
        (StatusCode::SERVICE_UNAVAILABLE, "draining\n")
    } else {
        (StatusCode::OK, "ready\n")
    }
}
