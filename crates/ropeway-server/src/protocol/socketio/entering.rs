//! Those who are not yet in a namespace: what they wait for, and what has been decided.

use std::sync::Arc;
use std::task::{Context, Poll};

use ropeway_hub::{BoxFuture, Grants, OwnedPayload, Socket};
use ropeway_socketio::engine::SessionId;

use super::access::Verified;
use crate::app::{Handlers, Refusal};
use crate::auth::Identity;
use crate::limits::UserPlace;

/// What waits for the application before it is in a namespace.
pub(super) struct Entering {
    pub(super) namespace: Box<str>,
    pub(super) entrant: Entrant,
    pub(super) stage: Stage,
}

/// Who wants to enter.
pub(super) struct Entrant {
    /// What the client sent with CONNECT.
    pub(super) auth: OwnedPayload,
    /// Who it is, as far as anybody asks.
    pub(super) identity: Option<Arc<Identity>>,
    /// Among the connections of a user whom only the token of the namespace named.
    pub(super) place: Option<Arc<UserPlace>>,
}

impl Entrant {
    pub(super) fn user(&self) -> Option<&str> {
        self.identity.as_deref().and_then(Identity::name)
    }

    pub(super) fn grants(&self) -> Option<Arc<dyn Grants>> {
        self.identity.clone().map(|identity| identity as Arc<dyn Grants>)
    }
}

/// What is waited for.
pub(super) enum Stage {
    Verifying(BoxFuture<Verified>),
    Finding(BoxFuture<Option<Arc<Handlers>>>),
    Admitting(Candidate, BoxFuture<Result<(), Refusal>>),
}

/// A socket that is open and not established.
#[derive(Clone)]
pub(super) struct Candidate {
    pub(super) socket: Socket,
    /// What it may come back with.
    pub(super) pid: Option<SessionId>,
    /// It was here before and comes back.
    pub(super) returns: bool,
    pub(super) handlers: Option<Arc<Handlers>>,
}

/// What has been decided.
pub(super) enum Decided {
    Verified(Verified),
    Found(Option<Arc<Handlers>>),
    Admitted(Candidate, Result<(), Refusal>),
}

impl Entering {
    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Decided> {
        match &mut self.stage {
            Stage::Verifying(later) => later.as_mut().poll(cx).map(Decided::Verified),
            Stage::Finding(later) => later.as_mut().poll(cx).map(Decided::Found),
            Stage::Admitting(candidate, later) => {
                let candidate = candidate.clone();
                later.as_mut().poll(cx).map(|admitted| Decided::Admitted(candidate, admitted))
            }
        }
    }
}
