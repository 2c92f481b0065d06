//! Who may connect.
//!
//! ```text
//!  request ─► Credentials::find ─┬─ ticket ─► Method ─┐
//!                                ├─ token ──► Method ─┼─► Gate: webhook ─► Gate: hook ─► Identity
//!    first message, renewal ─────┘                    │
//!                                └─ cookie ─► Method ─┘
//! ```
//!
//! `Auth` is that chain, one for a server. Each carrier asks `Auth::admit` before it upgrades or opens a session;
//! protocols ask `Auth::verify_token` for a token that comes as a message. What they get is an [`Identity`], which is
//! what they go by from then on: its user and [`Rights`] go to the hub, its expiry is a deadline of the session.
//!
//! Where things plug in, all of it in `assembly`: a `Method` for each kind of credentials (tokens, tickets, cookies)
//! and a `Gate` for the connect webhook; their JSON is that of `Grant`.
//!
//! Nothing is let in that could not be verified, and a credential that is there and bad is not passed over.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use ropeway_hub::Socket;
use tracing::debug;

mod applicant;
mod assembly;
mod attempts;
mod credentials;
mod grant;
mod identity;
mod jwt;
mod method;
mod refusal;
mod rights;
mod sessions;
mod signature;
pub(crate) mod tickets;
mod webhook;

pub use crate::secret::Secret;
pub use applicant::Applicant;
pub use identity::Identity;
pub use refusal::Refusal;
pub use rights::Rights;

pub(crate) use attempts::Attempts;
pub(crate) use credentials::{Credentials, Wanted, bearer};
pub(crate) use grant::{Grant, GrantError, seconds};
pub(crate) use method::{Gate, Hook, Method, Verdict};

use crate::config::{self, RefusalMode, TokenSource};
use sessions::Sessions;
use tickets::Tickets;

/// The chain of a server. Shared, since sessions ask it about tokens that come as messages.
#[derive(Default)]
pub(crate) struct Auth {
    settings: config::Auth,
    /// Verifies tokens.
    tokens: Option<Arc<dyn Method>>,
    /// Redeems tickets.
    tickets: Option<Arc<dyn Method>>,
    /// Looks sessions up, by the cookie of this name.
    sessions: Option<(Box<str>, Arc<dyn Method>)>,
    /// What redeems tickets also gives them out.
    issuer: Option<Arc<Tickets>>,
    /// What looks sessions up is greeted at the start.
    store: Option<Arc<Sessions>>,
    /// The connect webhook, then the hook of the Rust API.
    gates: Vec<Arc<dyn Gate>>,
    /// One of the gates is the hook, which may verify tokens itself.
    has_hook: bool,
}

/// How a client may come in.
#[derive(Debug)]
pub(crate) enum Admission {
    /// It is known who it is.
    Known(Arc<Identity>),
    /// Nobody knows, and nobody has to.
    Anonymous,
    /// Its first message must say, within [`Auth::deadline`].
    Later,
}

impl Auth {
    /// Whether everybody comes in unasked: nothing is configured.
    pub(crate) fn is_open(&self) -> bool {
        !self.has_methods() && self.gates.is_empty()
    }

    /// Whether a token may come as a message.
    pub(crate) fn takes_messages(&self) -> bool {
        let verifies = self.tokens.is_some() || self.has_hook;
        verifies && self.settings.token_from.contains(&TokenSource::Message)
    }

    /// Time that a client has to send its token.
    pub(crate) fn deadline(&self) -> Duration {
        self.settings.deadline
    }

    /// How long before the end of an identity its client is warned.
    pub(crate) fn expiry_warning(&self) -> Duration {
        self.settings.expiry_warning
    }

    /// How a WebSocket is refused.
    pub(crate) fn refusal_mode(&self) -> RefusalMode {
        self.settings.refusal
    }

    /// The tickets that were given out; nothing when there are none to be had.
    pub(crate) fn tickets(&self) -> Option<&Tickets> {
        self.issuer.as_deref()
    }

    /// Looks whether those who will be asked are there, and says in the log who is not.
    pub(crate) async fn greet(&self) {
        if let Some(sessions) = &self.store {
            sessions.greet().await;
        }
    }

    /// Forgets what is too old.
    pub(crate) fn tick(&self) {
        if let Some(tickets) = &self.issuer {
            tickets.sweep(Instant::now());
        }
    }

    /// Judges a request. Cancel-safe.
    ///
    /// # Errors
    /// The client is not let in.
    pub(crate) async fn admit(&self, applicant: &Applicant) -> Result<Admission, Refusal> {
        if self.is_open() {
            return Ok(Admission::Anonymous);
        }
        match self.judge(applicant).await {
            Ok(Some(identity)) => Ok(Admission::Known(identity)),
            Ok(None) => Ok(Admission::Anonymous),
            Err(refusal) if refusal.is_missing() && self.settings.anonymous => Ok(Admission::Anonymous),
            Err(refusal) if refusal.is_missing() && self.takes_messages() && applicant.speaks() => {
                Ok(Admission::Later)
            }
            Err(refusal) => Err(told(refusal)),
        }
    }

