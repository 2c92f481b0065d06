//! Where ways of authentication plug in.

use std::pin::Pin;
use std::sync::Arc;

use super::{Applicant, Identity, Refusal, Secret};

/// What is found out, maybe by asking another machine.
pub(crate) type Verdict<'a, T> = Pin<Box<dyn Future<Output = Result<T, Refusal>> + Send + 'a>>;

/// Turns one kind of credentials into an identity: tokens, tickets, ids of sessions. One slot for each kind in
/// [`Auth`](super::Auth).
///
/// It refuses what is bad with [`Refusal::unauthorized`] (in words that do not help to guess), what is over with
/// [`Refusal::expired`], and when it cannot tell ([`Refusal::unavailable`]); it never lets pass what it could not verify.
/// Secrets are compared by [`Secret::matches`].
pub(crate) trait Method: Send + Sync + 'static {
    /// Cancel-safe: the client may leave while it is asked.
    fn verify<'a>(&'a self, secret: &'a Secret, applicant: &'a Applicant) -> Verdict<'a, Arc<Identity>>;
}

/// Has a word about everybody who comes in, once the credentials are verified: the connect webhook, then the hook of the
/// Rust API. [`Applicant::identity`] is who it is so far, [`Applicant::token`] what it showed.
pub(crate) trait Gate: Send + Sync + 'static {
    /// The identity that counts from now on; `None` leaves it as it is. Cancel-safe: the client may leave while it is
    /// asked.
    fn ask<'a>(&'a self, applicant: &'a Applicant) -> Verdict<'a, Option<Arc<Identity>>>;
}

/// The hook of [`Builder::authenticate`](crate::Builder::authenticate).
pub(crate) struct Hook<F>(pub(crate) F);

impl<F, Fut> Gate for Hook<F>
where
    F: Fn(Applicant) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Identity, Refusal>> + Send + 'static,
{
    fn ask<'a>(&'a self, applicant: &'a Applicant) -> Verdict<'a, Option<Arc<Identity>>> {
        let answer = (self.0)(applicant.clone());
        Box::pin(async move { Ok(Some(Arc::new(answer.await?))) })
    }
}
