//! One key of each kind, and tokens put together by hand.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ropeway_jwt::{Algorithm, Claims, KeySet, Kind, Rules, SigningKey, TokenError, Unverified, VerifyingKey};

pub(crate) const SECRET: &[u8] = b"sixty-four bytes, as HS512 wants them, are quite a lot of letters";
pub(crate) const RSA: &str = include_str!("../keys/rsa.pem");
pub(crate) const P256: &str = include_str!("../keys/p256.pem");
pub(crate) const P384: &str = include_str!("../keys/p384.pem");
pub(crate) const P521: &str = include_str!("../keys/p521.pem");
pub(crate) const ED25519: &str = include_str!("../keys/ed25519.pem");

/// The public halves, in the same order.
pub(crate) const PUBLIC: [&str; 5] = [
    include_str!("../keys/rsa-public.pem"),
    include_str!("../keys/p256-public.pem"),
    include_str!("../keys/p384-public.pem"),
    include_str!("../keys/p521-public.pem"),
    include_str!("../keys/ed25519-public.pem"),
];

/// 100 seconds before [`CLAIMS`] expire.
pub(crate) const NOW: u64 = 1_000_000;
pub(crate) const CLAIMS: &str = r#"{"sub":"ada","exp":1000100}"#;

pub(crate) fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

pub(crate) fn signing(kind: Kind) -> SigningKey {
    match kind {
        Kind::Secret => SigningKey::from_secret(SECRET).unwrap(),
        Kind::Rsa => SigningKey::from_pem(RSA).unwrap(),
        Kind::P256 => SigningKey::from_pem(P256).unwrap(),
        Kind::P384 => SigningKey::from_pem(P384).unwrap(),
        Kind::P521 => SigningKey::from_pem(P521).unwrap(),
        Kind::Ed25519 => SigningKey::from_pem(ED25519).unwrap(),
    }
}

pub(crate) fn keys(kind: Kind) -> KeySet {
    KeySet::of([signing(kind).public().clone()])
}

/// Every key there is: what does not verify with these does not verify.
pub(crate) fn all_keys() -> KeySet {
    let secret = VerifyingKey::from_secret(SECRET).unwrap();
    KeySet::of(PUBLIC.iter().flat_map(|pem| VerifyingKey::from_pem(pem).unwrap()).chain([secret]))
}

pub(crate) fn token(algorithm: Algorithm, claims: &str) -> String {
    signing(algorithm.kind()).token(algorithm, None, claims).unwrap()
}

/// What becomes of `token` at [`NOW`].
pub(crate) fn judge(token: &str, keys: &KeySet) -> Result<Claims, TokenError> {
    Unverified::parse(token)?.verify(keys, &Rules::default(), at(NOW))
}

/// Why `token` is refused.
#[track_caller]
pub(crate) fn refusal(token: &str, keys: &KeySet) -> TokenError {
    judge(token, keys).expect_err(token)
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// A token with any header, and the signature that `algorithm` makes of it.
pub(crate) fn signed(algorithm: Algorithm, header: &str, claims: &str) -> String {
    let message = format!("{}.{}", encode(header), encode(claims));
    let signature = signing(algorithm.kind()).sign(algorithm, message.as_bytes()).unwrap();
    format!("{message}.{}", encode(signature))
}

/// The three parts.
pub(crate) fn parts(token: &str) -> [&str; 3] {
    let parts: Vec<&str> = token.split('.').collect();
    parts.try_into().unwrap()
}

/// The same token with another signature.
pub(crate) fn with_signature(token: &str, signature: &[u8]) -> String {
    let [header, claims, _] = parts(token);
    format!("{header}.{claims}.{}", encode(signature))
}
