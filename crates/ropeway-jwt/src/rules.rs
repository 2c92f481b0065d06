//! What a token must be, and what is said where it is not.

use std::time::{Duration, SystemTime};

use crate::algorithm::Algorithm;

/// Bytes of a token, at most.
pub const MAX_TOKEN: usize = 8 * 1024;

/// Why a token is refused, in words that show nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Over [`MAX_TOKEN`] bytes.
    #[error("the token is longer than {MAX_TOKEN} bytes")]
    TooLong,
    /// It has not three parts of base64url, or its header or its claims are no JSON object, or have a member twice.
    #[error("this is no JSON Web Token")]
    Malformed,
    /// Its header has `crit`: extensions that must be understood, of which none is.
    #[error("the token has critical extensions, of which none is understood")]
    Critical,
    /// Its algorithm is unknown (`none` is), or not one of those that are allowed.
    #[error("the token's algorithm is not allowed")]
    Algorithm,
    /// No key goes with its algorithm and its `kid`.
    #[error("the token is signed with a key that is not known")]
    UnknownKey,
    /// The signature is not that of a known key.
    #[error("the token's signature is not valid")]
    Signature,
    /// A claim is not what RFC 7519 says, or is missing.
    #[error("the token's claim `{0}` is missing or not valid")]
    Claim(&'static str),
    /// `exp` is over.
    #[error("the token has expired")]
    Expired(SystemTime),
    /// `nbf` is still to come.
    #[error("the token is not valid yet")]
    NotYet(SystemTime),
    /// `iss` is another.
    #[error("the token's issuer is not the expected one")]
    Issuer,
    /// `aud` does not name this server.
    #[error("the token is not for this audience")]
    Audience,
}

/// What a token must be, beside its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The algorithms that are allowed; those that fit the keys, where it is empty.
    pub algorithms: Vec<Algorithm>,
    /// What `iss` must be.
    pub issuer: Option<String>,
    /// What `aud` must name one of; a token may have any `aud` where it is empty.
    pub audience: Vec<String>,
    /// How far clocks may be apart.
    pub leeway: Duration,
    /// Tokens without `exp` are refused.
    pub require_expiry: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            algorithms: Vec::new(),
            issuer: None,
            audience: Vec::new(),
            leeway: Duration::from_secs(60),
            require_expiry: true,
        }
    }
}
