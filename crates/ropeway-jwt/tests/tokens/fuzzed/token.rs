//! Tokens and their claims from any bytes.

use std::time::UNIX_EPOCH;

use ropeway_jwt::{Algorithm, KeySet, Rules, SigningKey, Unverified};

/// A token that is read was in the one valid form; what is signed verifies or is refused, and is no panic.
pub(crate) fn run(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let key = SigningKey::from_secret(b"a secret of thirty-two bytes, at least").unwrap();
    let keys = KeySet::of([key.public().clone()]);
    let verify = |text: &str| {
        let token = Unverified::parse(text)?;
        assert_eq!(text.split('.').count(), 3);
        token.verify(&keys, &Rules::default(), UNIX_EPOCH)
    };
    assert!(verify(text).is_err(), "nobody signed this");
    let _ = KeySet::parse(input);
    let _ = verify(&key.token(Algorithm::Hs256, None, text).unwrap());
}
