//! Who the client of a connection is: by its first request, by the tokens of its namespaces, and until when.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime};

use ropeway_hub::{BoxFuture, Socket};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::auth::{Admission, Applicant, Auth, Identity, Refusal, Secret};
use crate::protocol::request::text;

/// Absent where everybody may come in, so that it costs nothing there.
pub(crate) struct Access {
    auth: Arc<Auth>,
    applicant: Applicant,
    /// Who it is by its first request.
    identity: Option<Arc<Identity>>,
    /// Who is not known by the first request has to bring a token.
    is_required: bool,
    /// What a token that came as an event has come to; nothing is read meanwhile.
    renewal: Option<Renewal>,
    /// One for each namespace in which the client's time is limited.
    terms: Vec<Term>,
}

/// What a token has come to.
pub(crate) type Verified = Result<Arc<Identity>, Refusal>;

/// Who a client is in a namespace: nobody in particular, where that is allowed.
pub(super) enum Claim {
    Settled(Result<Option<Arc<Identity>>, Refusal>),
    Asked(BoxFuture<Verified>),
}

struct Renewal {
    socket: Socket,
    id: Option<u64>,
    answer: BoxFuture<Verified>,
}

struct Term {
    socket: Socket,
    /// The warning, then the end.
    due: Instant,
    end: Instant,
}

/// What happens to a socket without the client.
pub(super) enum Due {
    Warning(Socket, Duration),
    End(Socket),
}

impl Access {
    /// Of a client that was admitted.
    pub(crate) fn new(auth: Arc<Auth>, applicant: Applicant, admission: Admission) -> Self {
        let is_required = matches!(admission, Admission::Later);
        let identity = match admission {
            Admission::Known(identity) => Some(identity),
            Admission::Anonymous | Admission::Later => None,
        };
        Self { auth, applicant, identity, is_required, renewal: None, terms: Vec::new() }
    }

    /// Its name, where the first request said it.
    pub(crate) fn user(&self) -> Option<&str> {
        self.identity.as_deref().and_then(Identity::name)
    }

    /// Who wants to enter a namespace. A token there counts more than the first request, whose user it must be for.
    pub(super) fn claim(&self, namespace: &str, auth: &str) -> Claim {
        let token = if self.auth.takes_messages() { read_token(auth) } else { Ok(None) };
        match token {
            Ok(Some(token)) => self.ask(namespace, token),
            Ok(None) if self.identity.is_none() && self.is_required => {
                Claim::Settled(Err(Refusal::missing()))
            }
            Ok(None) => {
                let identity = self.identity.clone();
                Claim::Settled(check(identity.as_deref(), namespace).map(|()| identity))
            }
            Err(refusal) => Claim::Settled(Err(refusal)),
        }
    }

    fn ask(&self, namespace: &str, token: Secret) -> Claim {
        let (auth, applicant) = (self.auth.clone(), self.applicant.clone());
        let (before, namespace) = (self.identity.clone(), namespace.to_owned());
        Claim::Asked(Box::pin(async move {
            let identity = auth.verify_token(token, &applicant).await?;
            if before.is_some_and(|before| before.name() != identity.name()) {
                return Err(Refusal::forbidden("this token is for another user"));
            }
            check(Some(&identity), &namespace)?;
            Ok(identity)
        }))
    }

    /// A socket is in its namespace: its time begins, or goes on.
    pub(super) fn begin(&mut self, socket: &Socket, now: Instant) {
        self.terms.retain(|term| term.socket.id() != socket.id() && term.socket.is_connected());
        let left = Identity::of(socket).and_then(|identity| identity.time_left(SystemTime::now()));
        let Some(end) = left.and_then(|left| now.checked_add(left)) else { return };
        // The warning leaves a client whose tokens are short half of their time.
        let early = self.auth.expiry_warning().min((end - now) / 2);
        self.terms.push(Term { socket: socket.clone(), due: end - early, end });
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.terms.iter().map(|term| term.due).min()
    }

    /// Takes what is due at `now`; a warning leaves the end behind.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Due> {
        let at = self.terms.iter().position(|term| term.due <= now)?;
        let term = &mut self.terms[at];
        let left = Identity::of(&term.socket).and_then(|identity| identity.time_left(SystemTime::now()));
        if term.due < term.end {
            term.due = term.end;
            return Some(Due::Warning(term.socket.clone(), left.unwrap_or_default()));
        }
        Some(Due::End(self.terms.swap_remove(at).socket))
    }

    /// Begins to verify a token that came as an event of a socket; [`Access::poll`] gives the answer.
    pub(super) fn renew(&mut self, socket: &Socket, id: Option<u64>, token: Secret) {
        let (auth, applicant) = (self.auth.clone(), self.applicant.clone());
        let socket = socket.clone();
        let renewed = socket.clone();
        let answer = async move { renew(&auth, &applicant, &renewed, token).await };
        self.renewal = Some(Renewal { socket, id, answer: Box::pin(answer) });
    }

    pub(super) fn is_verifying(&self) -> bool {
        self.renewal.is_some()
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Option<(Socket, Option<u64>, Verified)> {
        let Poll::Ready(verified) = self.renewal.as_mut()?.answer.as_mut().poll(cx) else { return None };
        let Renewal { socket, id, .. } = self.renewal.take()?;
        Some((socket, id, verified))
    }
}

/// Gives a socket new credentials of the same user.
///
/// # Errors
/// The token is not good or for somebody else; the socket keeps what it has.
pub(crate) async fn renew(auth: &Auth, applicant: &Applicant, socket: &Socket, token: Secret) -> Verified {
    let Some(before) = Identity::of(socket) else {
        return Err(Refusal::forbidden("connect to the namespace again to say who you are"));
    };
    let identity = auth.verify_token(token, applicant).await?;
    if before.name() != identity.name() {
        return Err(Refusal::forbidden("this token is for another user"));
    }
    identity.may_enter(socket.namespace())?;
    socket.set_grants(Some(identity.clone()));
    Ok(identity)
}

fn check(identity: Option<&Identity>, namespace: &str) -> Result<(), Refusal> {
    let Some(identity) = identity else { return Ok(()) };
    if identity.time_left(SystemTime::now()).is_some_and(|left| left.is_zero()) {
        return Err(Refusal::expired());
    }
    identity.may_enter(namespace)
}

/// `token` of an object; nothing where there is none.
pub(super) fn read_token(object: &str) -> Result<Option<Secret>, Refusal> {
    #[derive(Deserialize)]
    struct Fields<'a> {
        #[serde(borrow)]
        token: Option<&'a RawValue>,
    }
    let Some(token) = serde_json::from_str::<Fields<'_>>(object).ok().and_then(|fields| fields.token) else {
        return Ok(None);
    };
    let token = text(token).map_err(|_| Refusal::unauthorized("the token must be a string"))?;
    Ok(Some(Secret::new(&*token)))
}
