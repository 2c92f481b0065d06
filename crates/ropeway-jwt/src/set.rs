//! Key sets (RFC 7517 section 5).

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::algorithm::Algorithm;
use crate::jwk::Numbers;
use crate::key::{KeyError, VerifyingKey};

/// Keys that tokens may be signed with, at most [`KeySet::MAX`].
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    keys: Vec<Entry>,
    /// Keys of a JWKS that were left out.
    ignored: usize,
}

#[derive(Clone, Debug)]
struct Entry {
    kid: Option<String>,
    /// The only algorithm that it may be used with.
    algorithm: Option<Algorithm>,
    key: VerifyingKey,
}

/// What is wrong with a whole key set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetError {
    /// It is no JSON object with a list `keys`.
    #[error("it is no JSON Web Key Set")]
    Unreadable,
    /// It has more keys than are kept.
    #[error("it has more than {} keys", KeySet::MAX)]
    TooMany,
    /// It has a symmetric or a private key. Whoever can read the set could make tokens with it.
    #[error("it has a symmetric or a private key: a secret that is published is none")]
    Secret,
    /// None of its keys can be used.
    #[error(
        "it has no key for signatures that can be used: RSA of 2048 to 8192 bits, P-256, P-384, P-521 and Ed25519 can"
    )]
    Empty,
}

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct About {
    kty: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default, rename = "use")]
    usage: Option<String>,
    #[serde(default)]
    key_ops: Option<Vec<String>>,
    /// The private part of RSA, EC and OKP keys.
    d: Option<IgnoredAny>,
}

impl KeySet {
    /// Keys of a set, at most.
    pub const MAX: usize = 64;

    /// Keys without names, each for every algorithm that fits it.
    pub fn of(keys: impl IntoIterator<Item = VerifyingKey>) -> Self {
        let entry = |key| Entry { kid: None, algorithm: None, key };
        Self { keys: keys.into_iter().take(Self::MAX).map(entry).collect(), ignored: 0 }
    }

    /// Reads a JWKS. Keys that are not for signatures (`use` other than `sig`, `key_ops` without `verify`), of a kind or
    /// an algorithm that is not understood, or broken are left out, as RFC 7517 section 5 wants.
    ///
    /// # Errors
    /// See [`SetError`].
    pub fn parse(json: &[u8]) -> Result<Self, SetError> {
        let document: Document<'_> = serde_json::from_slice(json).map_err(|_| SetError::Unreadable)?;
        if document.keys.len() > Self::MAX {
            return Err(SetError::TooMany);
        }
        let mut set = Self::default();
        for text in document.keys {
            match Entry::parse(text.get())? {
                Some(entry) => set.keys.push(entry),
                None => set.ignored += 1,
            }
        }
        if set.keys.is_empty() { Err(SetError::Empty) } else { Ok(set) }
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// How many keys of a JWKS were left out.
    pub fn ignored(&self) -> usize {
        self.ignored
    }

    /// Whether some key can verify tokens of `algorithm`.
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        self.candidates(algorithm).next().is_some()
    }

    /// The keys that may have signed a token: those of its `kid`, where the keys have names; else all that fit.
    pub(crate) fn keys<'s>(
        &'s self,
        algorithm: Algorithm,
        kid: Option<&'s str>,
    ) -> impl Iterator<Item = &'s VerifyingKey> {
        let named = move |entry: &&Entry| match (&entry.kid, kid) {
            (Some(name), Some(kid)) => name == kid,
            _ => true,
        };
        self.candidates(algorithm).filter(named).map(|entry| &entry.key)
    }

    fn candidates(&self, algorithm: Algorithm) -> impl Iterator<Item = &Entry> {
        let fits = move |entry: &&Entry| {
            entry.key.fits(algorithm) && entry.algorithm.is_none_or(|only| only == algorithm)
        };
        self.keys.iter().filter(fits)
    }
}

impl Entry {
    /// `None` for a key that is left out.
    fn parse(text: &str) -> Result<Option<Self>, SetError> {
        let Ok(about) = serde_json::from_str::<About>(text) else { return Ok(None) };
        if about.kty == "oct" || about.d.is_some() {
            return Err(SetError::Secret);
        }
        let verifies = about.usage.as_deref().is_none_or(|usage| usage == "sig")
            && about.key_ops.is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        let algorithm = about.alg.map(|name| name.parse::<Algorithm>()).transpose();
        let key = serde_json::from_str::<Numbers>(text).map_err(|_| KeyError::Unreadable);
        Ok(match (algorithm, key.and_then(|numbers| VerifyingKey::from_numbers(&numbers))) {
            (Ok(algorithm), Ok(key)) if verifies => Some(Self { kid: about.kid, algorithm, key }),
            _ => None,
        })
    }
}
