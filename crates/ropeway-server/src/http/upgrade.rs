//! The doors of `/ws` and `/echo`: who may pass, before the carrier takes over.

use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use tracing::debug;

use super::error::{ApiError, no_handshake};
use crate::auth::{Admission, Applicant, Refusal};
use crate::carrier::{Endpoint, Upgrading, Visitor};
use crate::clock::now;
use crate::config::RefusalMode;
use crate::handshake::Handshake;
use crate::limits::Place;
use crate::protocol::native::{Access, Door};
use crate::state::Shared;

/// `GET /ws`: the native protocol, for pages of this server and of `server.origins`, and for whom
/// [`Auth`](crate::auth::Auth) admits.
pub(super) async fn native(State(shared): State<Shared>, mut request: Request) -> Response {
    let entered = enter(&shared, Endpoint::Native, &mut request);
    let (upgrading, mut place) = match entered {
        Ok(entered) => entered,
        Err(response) => return *response,
    };
    let handshake = handshake(&shared, &request);
    match visitor(&shared, handshake, &mut place).await {
        Ok(visitor) => upgrading.complete(shared, visitor, place),
        Err(refusal) if shared.auth.refusal_mode() == RefusalMode::Close => {
            upgrading.complete(shared, Visitor::Refused(refusal), place)
        }
        Err(refusal) => ApiError::from(refusal).into_response(),
    }
}

/// `GET /echo`: every message comes back. Open to pages of any origin, since nothing is behind it.
pub(super) async fn echo(State(shared): State<Shared>, mut request: Request) -> Response {
    match enter(&shared, Endpoint::Echo, &mut request) {
        Ok((upgrading, place)) => upgrading.complete(shared, Visitor::Anybody { door: None }, place),
        Err(response) => *response,
    }
}

/// Nobody is asked about a request that could not become a connection anyway.
fn enter(
    shared: &Shared,
    endpoint: Endpoint,
    request: &mut Request,
) -> Result<(Upgrading, Place), Box<Response>> {
    let place =
        shared.enter(request.extensions()).map_err(|full| Box::new(ApiError::from(full).into_response()))?;
    let upgrading = Upgrading::new(shared, endpoint, request).map_err(|refusal| {
        debug!(%refusal, "a handshake is refused");
        Box::new(no_handshake(refusal))
    })?;
    Ok((upgrading, place))
}

/// What the application or the chain of authentication looks at, if there is one of them.
fn handshake(shared: &Shared, request: &Request) -> Option<Arc<Handshake>> {
    let is_asked_for = shared.app.is_some() || !shared.auth.is_open();
    is_asked_for.then(|| Arc::new(Handshake::new(request, SystemTime::now())))
}

/// Who comes in. The future is dropped when the client leaves meanwhile.
async fn visitor(
    shared: &Shared,
    handshake: Option<Arc<Handshake>>,
    place: &mut Place,
) -> Result<Visitor, Refusal> {
    let door =
        |handshake: &Arc<Handshake>| shared.app.clone().map(|app| Door { app, handshake: handshake.clone() });
    let door = handshake.as_ref().and_then(door);
    let Some(handshake) = handshake.filter(|_| !shared.auth.is_open()) else {
        return Ok(Visitor::Anybody { door });
    };
    let applicant = Applicant::native(handshake);
    let admission = shared.auth.admit(&applicant).await?;
    if let Admission::Known(identity) = &admission {
        identity.may_enter("/")?;
        identity.name().map_or(Ok(()), |user| place.set_user(user))?;
    }
    let access = Access::new(shared, applicant, admission, now());
    Ok(Visitor::Admitted { door, access: Box::new(access) })
}
