//! Tokens by hand, right ones and wrong ones.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::{Value, json};

use crate::attack::Attack;

/// What signs the tokens that are right.
pub(super) const SECRET: &str = "secret-of-the-hostile-suite-0123456789-abcdefghij";

pub(super) fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Ada's, for so many seconds from now.
pub(super) fn claims(seconds: i64) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    json!({ "sub": "ada", "exp": now.saturating_add_signed(seconds) })
}

/// The parts of a token before its signature.
pub(super) fn signed_part(header: &Value, claims: &Value) -> String {
    format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()))
}

/// A token signed with HMAC and SHA-256, whatever its header says.
pub(super) fn hs256(header: &Value, claims: &Value, key: &[u8]) -> String {
    let signed = signed_part(header, claims);
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), signed.as_bytes());
    format!("{signed}.{}", encoded(signature))
}

/// A token that is right, for an hour.
pub(super) fn good() -> String {
    hs256(&json!({ "alg": "HS256", "typ": "JWT" }), &claims(3600), SECRET.as_bytes())
}

/// A server that wants tokens, and members that have them.
pub(super) fn guarded(name: &'static str) -> Attack {
    Attack::new(name).set("jwt.secret", SECRET).secret(SECRET).token(&good())
}
