//! Everything that is reached by an ordinary HTTP request.

use axum::Router;
use axum::middleware::{from_fn_with_state, map_response};
use axum::routing::{any, get, post};

use crate::carrier::engine;
use crate::state::Shared;

mod api;
mod bundles;
mod drain;
mod error;
mod health;
mod hosts;
mod pages;
mod protection;
mod tickets;
mod upgrade;

pub(crate) use error::ApiError;

/// The routes of a server. What it has no path for is answered by `others`, if there are any.
pub(crate) fn router(shared: Shared, others: Option<Router>) -> Router {
    let config = &shared.config.server;
    let mut router = Router::new()
        .route("/ws", get(upgrade::native))
        .route("/api/status", get(api::status))
        .route("/api/publish", post(api::publish))
        .route("/api/tickets", post(tickets::issue))
        .route("/api/drain", get(drain::show).post(drain::start))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/ropeway.js", get(pages::client));
    if config.echo {
        router = router.route("/echo", get(upgrade::echo));
    }
    if config.chat {
        router = router.route("/", get(pages::index)).route("/chat/{name}", get(pages::chat));
    }
    let socketio = &shared.config.socketio;
    if socketio.enabled {
        router = router.route(&socketio.endpoint(), any(engine::serve));
    }
    if socketio.enabled && socketio.serve_client {
        router = bundles::routes(router, socketio.path.as_str());
    }
    let router = router.method_not_allowed_fallback(error::no_such_method);
    let protection = map_response(protection::add);
    // What others serve is their own, but it is reached under our names.
    let router = match others {
        Some(others) => router.layer(protection).fallback_service(others),
        None => router.fallback(error::no_such_path).layer(protection),
    };
    router.layer(from_fn_with_state(shared.clone(), hosts::check)).with_state(shared)
}
