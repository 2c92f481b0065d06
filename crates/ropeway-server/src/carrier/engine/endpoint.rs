//! The one path of Engine.IO, and who answers what comes there.

use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method, StatusCode};
use ropeway_socketio::engine::Version;
use ropeway_socketio::engine::session::Reason;
use ropeway_ws::WebSocket;
use tracing::debug;

use super::body::{self, BodyError};
use super::cors::Cors;
use super::desk::{Desk, Posting, Refused};
use super::open::Visitor;
use super::posted::Body;
use super::refusal::{Code, Refusal, empty};
use super::registry::Entry;
use super::verify::{Wanted, check_version, is_upgrade, verify};
use super::websocket::dismiss;
use super::{answer, open};
use crate::auth::Applicant;
use crate::handshake::Handshake;
use crate::http::ApiError;
use crate::protocol::socketio::Access;
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
    let answered = match verify(&shared, &request, is_upgrade) {
        Ok(Wanted::Open(version)) => begin(&shared, version, request, is_upgrade).await,
        Ok(Wanted::Poll(desk)) => Ok(poll(&shared, desk, request).await),
        Ok(Wanted::Upgrade(entry)) => upgrade(&shared, entry, request),
        Err(code) => Err(code.into()),
    };
    match answered {
        Ok(mut response) => {
            if let Some(app) = &shared.app {
                app.write_headers(response.headers_mut());
            }
            response
        }
        Err(refusal) => refuse(&shared, &refusal, is_upgrade),
    }
}

fn refuse(shared: &Shared, refusal: &Refusal, is_upgrade: bool) -> Response {
    debug!(?refusal, "a request of Engine.IO is refused");
    if let Some(app) = &shared.app {
        app.connection_failed(refusal.code as u8, &refusal.message);
    }
    if is_upgrade { refusal.to_upgrade() } else { refusal.to_request() }
}

/// A new session, if there is a place for it and the application allows it. The place comes first: who finds none costs
/// nobody a question.
async fn begin(
    shared: &Shared,
    version: Version,
    request: Request,
    is_upgrade: bool,
) -> Result<Response, Refusal> {
    let mut place = match shared.enter(request.extensions()) {
        Ok(place) => place,
        Err(full) => return Ok(ApiError::from(full).into_response()),
    };
    let handshake = Arc::new(Handshake::new(&request, SystemTime::now()));
    if let Some(app) = &shared.app {
        app.allows(&handshake).await.map_err(Refusal::forbidden)?;
    }
    check_version(&shared.config.socketio, version)?;
    let access = access(shared, version, &handshake, is_upgrade).await?;
    if let Some(user) = access.as_ref().and_then(Access::user)
        && let Err(full) = place.set_user(user)
    {
        return Ok(ApiError::from(full).into_response());
    }
    let visitor = Visitor { version, handshake: handshake.clone(), access, place };
    let mut response = if is_upgrade {
        open::websocket(shared, visitor, request)?
    } else {
        open::polling(shared, visitor, &request)
    };
    if let Some(app) = &shared.app {
        app.write_initial_headers(response.headers_mut(), &handshake);
    }
    Ok(response)
}

/// What is known of the client; nothing where nobody asks. There is no session before it is admitted.
async fn access(
    shared: &Shared,
    version: Version,
    handshake: &Arc<Handshake>,
    is_upgrade: bool,
) -> Result<Option<Access>, Refusal> {
    if shared.auth.is_open() {
        return Ok(None);
    }
    let carrier = if is_upgrade { "websocket" } else { "polling" };
    let applicant = Applicant::socketio(handshake.clone(), carrier);
    // Clients of version 3 are in `/` before they can say anything.
    let applicant = if version == Version::V3 { applicant.without_messages() } else { applicant };
    let admission = shared.auth.admit(&applicant).await?;
    Ok(Some(Access::new(shared.auth.clone(), shared.population.clone(), applicant, admission)))
}

async fn poll(shared: &Shared, desk: Arc<Desk>, request: Request) -> Response {
    match *request.method() {
        Method::GET => get(shared, &desk, request.headers()).await,
        Method::POST => post(shared, &desk, request).await,
        _ => empty(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// Held until there is something to say. When the client goes away before, the HTTP server drops this future.
async fn get(shared: &Shared, desk: &Desk, request: &HeaderMap) -> Response {
    let payload = match desk.get() {
        Ok(payload) => payload,
        Err(refused) => return refused.into_response(),
    };
    match payload.await {
        Ok(payload) => answer::payload(payload, &shared.config.socketio, request),
        // The server ends.
        Err(_) => Refusal::from(Code::UnknownSession).to_request(),
    }
}

async fn post(shared: &Shared, desk: &Arc<Desk>, request: Request) -> Response {
    let mut posting = match desk.post() {
        Ok(posting) => posting,
        Err(refused) => return refused.into_response(),
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
        Err(BodyError::TooSlow) => {
            desk.fail(Reason::PingTimeout);
            empty(StatusCode::REQUEST_TIMEOUT)
        }
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

impl Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Overlap => empty(StatusCode::BAD_REQUEST),
            Self::Gone => Refusal::from(Code::UnknownSession).to_request(),
        }
    }
}

/// A WebSocket for a session that exists. Whether it may try is known when it is there; else it is closed.
fn upgrade(shared: &Shared, entry: Entry, request: Request) -> Result<Response, Refusal> {
    if !shared.config.socketio.upgrades() {
        return Err(Code::BadRequest.into());
    }
    open::accept(shared, request, move |socket: WebSocket| {
        let socket = Box::new(socket);
        let refused = match &entry {
            Entry::Polling(desk) => desk.probe(socket).err(),
            Entry::WebSocket(_) => Some(socket),
        };
        refused.into_iter().for_each(dismiss);
    })
}
