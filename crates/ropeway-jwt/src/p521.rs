//! P-521, which ring does not have: ECDSA with SHA-512, by the crate `p521`.
//!
//! Its arithmetic is generated from a proof (fiat-crypto), the rest of it has had no audit. It is reached only where a
//! P-521 key is configured or signs.

use p521::ecdsa::signature::{Signer as _, Verifier as _};
use p521::ecdsa::{Signature, SigningKey, VerifyingKey};

use crate::der::{self, EC_P521, pkcs8};

/// Bytes of a number of the field or of the order of the group.
const LENGTH: usize = 66;

/// `[1]`, where an ECPrivateKey has its public key.
const PUBLIC: u8 = 0xa1;

/// Whether `signature`, r and s side by side with 66 bytes each (RFC 7518 section 3.4), is that of `message`. `point` is
/// uncompressed; one that is not on the curve verifies nothing. r and s are neither zero nor as large as the order.
pub(crate) fn verify(point: &[u8], message: &[u8], signature: &[u8]) -> bool {
    match (VerifyingKey::from_sec1_bytes(point), Signature::from_slice(signature)) {
        (Ok(key), Ok(signature)) => key.verify(message, &signature).is_ok(),
        _ => false,
    }
}

/// A private key. It is wiped when it is dropped.
pub(crate) struct Pair(SigningKey);

impl Pair {
    /// A PrivateKeyInfo (RFC 5958) with an ECPrivateKey (RFC 5915). What stands behind the private number is not looked at:
    /// the public key follows from it.
    pub(crate) fn from_pkcs8(mut info: &[u8]) -> Option<Self> {
        let mut info = der::take(&mut info, der::SEQUENCE)?;
        der::take(&mut info, der::INTEGER)?;
        if der::take(&mut info, der::SEQUENCE)? != EC_P521 {
            return None;
        }
        let mut key = der::take(&mut info, der::OCTET_STRING)?;
        let mut key = der::take(&mut key, der::SEQUENCE)?;
        der::take(&mut key, der::INTEGER)?;
        Self::of(der::take(&mut key, der::OCTET_STRING)?)
    }

    /// A new one of bytes from `random`, drawn until they are a number below the order of the group (FIPS 186-5 appendix
    /// A.2.2).
    pub(crate) fn generate<E>(random: impl Fn() -> Result<[u8; LENGTH], E>) -> Result<Self, E> {
        loop {
            let mut number = random()?;
            // 521 bits: one in the first byte.
            number[0] &= 1;
            if let Some(pair) = Self::of(&number) {
                return Ok(pair);
            }
        }
    }

    fn of(number: &[u8]) -> Option<Self> {
        if number.len() != LENGTH {
            return None;
        }
        SigningKey::from_slice(number).ok().map(Self)
    }

    pub(crate) fn to_pkcs8(&self) -> Vec<u8> {
        let public = der::wrap(der::BIT_STRING, &[&[0], &*self.public()].concat());
        let parts = [
            der::wrap(der::INTEGER, &[1]),
            der::wrap(der::OCTET_STRING, &self.0.to_bytes()),
            der::wrap(PUBLIC, &public),
        ];
        pkcs8(EC_P521, &der::wrap(der::SEQUENCE, &parts.concat()))
    }

    /// The uncompressed point.
    pub(crate) fn public(&self) -> Box<[u8]> {
        self.0.verifying_key().to_sec1_point(false).as_bytes().into()
    }

    /// Deterministic (RFC 6979). `None` when the key is broken.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let signature: Signature = self.0.try_sign(message).ok()?;
        Some(signature.to_bytes().to_vec())
    }
}
