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
    if shared.drain.has_reached(Phase::Leaving) {
        (StatusCode::SERVICE_UNAVAILABLE, "draining\n")
    } else {
        (StatusCode::OK, "ready\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::state::State as Server;

    #[tokio::test]
    async fn a_server_that_shuts_down_is_not_ready() {
        let shared = Server::new(Config::default(), None);
        assert_eq!(ready(State(shared.clone())).await.0, StatusCode::OK);
        shared.drain.start();
        assert_eq!(ready(State(shared)).await.0, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(alive().await, "ok\n");
    }
}
