//! Who the client of a session is: what is known of it, until when, and the token that is being verified.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use ropeway_hub::BoxFuture;

use super::door::Door;
use crate::auth::{Admission, Applicant, Attempts, Auth, Identity, Refusal, Secret};
use crate::limits::{Population, UserPlace};
use crate::state::State;

/// Absent where everybody may come in, so that it costs nothing there.
pub(crate) struct Access {
    auth: Arc<Auth>,
    applicant: Applicant,
    population: Arc<Population>,
    /// Among the connections of a user who has become known by a message.
    place: Option<UserPlace>,
    pub(super) who: Who,
    /// The token that is being verified, and the request that it came with. Nothing is read meanwhile.
    verifying: Option<(Option<String>, BoxFuture<Verified>)>,
    attempts: Attempts,
    due: Option<Due>,
    /// The connection is being closed: what still comes is not looked at, or each token of a flood would be verified.
    pub(super) is_over: bool,
    /// What the session begins with, while it may still begin or begin anew: its welcome, its name and its door.
    pub(super) start: Option<Start>,
}

/// What a token has come to.
pub(super) type Verified = Result<Arc<Identity>, Refusal>;

/// What is known of a client.
#[derive(Clone)]
pub(super) enum Who {
    /// Nothing yet: its first message must say.
    Unknown,
    /// Nobody in particular, who may become somebody.
    Anyone,
    Known(Arc<Identity>),
}

/// The beginning of a session, to be had more than once.
#[derive(Clone)]
pub(super) struct Start {
    pub(super) session: Box<str>,
    pub(super) welcome: Bytes,
    pub(super) door: Option<Door>,
}

/// What happens next without the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// It has not said who it is.
    TimeOut(Instant),
    /// It is warned of the end, which comes later.
    Warning(Instant, Instant),
    /// Its credentials end.
    End(Instant),
}

impl Due {
    fn at(self) -> Instant {
        match self {
            Self::TimeOut(at) | Self::Warning(at, _) | Self::End(at) => at,
        }
    }
}

impl Access {
    /// Of a client that was admitted at `now`.
    pub(crate) fn new(shared: &State, applicant: Applicant, admission: Admission, now: Instant) -> Self {
        let mut access = Self {
            auth: shared.auth.clone(),
            applicant,
            population: shared.population.clone(),
            place: None,
            who: Who::Unknown,
            verifying: None,
            attempts: Attempts::default(),
            due: None,
            is_over: false,
            start: None,
        };
        match admission {
            Admission::Known(identity) => access.set(identity, now),
            Admission::Anonymous => access.who = Who::Anyone,
            Admission::Later => access.due = now.checked_add(access.auth.deadline()).map(Due::TimeOut),
        }
        access
    }

    /// From `now` on the client is this one, until its time is over.
    pub(super) fn set(&mut self, identity: Arc<Identity>, now: Instant) {
        // A user does not begin anew.
        self.start = self.start.take().filter(|_| identity.name().is_none());
        self.due = identity.time_left(SystemTime::now()).and_then(|left| self.schedule(left, now));
        self.who = Who::Known(identity);
    }

    /// The warning leaves a client whose tokens are short half of their time.
    fn schedule(&self, left: Duration, now: Instant) -> Option<Due> {
        let end = now.checked_add(left)?;
        let early = self.auth.expiry_warning().min(left / 2);
        Some(Due::Warning(end - early, end))
    }

    pub(super) fn identity(&self) -> Option<&Arc<Identity>> {
        match &self.who {
            Who::Known(identity) => Some(identity),
            Who::Unknown | Who::Anyone => None,
        }
    }

    /// Whether the client has still to say who it is, and nothing else is accepted of it.
    pub(super) fn is_unknown(&self) -> bool {
        matches!(self.who, Who::Unknown)
    }

    /// Whether a token may yet say which user the client is.
    pub(super) fn is_nobody(&self) -> bool {
        self.identity().and_then(|identity| identity.name()).is_none()
    }

    /// Whether a token may come as a message.
    pub(super) fn takes_messages(&self) -> bool {
        self.auth.takes_messages()
    }

    /// The credentials that these renew; nothing where the client becomes somebody by these.
    ///
    /// # Errors
    /// They are for another user.
    pub(super) fn renewed(&self, identity: &Identity) -> Result<Option<Arc<Identity>>, Refusal> {
        let Some(before) = self.identity() else { return Ok(None) };
        before.may_become(identity)?;
        Ok(Some(before.clone()).filter(|before| before.name() == identity.name()))
    }

    /// Notes what has come of a token; whether the connection ends with it.
    pub(super) fn is_last<T>(&mut self, verified: &Result<T, Refusal>) -> bool {
        self.attempts.note(verified) || (verified.is_err() && self.is_unknown())
    }

    /// Counts the connection as one of a user who becomes known by a message. Who is known already was counted before.
    ///
    /// # Errors
    /// The user has as many connections as it may have.
    pub(super) fn count(&mut self, identity: &Identity) -> Result<(), Refusal> {
        if let Some(user) = identity.name().filter(|_| self.is_nobody()) {
            self.place = Some(self.population.enter_user(user)?);
        }
        Ok(())
    }

    /// Begins to verify a token; [`Access::poll`] gives the answer.
    pub(super) fn verify(&mut self, id: Option<&str>, token: Secret) {
        let (auth, applicant) = (self.auth.clone(), self.applicant.clone());
        let answer = async move { auth.verify_token(token, &applicant).await };
        self.verifying = Some((id.map(str::to_owned), Box::pin(answer)));
    }

    pub(super) fn is_verifying(&self) -> bool {
        self.verifying.is_some()
    }

    /// The answer about a token, with the request that it came with.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Option<(Option<String>, Verified)> {
        let (_, answer) = self.verifying.as_mut()?;
        let Poll::Ready(answer) = answer.as_mut().poll(cx) else { return None };
        let (id, _) = self.verifying.take()?;
        Some((id, answer))
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.due.map(Due::at)
    }

    /// Takes what is due at `now`; a warning leaves the end behind.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Due> {
        let due = self.due.take_if(|due| due.at() <= now)?;
        if let Due::Warning(_, end) = due {
            self.due = Some(Due::End(end));
        }
        Some(due)
    }
}
