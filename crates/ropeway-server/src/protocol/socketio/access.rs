//! Who the client of a connection is: by its first request, by the tokens of its namespaces, and until when.

use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::SystemTime;

use ropeway_hub::{BoxFuture, Socket};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::terms::Terms;
use crate::auth::{Admission, Applicant, Attempts, Auth, Identity, Refusal, Secret};
use crate::limits::{Population, UserPlace};
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
    pub(super) attempts: Attempts,
    /// Until when it may stay in each of its namespaces.
    pub(super) terms: Terms,
    population: Arc<Population>,
    /// Those of users who became known by a token of a namespace.
    places: Vec<Weak<UserPlace>>,
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

impl Access {
    /// Of a client that was admitted.
    pub(crate) fn new(
        auth: Arc<Auth>,
        population: Arc<Population>,
        applicant: Applicant,
        admission: Admission,
    ) -> Self {
        let is_required = matches!(admission, Admission::Later);
        let identity = match admission {
            Admission::Known(identity) => Some(identity),
            Admission::Anonymous | Admission::Later => None,
        };
        Self {
            terms: Terms::new(auth.expiry_warning()),
            auth,
            applicant,
            identity,
            is_required,
            renewal: None,
            attempts: Attempts::default(),
            population,
            places: Vec::new(),
        }
    }

    /// Its name, where the first request said it.
    pub(crate) fn user(&self) -> Option<&str> {
        self.identity.as_deref().and_then(Identity::name)
    }

    /// Who wants to enter a namespace. A token there counts more than the first request, whose user it must be for if that
    /// named one.
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
            before.map_or(Ok(()), |before| before.may_become(&identity))?;
            check(Some(&identity), &namespace)?;
            Ok(identity)
        }))
    }

    /// Counts the connection as one of a user who became known by a token of a namespace, for as long as the place is
    /// kept. Whom the first request named is counted already.
    ///
    /// # Errors
    /// The user has as many connections as it may have.
    pub(super) fn count(&mut self, identity: &Identity) -> Result<Option<Arc<UserPlace>>, Refusal> {
        let Some(user) = identity.name().filter(|user| self.user() != Some(user)) else { return Ok(None) };
        self.places.retain(|place| place.strong_count() > 0);
        let counted = self.places.iter().filter_map(Weak::upgrade).find(|place| place.user() == user);
        if counted.is_some() {
            return Ok(counted);
        }
        let place = Arc::new(self.population.enter_user(user)?);
        self.places.push(Arc::downgrade(&place));
        Ok(Some(place))
    }

    /// Begins to verify a token that came as an event of a socket; [`Access::poll`] gives the answer.
    pub(super) fn renew(&mut self, socket: &Socket, id: Option<u64>, token: Secret) {
        let (auth, applicant) = (self.auth.clone(), self.applicant.clone());
        let socket = socket.clone();
        let renewed = socket.clone();
        let answer = async move { auth.renew(&applicant, &renewed, token).await };
        self.renewal = Some(Renewal { socket, id, answer: Box::pin(answer) });
    }

    /// Whether tokens are taken as messages.
    pub(super) fn takes_messages(&self) -> bool {
        self.auth.takes_messages()
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
