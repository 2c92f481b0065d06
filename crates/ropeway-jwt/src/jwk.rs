//! Public keys as JSON (RFC 7517).

use ring::digest;
use serde::{Deserialize, Serialize};

use crate::algorithm::Kind;
use crate::base64url;
use crate::key::{KeyError, Material, VerifyingKey};

/// A public key as JSON.
#[derive(Clone, Debug, Serialize)]
pub struct Jwk {
    kid: String,
    #[serde(rename = "use")]
    usage: &'static str,
    #[serde(flatten)]
    numbers: Numbers,
}

/// The members of a JWK that are the key (RFC 7518 section 6, RFC 8037 section 2).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Numbers {
    Rsa { kty: Rsa, n: String, e: String },
    Ec { kty: Ec, crv: String, x: String, y: String },
    Okp { kty: Okp, crv: String, x: String },
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Rsa {
    #[serde(rename = "RSA")]
    Rsa,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Ec {
    #[serde(rename = "EC")]
    Ec,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Okp {
    #[serde(rename = "OKP")]
    Okp,
}

impl VerifyingKey {
    /// The JWK (RFC 7517) of a public key, with its [`thumbprint`](Self::thumbprint) as `kid`; `None` for a secret, which
    /// has no business in a key set.
    pub fn to_jwk(&self) -> Option<Jwk> {
        Some(Jwk { kid: self.thumbprint()?, usage: "sig", numbers: self.numbers()? })
    }

    /// The thumbprint of RFC 7638 with SHA-256; `None` for a secret.
    pub fn thumbprint(&self) -> Option<String> {
        let json = match self.numbers()? {
            Numbers::Rsa { e, n, .. } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
            Numbers::Ec { crv, x, y, .. } => {
                format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
            Numbers::Okp { crv, x, .. } => format!(r#"{{"crv":"{crv}","kty":"OKP","x":"{x}"}}"#),
        };
        Some(base64url::encode(digest::digest(&digest::SHA256, json.as_bytes()).as_ref()))
    }

    fn numbers(&self) -> Option<Numbers> {
        let ec = |crv: &str, point: &[u8]| {
            let (x, y) = point.get(1..)?.split_at(point.len() / 2);
            Some(Numbers::Ec {
                kty: Ec::Ec,
                crv: crv.to_owned(),
                x: base64url::encode(x),
                y: base64url::encode(y),
            })
        };
        match &self.0 {
            Material::Secret(_) => None,
            Material::Rsa { n, e } => {
                Some(Numbers::Rsa { kty: Rsa::Rsa, n: base64url::encode(n), e: base64url::encode(e) })
            }
            Material::P256(point) => ec("P-256", point),
            Material::P384(point) => ec("P-384", point),
            Material::P521(point) => ec("P-521", point),
            Material::Ed25519(point) => {
                Some(Numbers::Okp { kty: Okp::Okp, crv: "Ed25519".to_owned(), x: base64url::encode(point) })
            }
        }
    }

    /// The key of what a JWK says.
    pub(crate) fn from_numbers(numbers: &Numbers) -> Result<Self, KeyError> {
        let bytes = |text: &str| base64url::decode(text).ok_or(KeyError::Unreadable);
        match numbers {
            Numbers::Rsa { n, e, .. } => Self::rsa(&bytes(n)?, &bytes(e)?),
            Numbers::Okp { crv, x, .. } if crv == "Ed25519" => Self::from_point(Kind::Ed25519, &bytes(x)?),
            Numbers::Okp { .. } => Err(KeyError::Unsupported),
            Numbers::Ec { crv, x, y, .. } => {
                let (kind, half) = match crv.as_str() {
                    "P-256" => (Kind::P256, 32),
                    "P-384" => (Kind::P384, 48),
                    "P-521" => (Kind::P521, 66),
                    _ => return Err(KeyError::Unsupported),
                };
                let (x, y) = (bytes(x)?, bytes(y)?);
                if x.len() != half || y.len() != half {
                    return Err(KeyError::Unreadable);
                }
                Self::from_point(kind, &[&[4], &*x, &*y].concat())
            }
        }
    }
}
