//! The claims of RFC 7519 section 4.1.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::value::RawValue;

use crate::members::Members;
use crate::rules::{Rules, TokenError};

/// The claims of a token whose signature is good.
#[derive(Debug)]
pub struct Claims {
    members: Members,
    subject: Option<String>,
    expires: Option<SystemTime>,
    not_before: Option<SystemTime>,
}

impl Claims {
    pub(crate) fn parse(json: &[u8]) -> Result<Self, TokenError> {
        let members = Members::parse(json).ok_or(TokenError::Malformed)?;
        let subject = members.read("sub").map_err(|()| TokenError::Claim("sub"))?;
        // Nobody goes by `iat`, but whoever writes nonsense there writes nonsense elsewhere.
        time(&members, "iat")?;
        Ok(Self { subject, expires: time(&members, "exp")?, not_before: time(&members, "nbf")?, members })
    }

    /// `sub`: a text of any length and content.
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// `exp`.
    pub fn expires(&self) -> Option<SystemTime> {
        self.expires
    }

    /// `nbf`.
    pub fn not_before(&self) -> Option<SystemTime> {
        self.not_before
    }

    /// The JSON text of any claim.
    pub fn find(&self, name: &str) -> Option<&RawValue> {
        self.members.find(name)
    }

    /// Whether they hold at `now`.
    pub(crate) fn check(&self, rules: &Rules, now: SystemTime) -> Result<(), TokenError> {
        match self.expires {
            None if rules.require_expiry => return Err(TokenError::Claim("exp")),
            Some(at) if at.checked_add(rules.leeway).is_some_and(|end| end <= now) => {
                return Err(TokenError::Expired(at));
            }
            _ => {}
        }
        let latest = now.checked_add(rules.leeway);
        if let Some(at) = self.not_before.filter(|at| latest.is_some_and(|latest| *at > latest)) {
            return Err(TokenError::NotYet(at));
        }
        self.check_issuer(rules)?;
        self.check_audience(rules)
    }

    fn check_issuer(&self, rules: &Rules) -> Result<(), TokenError> {
        let issuer: Option<String> = self.members.read("iss").map_err(|()| TokenError::Claim("iss"))?;
        match &rules.issuer {
            Some(expected) if issuer.as_ref() != Some(expected) => Err(TokenError::Issuer),
            _ => Ok(()),
        }
    }

    /// One text, or a list of them (RFC 7519 section 4.1.3).
    fn check_audience(&self, rules: &Rules) -> Result<(), TokenError> {
        let one = self.members.read::<String>("aud").map(|one| one.map(|one| vec![one]));
        let many = one.or_else(|()| self.members.read::<Vec<String>>("aud"));
        let audience = many.map_err(|()| TokenError::Claim("aud"))?.unwrap_or_default();
        let named = audience.iter().any(|name| rules.audience.contains(name));
        if named || rules.audience.is_empty() { Ok(()) } else { Err(TokenError::Audience) }
    }
}

/// The end of the year 9999: what is later is no date.
const LAST: f64 = 253_402_300_799.0;

/// A NumericDate: seconds since the epoch of Unix, maybe with a fraction.
fn time(members: &Members, name: &'static str) -> Result<Option<SystemTime>, TokenError> {
    let seconds: Option<f64> = members.read(name).map_err(|()| TokenError::Claim(name))?;
    match seconds {
        Some(seconds) if (0.0..=LAST).contains(&seconds) => {
            Ok(Some(UNIX_EPOCH + Duration::from_secs_f64(seconds)))
        }
        Some(_) => Err(TokenError::Claim(name)),
        None => Ok(None),
    }
}
