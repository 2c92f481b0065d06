//! The value of the cookie that names a session (RFC 6265), and the id in it.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::percent_decode_str;
use ring::hmac;

/// Bytes of a value; browsers keep no more of a cookie (RFC 6265 section 6.1).
const MAX_VALUE: usize = 4096;

/// Bytes of an id.
const MAX_ID: usize = 256;

/// Whether a value may be passed on in a header: what a server can have set (`cookie-value`, RFC 6265 section 4.1.1).
pub(super) fn is_value(text: &str) -> bool {
    let is_octet = |byte| matches!(byte, b'!' | b'#'..=b'+' | b'-'..=b':' | b'<'..=b'[' | b']'..=b'~');
    (1..=MAX_VALUE).contains(&text.len()) && text.bytes().all(is_octet)
}

/// The session id of a value; nothing when it is no id or, where there is a key, not signed with it.
///
/// Without a key a signature that may be there is cut off. It protects ids that can be guessed; those of
/// express-session cannot.
pub(super) fn id<'a>(value: &'a str, key: Option<&hmac::Key>) -> Option<Cow<'a, str>> {
    let value = percent_decode_str(value).decode_utf8().ok()?;
    let id = match (value.strip_prefix("s:"), key) {
        (Some(signed), key) => {
            let (id, signature) = signed.rsplit_once('.')?;
            key.is_none_or(|key| is_signed(id, signature, key)).then(|| id.to_owned())?.into()
        }
        (None, None) => value,
        (None, Some(_)) => return None,
    };
    is_id(&id).then_some(id)
}

/// What `cookie-signature` of Express makes: HMAC-SHA256 in base64 without padding. The comparison takes the same
/// time whatever differs.
fn is_signed(id: &str, signature: &str, key: &hmac::Key) -> bool {
    let signature = STANDARD_NO_PAD.decode(signature).or_else(|_| URL_SAFE_NO_PAD.decode(signature));
    signature.is_ok_and(|signature| hmac::verify(key, id.as_bytes(), &signature).is_ok())
}

/// Letters, digits and what common frameworks put between them; no colon, with which keys of Redis are put together.
fn is_id(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~,+/=".contains(&byte);
    (1..=MAX_ID).contains(&text.len()) && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by `cookie-signature` 1.2: `sign("gX7-abc_123", "keyboard cat")`.
    const SIGNED: &str = "s%3AgX7-abc_123.0raLiDDdDY%2Fc9Y1TD4US3ayGlQtD6YvNMrYnq4h4zxI";

    fn key(secret: &str) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes())
    }

    #[test]
    fn what_a_server_cannot_have_set_is_not_passed_on() {
        assert!(is_value("eyJ1c2VyIjoxfQ==.abc") && is_value(&"x".repeat(4096)));
        for bad in ["", "a b", "a\"b", "a,b", "a;b", "a\\b", "a\rb", "\u{e9}", &"x".repeat(4097)] {
            assert!(!is_value(bad), "{bad:?}");
        }
    }

    #[test]
    fn an_id_has_bounds() {
        assert_eq!(id("abc-DEF_123.~,+/=", None).as_deref(), Some("abc-DEF_123.~,+/="));
        assert_eq!(id("a%2Fb", None).as_deref(), Some("a/b"));
        let bad =
            ["", "a:b", "a*", "a%20b", "a%0D%0AGET", "a%00", "a{id}", "%FF", "\u{e9}", &"x".repeat(257)];
        for bad in bad {
            assert_eq!(id(bad, None), None, "{bad:?}");
        }
    }

    #[test]
    fn a_signed_id_is_verified() {
        let good = key("keyboard cat");
        assert_eq!(id(SIGNED, Some(&good)).as_deref(), Some("gX7-abc_123"));
        assert_eq!(id(&SIGNED.replace("gX7", "gX8"), Some(&good)), None);
        assert_eq!(id(SIGNED, Some(&key("another cat"))), None);
        assert_eq!(id("s:gX7-abc_123.", Some(&good)), None);
        assert_eq!(id("s:gX7-abc_123", Some(&good)), None);
        assert_eq!(id("gX7-abc_123", Some(&good)), None, "it has to be signed");
    }

    #[test]
    fn without_a_key_the_signature_is_cut_off() {
        assert_eq!(id(SIGNED, None).as_deref(), Some("gX7-abc_123"));
        assert_eq!(id("s:a.b.c", None).as_deref(), Some("a.b"));
        assert_eq!(id("s:abc", None), None);
    }
}
