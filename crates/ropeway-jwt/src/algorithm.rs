//! The algorithms of RFC 7518 section 3.1 and RFC 8037 that are understood.

use std::fmt;
use std::str::FromStr;

/// How a token is signed. There is no `none`, so nothing can ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// Ed25519.
    EdDsa,
}

/// The kind of key that an algorithm needs. A key is of one kind for good, which is what keeps a public key from being
/// taken for a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A secret that both sides know.
    Secret,
    /// RSA of 2048 to 8192 bits.
    Rsa,
    /// An elliptic curve: P-256.
    P256,
    /// An elliptic curve: P-384.
    P384,
    /// An elliptic curve: P-521.
    P521,
    /// An Edwards curve: Ed25519.
    Ed25519,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Hs256,
        Self::Hs384,
        Self::Hs512,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::EdDsa,
    ];

    /// The name in the header of a token.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The kind of key that it needs.
    pub fn kind(self) -> Kind {
        match self {
            Self::Hs256 | Self::Hs384 | Self::Hs512 => Kind::Secret,
            Self::Es256 => Kind::P256,
            Self::Es384 => Kind::P384,
            Self::Es512 => Kind::P521,
            Self::EdDsa => Kind::Ed25519,
            _ => Kind::Rsa,
        }
    }

    /// Bytes that a secret must have at least: as many as the hash (RFC 7518 section 3.2). 0 for other kinds of keys.
    pub fn min_secret(self) -> usize {
        match self {
            Self::Hs256 => 32,
            Self::Hs384 => 48,
            Self::Hs512 => 64,
            _ => 0,
        }
    }
}

impl Kind {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Secret => "a secret",
            Self::Rsa => "an RSA key",
            Self::P256 => "a P-256 key",
            Self::P384 => "a P-384 key",
            Self::P521 => "a P-521 key",
            Self::Ed25519 => "an Ed25519 key",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An algorithm that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no algorithm that is understood: HS*, RS*, PS* and ES* with 256, 384 or 512, and EdDSA are")]
pub struct UnknownAlgorithm;

/// Names are compared as they are: RFC 7515 section 4.1.1 tells cases apart.
impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(text: &str) -> Result<Self, UnknownAlgorithm> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == text).ok_or(UnknownAlgorithm)
    }
}
