//! Tokens: signed by somebody whom the configuration trusts.
//!
//! Verifying takes 50 to 100 microseconds of the thread with RSA and elliptic curves, a few with a secret; keys are read
//! once. Only an unknown key of a JWKS waits for anything; see [`Remote`].

use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use ropeway_jwt::{Claims, KeySet, Rules, TokenError, Unverified, VerifyingKey};

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
    pub(crate) fn new(jwt: &config::Jwt) -> io::Result<Option<Self>> {
        let keys = match (jwt.keys(), &jwt.key_file, &jwt.jwks_url) {
            (Some(keys), _, _) => Keys::Fixed(keys),
            (None, Some(path), _) => Keys::Fixed(read(path.as_str(), &jwt.algorithms)?),
            (None, None, Some(url)) => {
                Keys::Remote(Remote::start(url.uri(), &Pace::every(jwt.jwks_refresh))?)
            }
            (None, None, None) => return Ok(None),
        };
        Ok(Some(Self { keys, rules: jwt.rules() }))
    }

    async fn judge(&self, text: &str) -> Result<Arc<Identity>, Refusal> {
        let token = Unverified::parse(text).map_err(|error| refused(&error))?;
        let keys = match &self.keys {
            Keys::Fixed(keys) => keys,
            Keys::Remote(remote) => &*remote.keys_for(token.algorithm(), token.kid()).await?,
        };
        let now = SystemTime::now();
        let claims = token.verify(keys, &self.rules, now).map_err(|error| refused(&error))?;
        self.identity(&claims, now).map(Arc::new)
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

fn read(path: &str, algorithms: &[ropeway_jwt::Algorithm]) -> io::Result<KeySet> {
    let wrong = |error: String| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("`jwt.key_file` {path:?} cannot be used: {error}"),
        )
    };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let keys = KeySet::of(VerifyingKey::from_pem(&text).map_err(|error| wrong(error.to_string()))?);
    match algorithms.iter().find(|algorithm| !keys.fits(**algorithm)) {
        Some(algorithm) => Err(wrong(format!("{algorithm} of `jwt.algorithms` does not fit its keys"))),
        None => Ok(keys),
    }
}

#[cfg(test)]
mod remote_tests;
#[cfg(test)]
mod tests;
