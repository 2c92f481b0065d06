//! Tokens: their compact form (RFC 7515 section 7.1).

use std::time::SystemTime;

use crate::algorithm::Algorithm;
use crate::base64url;
use crate::claims::Claims;
use crate::members::Members;
use crate::rules::{MAX_TOKEN, Rules, TokenError};
use crate::set::KeySet;

/// Bytes of a `kid`, at most.
const MAX_KID: usize = 256;

/// A token that is read and not yet believed.
#[derive(Debug)]
pub struct Unverified<'a> {
    algorithm: Algorithm,
    kid: Option<String>,
    /// Header and claims as they were signed.
    signed: &'a str,
    header: Vec<u8>,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Unverified<'a> {
    /// Reads the compact form. Of the header only `alg`, `kid` and `crit` are looked at: keys that a token brings along
    /// (`jwk`, `jku`, `x5c`, `x5u`) are never used.
    ///
    /// # Errors
    /// [`TokenError::TooLong`], [`Malformed`](TokenError::Malformed), [`Critical`](TokenError::Critical),
    /// [`Algorithm`](TokenError::Algorithm).
    pub fn parse(text: &'a str) -> Result<Self, TokenError> {
        if text.len() > MAX_TOKEN {
            return Err(TokenError::TooLong);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        let decode = |part| base64url::decode(part).ok_or(TokenError::Malformed);
        let (header, payload, signature) = (decode(header)?, decode(payload)?, decode(signature)?);
        let members = Members::parse(&header).ok_or(TokenError::Malformed)?;
        if members.find("crit").is_some() {
            return Err(TokenError::Critical);
        }
        let name: Option<String> = members.read("alg").map_err(|()| TokenError::Malformed)?;
        let algorithm = name.ok_or(TokenError::Malformed)?.parse().map_err(|_| TokenError::Algorithm)?;
        let kid: Option<String> = members.read("kid").map_err(|()| TokenError::Malformed)?;
        if kid.as_ref().is_some_and(|kid| kid.len() > MAX_KID) {
            return Err(TokenError::Malformed);
        }
        Ok(Self { algorithm, kid, signed, header, payload, signature })
    }

    /// What its header says that it is signed with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The name of its key.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The header, as JSON text.
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// The claims, as JSON text that nobody has vouched for.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The claims of a token that is good at `now`. They are not looked at before the signature is.
    ///
    /// # Errors
    /// Any but those of [`parse`](Self::parse).
    pub fn verify(&self, keys: &KeySet, rules: &Rules, now: SystemTime) -> Result<Claims, TokenError> {
        let claims = self.authentic(keys, &rules.algorithms)?;
        claims.check(rules, now)?;
        Ok(claims)
    }

    /// The claims, if a known key signed them; whether they hold is not looked at.
    ///
    /// # Errors
    /// The algorithm, the key, the signature, or claims that are no object.
    pub fn authentic(&self, keys: &KeySet, allowed: &[Algorithm]) -> Result<Claims, TokenError> {
        let is_allowed = allowed.is_empty() || allowed.contains(&self.algorithm);
        if !is_allowed || (!keys.is_empty() && !keys.fits(self.algorithm)) {
            return Err(TokenError::Algorithm);
        }
        let mut candidates = keys.keys(self.algorithm, self.kid()).peekable();
        candidates.peek().ok_or(TokenError::UnknownKey)?;
        let signed =
            |key: &crate::VerifyingKey| key.verify(self.algorithm, self.signed.as_bytes(), &self.signature);
        if !candidates.take(MAX_TRIED).any(signed) {
            return Err(TokenError::Signature);
        }
        Claims::parse(&self.payload)
    }
}

/// Keys that are tried for one token, at most: each costs time.
const MAX_TRIED: usize = 8;
