//! Keys that verify.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use ring::signature::{
    self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject;

use crate::algorithm::{Algorithm, Kind};
use crate::der::{EC_P256, EC_P384, EC_P521, ED25519, RSA};
use crate::{der, p521};

/// A key that verifies tokens: a public key, or a secret. `Debug` shows its kind alone.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifyingKey(pub(crate) Material);

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Material {
    Secret(Box<[u8]>),
    /// Modulus and exponent, big-endian and without zeros in front.
    Rsa {
        n: Box<[u8]>,
        e: Box<[u8]>,
    },
    /// An uncompressed point.
    P256(Box<[u8]>),
    P384(Box<[u8]>),
    P521(Box<[u8]>),
    Ed25519(Box<[u8]>),
}

/// What is wrong with a key, in words that show nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A PEM text where a secret is expected: a public key used as a secret is known to everybody.
    #[error(
        "this is PEM text, not a secret: a public key that serves as a secret is a secret that everybody knows"
    )]
    PemAsSecret,
    /// The same without the lines of PEM: DER, or the base64 of it.
    #[error("this is a public key, not a secret: as a secret it would be one that everybody knows")]
    PublicAsSecret,
    /// Fewer bytes than any algorithm allows.
    #[error("a secret must have at least 32 bytes (RFC 7518 section 3.2)")]
    ShortSecret,
    /// A private key where a public one is enough.
    #[error(
        "this is a private key; whoever verifies needs the public one: `openssl pkey -in FILE -pubout` prints it"
    )]
    Private,
    /// A certificate where its key is wanted.
    #[error("this is a certificate; its key is wanted: `openssl x509 -in FILE -pubkey -noout` prints it")]
    Certificate,
    /// No PEM of the wanted kind.
    #[error("there is no PEM text of a key in it that can be read")]
    Unreadable,
    /// A kind of key that no algorithm here is for.
    #[error("a key of this kind is not supported: RSA, P-256, P-384, P-521 and Ed25519 are")]
    Unsupported,
    /// An RSA key of fewer than 2048 bits or more than 8192.
    #[error("an RSA key must have 2048 to 8192 bits")]
    RsaSize,
}

impl VerifyingKey {
    /// A secret for HS256 and, if it is long enough, HS384 and HS512.
    ///
    /// # Errors
    /// Fewer than 32 bytes; PEM text; a public key in another form.
    pub fn from_secret(secret: &[u8]) -> Result<Self, KeyError> {
        if secret.windows(10).any(|window| window == b"-----BEGIN") {
            return Err(KeyError::PemAsSecret);
        }
        if is_public_key(secret) || base64_lines(secret).is_some_and(|der| is_public_key(&der)) {
            return Err(KeyError::PublicAsSecret);
        }
        if secret.len() < Algorithm::Hs256.min_secret() {
            return Err(KeyError::ShortSecret);
        }
        Ok(Self(Material::Secret(secret.into())))
    }

    /// The public keys of a PEM text (`-----BEGIN PUBLIC KEY-----`), one at least.
    ///
    /// # Errors
    /// There is none, or one of them cannot be used; a private key or a certificate.
    pub fn from_pem(pem: &str) -> Result<Vec<Self>, KeyError> {
        if pem.contains("PRIVATE KEY-----") {
            return Err(KeyError::Private);
        }
        let keys = SubjectPublicKeyInfoDer::pem_slice_iter(pem.as_bytes());
        let keys = keys.map(|key| Self::from_spki(key.map_err(|_| KeyError::Unreadable)?.as_ref()));
        let keys: Vec<Self> = keys.collect::<Result<_, _>>()?;
        match keys.is_empty() {
            true if pem.contains("BEGIN CERTIFICATE-----") => Err(KeyError::Certificate),
            true => Err(KeyError::Unreadable),
            false => Ok(keys),
        }
    }

    /// A SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7).
    fn from_spki(mut spki: &[u8]) -> Result<Self, KeyError> {
        let parts = (|| {
            let mut outer = der::take(&mut spki, der::SEQUENCE)?;
            let algorithm = der::take(&mut outer, der::SEQUENCE)?;
            let (unused, key) = der::take(&mut outer, der::BIT_STRING)?.split_first()?;
            (*unused == 0 && outer.is_empty() && spki.is_empty()).then_some((algorithm, key))
        })();
        let (algorithm, key) = parts.ok_or(KeyError::Unreadable)?;
        match algorithm {
            RSA => Self::from_pkcs1(key),
            EC_P256 => Self::from_point(Kind::P256, key),
            EC_P384 => Self::from_point(Kind::P384, key),
            EC_P521 => Self::from_point(Kind::P521, key),
            ED25519 => Self::from_point(Kind::Ed25519, key),
            _ => Err(KeyError::Unsupported),
        }
    }

    /// An RSAPublicKey (RFC 8017 appendix A.1.1).
    pub(crate) fn from_pkcs1(mut key: &[u8]) -> Result<Self, KeyError> {
        let numbers = (|| {
            let mut parts = der::take(&mut key, der::SEQUENCE)?;
            let numbers = (der::take(&mut parts, der::INTEGER)?, der::take(&mut parts, der::INTEGER)?);
            (parts.is_empty() && key.is_empty()).then_some(numbers)
        })();
        let (n, e) = numbers.ok_or(KeyError::Unreadable)?;
        Self::rsa(n, e)
    }

