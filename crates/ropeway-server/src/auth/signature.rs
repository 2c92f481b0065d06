//! Signatures of what the server sends to an application, so that the application knows who speaks.
//!
//! `Ropeway-Signature: t=TIME,v1=MAC`: `TIME` in seconds since the epoch of Unix, `MAC` the HMAC-SHA256 (RFC 2104) in
//! lower-case hexadecimal digits of the same `TIME`, a full stop and the body. The time is signed as well, so that what
//! was recorded cannot be sent again later.

use std::fmt::{self, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderName, HeaderValue};
use ring::hmac;

pub(crate) const HEADER: HeaderName = HeaderName::from_static("ropeway-signature");

/// Signs with one secret.
pub(crate) struct Signer(hmac::Key);

impl Signer {
    pub(crate) fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The value of [`HEADER`] for a body that is sent at `time`.
    pub(crate) fn sign(&self, body: &[u8], time: SystemTime) -> HeaderValue {
        let time = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs().to_string();
        let mut mac = hmac::Context::with_key(&self.0);
        mac.update(time.as_bytes());
        mac.update(b".");
        mac.update(body);
        let mut value = format!("t={time},v1=");
        for byte in mac.sign().as_ref() {
            // Writing to a `String` cannot fail.
            let _ = write!(value, "{byte:02x}");
        }
        // Digits and letters only, so it is one.
        HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static(""))
    }
}

/// Without the secret.
impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The digits are those of `openssl dgst -sha256 -hmac "a secret of the webhook"`.
    #[test]
    fn time_and_body_are_signed() {
        let signer = Signer::new(b"a secret of the webhook");
        let time = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        assert_eq!(
            signer.sign(br#"{"event":"connect"}"#, time),
            "t=1700000000,v1=bb4a89cc1f6f4ac700990011600faf13829c1c9bac75ba7e0a8a29bcca173e51"
        );
        assert_ne!(signer.sign(b"{}", time), signer.sign(b"{}", time + Duration::from_secs(1)));
        assert_ne!(signer.sign(b"{}", time), Signer::new(b"another").sign(b"{}", time));
    }
}
