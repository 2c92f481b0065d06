//! The one path of Engine.IO, and who answers what comes there.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method, StatusCode};
use ropeway_socketio::engine::Version;
use ropeway_socketio::engine::session::Reason;
use ropeway_ws::WebSocket;
use tracing::debug;

use super::body::{self, BodyError};
use super::cors::Cors;
use super::desk::{Body, Desk, Posting, Refused};
use super::refusal::{Refusal, empty};
use super::registry::Entry;
use super::verify::{Wanted, is_upgrade, verify};
use super::websocket::dismiss;
use super::{answer, open};
use crate::state::Shared;

/// Every request of Engine.IO.
pub(crate) async fn serve(State(shared): State<Shared>, request: Request) -> Response {
    let mut cors = Cors::new(shared.engine.origins(), &request);
    let mut response = match cors.preflight() {
        Some(response) => response,
        None => respond(shared, request).await,
    };
    cors.apply(response.headers_mut());
    response
}

async fn respond(shared: Shared, request: Request) -> Response {
    let is_upgrade = is_upgrade(request.headers());
    match verify(&shared, &request, is_upgrade) {
        Ok(Wanted::Open(version)) if is_upgrade => open::websocket(shared, version, request),
        Ok(Wanted::Open(version)) => open::polling(shared, version, request),
        Ok(Wanted::Poll(desk)) => poll(shared, desk, request).await,
        Ok(Wanted::Upgrade(entry)) => upgrade(shared, entry, request),
        Err(refusal) => {
            debug!(?refusal, "a request of Engine.IO is refused");
            if is_upgrade { refusal.to_upgrade() } else { refusal.to_request() }
        }
    }
}

async fn poll(shared: Shared, desk: Arc<Desk>, request: Request) -> Response {
    match *request.method() {
        Method::GET => get(shared, &desk, request.headers()).await,
        Method::POST => post(shared, &desk, request).await,
        _ => empty(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// Held until there is something to say. When the client goes away before, the HTTP server drops this future.
async fn get(shared: Shared, desk: &Desk, request: &HeaderMap) -> Response {
    let payload = match desk.get() {
        Ok(payload) => payload,
        Err(refused) => return refuse(refused),
    };
    match payload.await {
        Ok(payload) => answer::payload(payload, &shared.config.socketio, request),
        // The server ends.
        Err(_) => Refusal::UnknownSession.to_request(),
    }
}

async fn post(shared: Shared, desk: &Arc<Desk>, request: Request) -> Response {
    let mut posting = match desk.post() {
        Ok(posting) => posting,
        Err(refused) => return refuse(refused),
    };
    let is_binary =
        request.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "application/octet-stream");
    if is_binary && desk.version() == Version::V4 {
        return empty(StatusCode::BAD_REQUEST);
    }
    let config = &shared.config.socketio;
    // For longer than this the client could not answer a ping, which ends the session, unless it is upgraded.
    let time = config.ping_interval + 2 * config.ping_timeout;
    let body = body::read(request.into_body(), config.max_http_buffer_size.bytes(), time);
    match posting.read(body).await.unwrap_or(Err(BodyError::Broken)) {
        Ok(bytes) => {
            let body = if is_binary {
                Ok(Body::Binary(bytes))
            } else {
                String::from_utf8(bytes.into()).map(Body::Text)
            };
            deliver(desk, posting, body.ok()).await
        }
        Err(BodyError::TooLarge(rest)) => {
            posting.refuse();
            body::discard(rest);
            empty(StatusCode::PAYLOAD_TOO_LARGE)
        }
        Err(BodyError::TooSlow) => empty(StatusCode::REQUEST_TIMEOUT),
        Err(BodyError::Broken) => empty(StatusCode::BAD_REQUEST),
    }
}

/// Nothing is handed in of a body that is not text.
async fn deliver(desk: &Desk, posting: Posting, body: Option<Body>) -> Response {
    let Some(body) = body else {
        desk.fail(Reason::ParseError);
        return empty(StatusCode::BAD_REQUEST);
    };
    if posting.deliver(body).await { answer::ok() } else { empty(StatusCode::BAD_REQUEST) }
}

fn refuse(refused: Refused) -> Response {
    match refused {
        Refused::Overlap => empty(StatusCode::BAD_REQUEST),
        Refused::Gone => Refusal::UnknownSession.to_request(),
    }
}

/// A WebSocket for a session that exists. Whether it may try is known when it is there; else it is closed.
fn upgrade(shared: Shared, entry: Entry, request: Request) -> Response {
    if !shared.config.socketio.upgrades() {
        return Refusal::BadRequest.to_upgrade();
    }
    open::accept(&shared.clone(), request, move |socket: WebSocket| {
        let socket = Box::new(socket);
        let refused = match &entry {
            Entry::Polling(desk) => desk.probe(socket).err(),
            Entry::WebSocket(_) => Some(socket),
        };
        refused.into_iter().for_each(dismiss);
    })
}
