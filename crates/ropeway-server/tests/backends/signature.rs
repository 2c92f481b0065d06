//! What a receiver of the webhook does to know who speaks, by other code than the server's.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::application::Asked;

/// The time of a signature that is good.
pub(crate) fn signed_at(asked: &Asked, secret: &str) -> Option<u64> {
    let (time, mac) = asked.header("ropeway-signature")?.strip_prefix("t=")?.split_once(",v1=")?;
    let mut expected = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    expected.update(time.as_bytes());
    expected.update(b".");
    expected.update(&asked.body);
    let expected = expected.finalize().into_bytes();
    let digits: String = expected.iter().map(|byte| format!("{byte:02x}")).collect();
    (digits == mac).then(|| time.parse().unwrap())
}

#[test]
fn a_changed_request_is_not_signed() {
    let asked = Asked {
        line: String::new(),
        headers: vec![(
            "ropeway-signature".to_owned(),
            // By `openssl dgst -sha256 -hmac`.
            "t=1700000000,v1=bb4a89cc1f6f4ac700990011600faf13829c1c9bac75ba7e0a8a29bcca173e51".to_owned(),
        )],
        body: br#"{"event":"connect"}"#.to_vec(),
    };
    assert_eq!(signed_at(&asked, "a secret of the webhook"), Some(1_700_000_000));
    assert_eq!(signed_at(&asked, "another"), None);
    assert_eq!(signed_at(&Asked { body: b"{}".to_vec(), ..asked }, "a secret of the webhook"), None);
}