    /// Judges a token that came as a message: the first one, that of Socket.IO's CONNECT, or a renewal. Cancel-safe.
    ///
    /// # Errors
    /// The token is not good, or nobody can tell. That a renewal is for the same user is for the caller to check.
    pub(crate) async fn verify_token(
        &self,
        token: Secret,
        applicant: &Applicant,
    ) -> Result<Arc<Identity>, Refusal> {
        let verified = async {
            let (applicant, identity) = self.verify(Credentials::Token(token), applicant).await?;
            self.pass(&applicant, identity).await?.ok_or_else(|| Refusal::unauthorized("no such token"))
        };
        verified.await.map_err(told)
    }

    /// Gives a socket new credentials of the same user. Cancel-safe.
    ///
    /// # Errors
    /// The token is not good or for somebody else; the socket keeps what it has.
    pub(crate) async fn renew(
        &self,
        applicant: &Applicant,
        socket: &Socket,
        token: Secret,
    ) -> Result<Arc<Identity>, Refusal> {
        let before = Identity::of(socket).ok_or_else(to_connect_again)?;
        let identity = self.verify_token(token, applicant).await?;
        before.may_become(&identity)?;
        if before.name() != identity.name() {
            return Err(to_connect_again());
        }
        identity.may_enter(socket.namespace())?;
        socket.set_grants(Some(identity.clone()));
        Ok(identity)
    }

    async fn judge(&self, applicant: &Applicant) -> Result<Option<Arc<Identity>>, Refusal> {
        match Credentials::find(applicant.handshake(), &self.wanted()) {
            Some(credentials) => {
                match self.verify(credentials, applicant).await {
                    Ok((applicant, identity)) => self.pass(&applicant, identity).await,
                    // A session in which nobody is logged in.
                    Err(refusal) if refusal.is_missing() && self.settings.anonymous => {
                        self.pass(applicant, None).await
                    }
                    Err(refusal) => Err(refusal),
                }
            }
            None if self.has_methods() && !self.settings.anonymous => Err(Refusal::missing()),
            None => self.pass(applicant, None).await,
        }
    }

    /// The applicant with what it showed, and who it is by that: nobody yet where only the hook can tell.
    async fn verify(
        &self,
        credentials: Credentials,
        applicant: &Applicant,
    ) -> Result<(Applicant, Option<Arc<Identity>>), Refusal> {
        let mut applicant = applicant.clone();
        let (method, secret) = match credentials {
            Credentials::Ticket(secret) => (self.tickets.as_deref(), secret),
            Credentials::Session(secret) => (self.sessions.as_ref().map(|(_, method)| &**method), secret),
            Credentials::Token(secret) => {
                applicant = applicant.with_token(Arc::new(secret.clone()));
                (self.tokens.as_deref(), secret)
            }
        };
        let identity = match method {
            Some(method) => Some(method.verify(&secret, &applicant).await?),
            None => None,
        };
        Ok((applicant, identity))
    }

    /// Through the gates, one after the other.
    async fn pass(
        &self,
        applicant: &Applicant,
        mut identity: Option<Arc<Identity>>,
    ) -> Result<Option<Arc<Identity>>, Refusal> {
        for gate in &self.gates {
            let applicant = applicant.clone().with_identity(identity.clone());
            identity = gate.ask(&applicant).await?.or(identity);
        }
        if let Some(identity) = &identity {
            check(identity)?;
        }
        Ok(identity)
    }

    fn has_methods(&self) -> bool {
        self.tokens.is_some() || self.tickets.is_some() || self.sessions.is_some()
    }

    fn wanted(&self) -> Wanted<'_> {
        let verifies = self.tokens.is_some() || self.has_hook;
        Wanted {
            tickets: self.tickets.is_some(),
            tokens: if verifies { &self.settings.token_from } else { &[] },
            cookie: self.sessions.as_ref().map(|(name, _)| &**name),
        }
    }
}

/// The user of a socket is the one for which it was made.
fn to_connect_again() -> Refusal {
    Refusal::forbidden("connect to the namespace again to say who you are")
}

/// What holds for every identity, whoever vouches for it.
fn check(identity: &Identity) -> Result<(), Refusal> {
    if identity.time_left(SystemTime::now()).is_some_and(|left| left.is_zero()) {
        return Err(Refusal::expired());
    }
    match identity.name() {
        Some(name) if !grant::is_user(name) => Err(Refusal::unauthorized("the user's name is not valid")),
        _ => Ok(()),
    }
}

fn told(refusal: Refusal) -> Refusal {
    debug!(code = refusal.code(), %refusal, "a client is not let in");
    refusal
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth").field("settings", &self.settings).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
