//! Tokens: signed by somebody whom the configuration trusts.
//!
//! Verifying takes 50 to 100 microseconds of the thread with RSA and elliptic curves, 450 with P-521, a few with a
//! secret; keys are read once. Only a token that no key of a JWKS verifies waits for anything; see [`Remote`].

use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use ropeway_jwt::{Algorithm, Claims, KeySet, Kind, Rules, TokenError, Unverified};
use rustls::pki_types::CertificateDer;

use super::{Applicant, Grant, Identity, Method, Refusal, Secret, Verdict};
use crate::config;

mod remote;

use remote::{Pace, Remote};

/// Verifies tokens by `[jwt]`.
pub(crate) struct Verifier {
    keys: Keys,
    rules: Rules,
}

enum Keys {
    Fixed(KeySet),
    Remote(Arc<Remote>),
}

impl Verifier {
    /// `None` when the configuration names no key. With a JWKS it has to be called in a runtime, where a task fetches it.
    ///
    /// # Errors
    /// The key file cannot be read, or its keys do not fit the algorithms; TLS has nobody to trust.
    pub(crate) fn new(jwt: &config::Jwt, extra: &[CertificateDer<'static>]) -> io::Result<Option<Self>> {
        let keys = match (jwt.read_keys()?, &jwt.jwks_url) {
            (Some(keys), _) => Keys::Fixed(keys),
            (None, Some(url)) => {
                Keys::Remote(Remote::start(url.uri(), &Pace::every(jwt.jwks_refresh), extra)?)
            }
            (None, None) => return Ok(None),
        };
        Ok(Some(Self { keys, rules: jwt.rules() }))
    }

    async fn judge(&self, text: &str) -> Result<Arc<Identity>, Refusal> {
        let token = Unverified::parse(text).map_err(|error| refused(&error))?;
        let now = SystemTime::now();
        let claims = match &self.keys {
            Keys::Fixed(keys) => token.verify(keys, &self.rules, now),
            Keys::Remote(remote) => self.verify_by(remote, &token, now).await?,
        };
        let claims = claims.map_err(|error| refused(&error))?;
        self.identity(&claims, now).map(Arc::new)
    }

    /// What no key verifies may be signed with a new one, whether it names it or not.
    ///
    /// # Errors
    /// No fetch has succeeded yet.
    async fn verify_by(
        &self,
        remote: &Arc<Remote>,
        token: &Unverified<'_>,
        now: SystemTime,
    ) -> Result<Result<Claims, TokenError>, Refusal> {
        let keys = remote.keys().await?;
        let verified = token.verify(&keys, &self.rules, now);
        let has_no_key =
            matches!(verified, Err(TokenError::Algorithm | TokenError::UnknownKey | TokenError::Signature));
        if !has_no_key || !self.allows(token.algorithm()) {
            return Ok(verified);
        }
        let newer = remote.newer_than(&keys).await;
        Ok(newer.map_or(verified, |keys| token.verify(&keys, &self.rules, now)))
    }

    /// Whether a key set could have a key for it. It has no secrets.
    fn allows(&self, algorithm: Algorithm) -> bool {
        let allowed = &self.rules.algorithms;
        algorithm.kind() != Kind::Secret && (allowed.is_empty() || allowed.contains(&algorithm))
    }

    fn identity(&self, claims: &Claims, now: SystemTime) -> Result<Identity, Refusal> {
        let identity = Identity::of_token(claims, now)?;
        // Who is let in within the leeway is not thrown out at once.
        let end = claims.expires().map(|at| at + self.rules.leeway);
        let end = identity.expires().into_iter().chain(end).min();
        Ok(end.into_iter().fold(identity, Identity::with_expiry))
    }
}

impl Identity {
    /// Who a token is for, once it is verified: `sub` is the user, the claim `ropeway` says what the user may do. `exp` is
    /// left to the caller.
    ///
    /// # Errors
    /// There is no `sub`, it is no name of a user, or the claim `ropeway` is not valid.
    pub fn of_token(claims: &Claims, now: SystemTime) -> Result<Self, Refusal> {
        let subject = claims.subject().ok_or_else(|| refused(&TokenError::Claim("sub")))?;
        let wrong =
            |error| Refusal::unauthorized(format!("the token's claim `ropeway` is not valid: {error}"));
        let grant = claims.find("ropeway").map(|text| Grant::lenient(text.get())).transpose();
        let mut grant = grant.map_err(wrong)?.unwrap_or_default();
        grant.user = Some(subject.into());
        grant.into_identity(now).map_err(wrong)
    }
}

impl Method for Verifier {
    fn verify<'a>(&'a self, secret: &'a Secret, _applicant: &'a Applicant) -> Verdict<'a, Arc<Identity>> {
        Box::pin(self.judge(secret.reveal()))
    }
}

fn refused(error: &TokenError) -> Refusal {
    match error {
        TokenError::Expired(_) => Refusal::expired(),
        error => Refusal::unauthorized(error.to_string()),
    }
}

#[cfg(test)]
mod remote_tests;
#[cfg(test)]
mod tests;