    pub(crate) fn rsa(n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        let (n, e) = (without_zeros(n), without_zeros(e));
        let bits = n.len() * 8 - n.first().map_or(0, |byte| byte.leading_zeros() as usize);
        if !(2048..=8192).contains(&bits) {
            return Err(KeyError::RsaSize);
        }
        // An even exponent, or 1, is no RSA; ring takes none above 33 bits.
        if e.is_empty() || e.len() > 5 || e == [1] || e.last().is_some_and(|byte| byte % 2 == 0) {
            return Err(KeyError::Unsupported);
        }
        Ok(Self(Material::Rsa { n: n.into(), e: e.into() }))
    }

    /// The uncompressed point of `kind`, or the 32 bytes of Ed25519.
    pub(crate) fn from_point(kind: Kind, point: &[u8]) -> Result<Self, KeyError> {
        match (kind, point) {
            (Kind::P256, [4, ..]) if point.len() == 65 => Ok(Self(Material::P256(point.into()))),
            (Kind::P384, [4, ..]) if point.len() == 97 => Ok(Self(Material::P384(point.into()))),
            (Kind::P521, [4, ..]) if point.len() == 133 => Ok(Self(Material::P521(point.into()))),
            (Kind::Ed25519, _) if point.len() == 32 => Ok(Self(Material::Ed25519(point.into()))),
            _ => Err(KeyError::Unsupported),
        }
    }

    /// What kind of key it is.
    pub fn kind(&self) -> Kind {
        match self.0 {
            Material::Secret(_) => Kind::Secret,
            Material::Rsa { .. } => Kind::Rsa,
            Material::P256(_) => Kind::P256,
            Material::P384(_) => Kind::P384,
            Material::P521(_) => Kind::P521,
            Material::Ed25519(_) => Kind::Ed25519,
        }
    }

    /// Whether it can verify tokens of `algorithm`: it is of its kind, and a secret is as long as the hash.
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        match &self.0 {
            Material::Secret(secret) => {
                algorithm.kind() == Kind::Secret && secret.len() >= algorithm.min_secret()
            }
            _ => self.kind() == algorithm.kind(),
        }
    }

    /// Whether `signature` is that of `message`; never, when the key does not fit the algorithm. HMAC is compared in
    /// constant time. Takes some 50 to 100 microseconds with RSA and elliptic curves, 450 with P-521, one with a secret.
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        if !self.fits(algorithm) {
            return false;
        }
        match &self.0 {
            Material::Secret(secret) => {
                let key = hmac::Key::new(hmac_of(algorithm), secret);
                hmac::verify(&key, message, signature).is_ok()
            }
            Material::Rsa { n, e } => {
                let key = RsaPublicKeyComponents { n, e };
                key.verify(rsa_of(algorithm), message, signature).is_ok()
            }
            Material::P256(point) => public(&signature::ECDSA_P256_SHA256_FIXED, point, message, signature),
            Material::P384(point) => public(&signature::ECDSA_P384_SHA384_FIXED, point, message, signature),
            Material::P521(point) => p521::verify(point, message, signature),
            Material::Ed25519(point) => public(&signature::ED25519, point, message, signature),
        }
    }

    /// The SubjectPublicKeyInfo of a public key, which `-----BEGIN PUBLIC KEY-----` is around; `None` for a secret.
    pub fn to_spki(&self) -> Option<Vec<u8>> {
        let (algorithm, key) = match &self.0 {
            Material::Secret(_) => return None,
            Material::Rsa { n, e } => {
                let numbers = [integer(n), integer(e)].concat();
                (RSA, &*der::wrap(der::SEQUENCE, &numbers))
            }
            Material::P256(point) => (EC_P256, &**point),
            Material::P384(point) => (EC_P384, &**point),
            Material::P521(point) => (EC_P521, &**point),
            Material::Ed25519(point) => (ED25519, &**point),
        };
        let algorithm = der::wrap(der::SEQUENCE, algorithm);
        let key = der::wrap(der::BIT_STRING, &[&[0], key].concat());
        Some(der::wrap(der::SEQUENCE, &[algorithm, key].concat()))
    }
}

/// A number that is not negative: a zero goes in front of a bit that would be its sign.
fn integer(number: &[u8]) -> Vec<u8> {
    let sign: &[u8] = if number.first().is_some_and(|byte| *byte >= 0x80) { &[0] } else { &[] };
    der::wrap(der::INTEGER, &[sign, number].concat())
}

/// Whether this is a public key in DER, of whatever kind.
fn is_public_key(der: &[u8]) -> bool {
    !matches!(VerifyingKey::from_spki(der), Err(KeyError::Unreadable))
}

/// What the lines between those of PEM say.
fn base64_lines(text: &[u8]) -> Option<Vec<u8>> {
    let text: Vec<u8> = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    STANDARD.decode(text).ok()
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

fn public(
    algorithm: &'static dyn VerificationAlgorithm,
    key: &[u8],
    message: &[u8],
    signature: &[u8],
) -> bool {
    UnparsedPublicKey::new(algorithm, key).verify(message, signature).is_ok()
}

pub(crate) fn hmac_of(algorithm: Algorithm) -> hmac::Algorithm {
    match algorithm {
        Algorithm::Hs512 => hmac::HMAC_SHA512,
        Algorithm::Hs384 => hmac::HMAC_SHA384,
        _ => hmac::HMAC_SHA256,
    }
}

fn rsa_of(algorithm: Algorithm) -> &'static RsaParameters {
    match algorithm {
        Algorithm::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_2048_8192_SHA512,
        _ => &signature::RSA_PKCS1_2048_8192_SHA256,
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VerifyingKey").field(&self.kind()).finish()
    }
}
