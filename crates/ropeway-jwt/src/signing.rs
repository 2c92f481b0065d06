//! Keys that sign.

use std::fmt;

use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
    RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;

use crate::algorithm::{Algorithm, Kind};
use crate::der::{EC_P256, EC_P384, EC_P521, pkcs8};
use crate::key::{KeyError, VerifyingKey, hmac_of};
use crate::{base64url, p521};

/// A key that signs tokens: a private key, or a secret. `Debug` shows its kind alone.
pub struct SigningKey {
    pair: Pair,
    public: VerifyingKey,
}

enum Pair {
    Secret(Box<[u8]>),
    Rsa(Box<RsaKeyPair>),
    Ecdsa(Box<EcdsaKeyPair>),
    P521(Box<p521::Pair>),
    Ed25519(Box<Ed25519KeyPair>),
}

/// A token could not be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SigningError {
    /// The key is not of the algorithm's kind, or too short a secret.
    #[error("the key does not fit the algorithm")]
    Misfit,
    /// The system has no random numbers, or the key is broken.
    #[error("signing failed")]
    Failed,
}

impl SigningKey {
    /// A secret; see [`VerifyingKey::from_secret`].
    ///
    /// # Errors
    /// Fewer than 32 bytes; PEM text.
    pub fn from_secret(secret: &[u8]) -> Result<Self, KeyError> {
        Ok(Self { public: VerifyingKey::from_secret(secret)?, pair: Pair::Secret(secret.into()) })
    }

    /// The private key of a PEM text: PKCS #8 (`PRIVATE KEY`), PKCS #1 (`RSA PRIVATE KEY`) or SEC 1 (`EC PRIVATE KEY`),
    /// not encrypted.
    ///
    /// # Errors
    /// There is none, or it cannot be used.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        match PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| KeyError::Unreadable)? {
            PrivateKeyDer::Pkcs8(key) => Self::from_pkcs8(key.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(key) => {
                Self::rsa(RsaKeyPair::from_der(key.secret_pkcs1_der()).map_err(|_| KeyError::Unsupported)?)
            }
            PrivateKeyDer::Sec1(key) => {
                let keys = [EC_P256, EC_P384, EC_P521].map(|curve| pkcs8(curve, key.secret_sec1_der()));
                keys.iter().find_map(|key| Self::from_pkcs8(key).ok()).ok_or(KeyError::Unsupported)
            }
            _ => Err(KeyError::Unsupported),
        }
    }

    /// A PrivateKeyInfo (RFC 5958). One for P-256 or P-384 must have its public key in it, as those of OpenSSL
    /// have.
    ///
    /// # Errors
    /// It cannot be used.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let random = SystemRandom::new();
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
            let public = VerifyingKey::from_point(Kind::Ed25519, pair.public_key().as_ref())?;
            return Ok(Self { pair: Pair::Ed25519(Box::new(pair)), public });
        }
        for (algorithm, kind) in
            [(&ECDSA_P256_SHA256_FIXED_SIGNING, Kind::P256), (&ECDSA_P384_SHA384_FIXED_SIGNING, Kind::P384)]
        {
            if let Ok(pair) = EcdsaKeyPair::from_pkcs8(algorithm, der, &random) {
                let public = VerifyingKey::from_point(kind, pair.public_key().as_ref())?;
                return Ok(Self { pair: Pair::Ecdsa(Box::new(pair)), public });
            }
        }
        if let Some(pair) = p521::Pair::from_pkcs8(der) {
            let public = VerifyingKey::from_point(Kind::P521, &pair.public())?;
            return Ok(Self { pair: Pair::P521(Box::new(pair)), public });
        }
        Self::rsa(RsaKeyPair::from_pkcs8(der).map_err(|_| KeyError::Unsupported)?)
    }

    fn rsa(pair: RsaKeyPair) -> Result<Self, KeyError> {
        let public = VerifyingKey::from_pkcs1(pair.public_key().as_ref())?;
        Ok(Self { pair: Pair::Rsa(Box::new(pair)), public })
    }

    /// What verifies what this signs.
    pub fn public(&self) -> &VerifyingKey {
        &self.public
    }

    /// The algorithm that is taken when nobody asks for one.
    pub fn usual_algorithm(&self) -> Algorithm {
        let fits = |algorithm: &Algorithm| self.public.fits(*algorithm);
        Algorithm::ALL.into_iter().find(fits).unwrap_or(Algorithm::EdDsa)
    }

    /// A token: the claims, which are the text of a JSON object, and a header with `typ`, `alg` and `kid`.
    ///
    /// # Errors
    /// See [`SigningError`].
    pub fn token(
        &self,
        algorithm: Algorithm,
        kid: Option<&str>,
        claims: &str,
    ) -> Result<String, SigningError> {
        let kid = kid.map(|kid| format!(r#","kid":{}"#, serde_json::Value::from(kid))).unwrap_or_default();
        let header = format!(r#"{{"alg":"{algorithm}","typ":"JWT"{kid}}}"#);
        let mut token =
            format!("{}.{}", base64url::encode(header.as_bytes()), base64url::encode(claims.as_bytes()));
        let signature = self.sign(algorithm, token.as_bytes())?;
        token.push('.');
        token.push_str(&base64url::encode(&signature));
        Ok(token)
    }

    /// The signature of `message`.
    ///
    /// # Errors
    /// See [`SigningError`].
    pub fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        if !self.public.fits(algorithm) {
            return Err(SigningError::Misfit);
        }
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Secret(secret) => {
                Ok(hmac::sign(&hmac::Key::new(hmac_of(algorithm), secret), message).as_ref().to_vec())
            }
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Pair::Ecdsa(pair) => {
                let signature = pair.sign(&random, message).map_err(|_| SigningError::Failed)?;
                Ok(signature.as_ref().to_vec())
            }
            Pair::P521(pair) => pair.sign(message).ok_or(SigningError::Failed),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                let signed = pair.sign(padding(algorithm), &random, message, &mut signature);
                signed.map(|()| signature).map_err(|_| SigningError::Failed)
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SigningKey").field(&self.public.kind()).finish()
    }
}

fn padding(algorithm: Algorithm) -> &'static dyn RsaEncoding {
    match algorithm {
        Algorithm::Rs384 => &RSA_PKCS1_SHA384,
        Algorithm::Rs512 => &RSA_PKCS1_SHA512,
        Algorithm::Ps256 => &RSA_PSS_SHA256,
        Algorithm::Ps384 => &RSA_PSS_SHA384,
        Algorithm::Ps512 => &RSA_PSS_SHA512,
        _ => &RSA_PKCS1_SHA256,
    }
}

