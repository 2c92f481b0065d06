//! The id of a session: whoever knows it can speak for the client.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// 20 characters of URL-safe base64, which is 120 random bits. It is secret: `Debug` does not show it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionId([u8; Self::LEN]);

impl SessionId {
    /// Characters of an id.
    pub const LEN: usize = 20;

    /// An id of random bytes, which must be unpredictable.
    pub fn new(random: [u8; 15]) -> Self {
        let mut id = [b'A'; Self::LEN];
        // 15 bytes are 20 characters exactly, so it always fits.
        let _ = URL_SAFE_NO_PAD.encode_slice(random, &mut id);
        Self(id)
    }

    /// Text of a client. Nothing when no server of this kind could have given it.
    pub fn parse(text: &str) -> Option<Self> {
        let id: [u8; Self::LEN] = text.as_bytes().try_into().ok()?;
        let is_known = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        id.iter().all(is_known).then_some(Self(id))
    }

    /// Its characters.
    pub fn as_str(&self) -> &str {
        // It is ASCII, so it is never the empty text.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifteen_bytes_are_twenty_characters() {
        assert_eq!(SessionId::new([0; 15]).as_str(), "AAAAAAAAAAAAAAAAAAAA");
        assert_eq!(SessionId::new([0xff; 15]).as_str(), "____________________");
        let id = SessionId::new(*b"\xfb\xff\x00random bytes");
        assert_eq!(id.as_str(), "-_8AcmFuZG9tIGJ5dGVz");
        assert_eq!(SessionId::parse(id.as_str()), Some(id));
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in [
            "",
            "-_8AcmFuZG9tIGJ5dGV",
            "-_8AcmFuZG9tIGJ5dGVzz",
            "-/8AcmFuZG9tIGJ5dGVz",
            "ééééééé  ééé",
            "../../../../../etc/pw",
        ] {
            assert_eq!(SessionId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn it_is_not_shown() {
        assert_eq!(format!("{:?}", SessionId::new([1; 15])), "SessionId(..)");
    }
}
