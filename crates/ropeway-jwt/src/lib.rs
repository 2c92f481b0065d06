//! JSON Web Tokens (RFC 7519) without I/O and without a clock: keys, key sets, strict verification, signing.
//!
//! ```text
//!   text ──► Unverified::parse ──► verify(KeySet, Rules, now) ──► Claims
//!                                          ▲
//!            secret, PEM, JWKS ────────────┘
//! ```
//!
//! The key decides what it may verify, never the token: a [`VerifyingKey`] is of one [`Kind`] for good, so a public key
//! cannot be taken for a secret, and there is no `none`. What RFC 8725 advises is the only way there is: no key that a
//! token brings along is used, critical extensions and doubled members are refused, claims are not looked at before the
//! signature is. Cryptography is that of `ring`, which the project has for TLS anyway; P-521, which
//! `ring` lacks, is that of the crate `p521`.
//!
//! ```
//! use std::time::{Duration, UNIX_EPOCH};
//! use ropeway_jwt::{Algorithm, KeySet, Rules, SigningKey, Unverified};
//!
//! let key = SigningKey::from_secret(b"a secret of thirty-two bytes, at least")?;
//! let token = key.token(Algorithm::Hs256, None, r#"{"sub":"ada","exp":1000}"#)?;
//!
//! let keys = KeySet::of([key.public().clone()]);
//! let now = UNIX_EPOCH + Duration::from_secs(900);
//! let claims = Unverified::parse(&token)?.verify(&keys, &Rules::default(), now)?;
//! assert_eq!(claims.subject(), Some("ada"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod algorithm;
mod base64url;
mod claims;
mod der;
mod jwk;
mod key;
mod members;
mod p521;
mod rules;
mod set;
mod signing;
mod token;

pub use algorithm::{Algorithm, Kind, UnknownAlgorithm};
pub use claims::Claims;
pub use jwk::Jwk;
pub use key::{KeyError, VerifyingKey};
pub use rules::{MAX_TOKEN, Rules, TokenError};
pub use set::{KeySet, SetError};
pub use signing::{SigningError, SigningKey, generate_pkcs8, generate_secret};
pub use token::Unverified;