/// A new private key as PKCS #8, for Ed25519, P-256, P-384 or P-521; RSA is not made here.
///
/// # Errors
/// [`SigningError::Misfit`]: another kind; [`SigningError::Failed`]: the system has no random numbers.
pub fn generate_pkcs8(kind: Kind) -> Result<Vec<u8>, SigningError> {
    let random = SystemRandom::new();
    let algorithm = match kind {
        Kind::P256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
        Kind::P384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
        Kind::Ed25519 => {
            // Version 1 (RFC 8410 section 7), which every program reads; ring would write version 2.
            let mut key = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20".to_vec();
            key.extend(random_bytes::<32>()?);
            return Ok(key);
        }
        Kind::P521 => return Ok(p521::Pair::generate(random_bytes)?.to_pkcs8()),
        Kind::Secret | Kind::Rsa => return Err(SigningError::Misfit),
    };
    let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(|_| SigningError::Failed)?;
    Ok(key.as_ref().to_vec())
}

/// A new secret as text, with as many random bytes as `algorithm` needs; `None` when it needs no secret.
///
/// # Errors
/// The system has no random numbers.
pub fn generate_secret(algorithm: Algorithm) -> Result<Option<String>, SigningError> {
    let bytes = random_bytes::<64>()?;
    Ok((algorithm.kind() == Kind::Secret).then(|| base64url::encode(&bytes[..algorithm.min_secret()])))
}

fn random_bytes<const N: usize>() -> Result<[u8; N], SigningError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| SigningError::Failed)?;
    Ok(bytes)
}
