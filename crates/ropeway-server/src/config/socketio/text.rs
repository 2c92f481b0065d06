//! Texts of `[socketio]`: each has a form of its own.

use super::super::value::{Raw, Value, quoted, unlike, written};
use super::Transport;

/// Declares a text that has to fit a rule.
macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $fits:ident, $allowed:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// Nothing for a text that is not of this form.
            pub fn new(text: &str) -> Option<Self> {
                $fits(text).then(|| Self(text.to_owned()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Value for $name {
            const ALLOWED: &'static str = $allowed;

            fn read(raw: Raw<'_>) -> Option<Self> {
                raw.text().and_then(Self::new)
            }

            fn write(&self) -> Option<String> {
                Some(quoted(&self.0))
            }
        }
    };
}

text!(
    /// A path such as `/socket.io`: segments of unreserved characters (RFC 3986, section 2.3), each behind a slash, and
    /// none at the end.
    Path, is_path,
    "a path such as \"/socket.io\": letters, digits and -._~ behind each slash, and no slash at the end"
);

impl Default for Path {
    fn default() -> Self {
        Self("/socket.io".to_owned())
    }
}

fn is_path(text: &str) -> bool {
    let segment = |segment: &str| {
        !matches!(segment, "" | "." | "..")
            && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
    };
    text.strip_prefix('/').is_some_and(|rest| rest.split('/').all(segment))
}

text!(
    /// The name of a namespace. What stands behind a `?` is no part of a name, and a comma ends it on the wire.
    Namespace, is_namespace,
    "a name such as \"/chat\": a slash and at most 255 bytes without comma, question mark and control characters"
);

impl Default for Namespace {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

fn is_namespace(text: &str) -> bool {
    let allowed = |c: char| !matches!(c, ',' | '?') && !c.is_control();
    text.starts_with('/') && text.len() <= 256 && text.chars().all(allowed)
}

text!(
    /// The name of a cookie (a token of RFC 6265, section 4.1.1).
    CookieName, is_token,
    "the name of a cookie such as \"io\": letters, digits and !#$%&'*+-.^_`|~"
);

fn is_token(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}

text!(
    /// Attributes of a cookie, as they stand behind its value (RFC 6265, section 4.1.1).
    CookieAttributes, is_attributes,
    "attributes such as \"Path=/; HttpOnly; SameSite=Lax\", in printable ASCII characters"
);

impl Default for CookieAttributes {
    fn default() -> Self {
        Self("Path=/; HttpOnly; SameSite=Lax".to_owned())
    }
}

fn is_attributes(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~')) && !text.starts_with(';')
}

text!(
    /// The text of an Engine.IO message.
    InitialPacket, is_packet,
    "the text of a message, at most 64 KiB"
);

/// `\u{1e}` separates the packets of a polling payload.
fn is_packet(text: &str) -> bool {
    (1..=1 << 16).contains(&text.len()) && !text.contains('\u{1e}')
}

/// A value that may be absent.
pub(in super::super) trait Optional: Value {
    const SAMPLE: &'static str;
}

impl Optional for CookieName {
    const SAMPLE: &'static str = "\"io\"";
}

impl Optional for InitialPacket {
    const SAMPLE: &'static str = "'2[\"welcome\"]'";
}

impl<T: Optional> Value for Option<T> {
    const ALLOWED: &'static str = T::ALLOWED;
    const SAMPLE: &'static str = <T as Optional>::SAMPLE;

    fn read(raw: Raw<'_>) -> Option<Self> {
        T::read(raw).map(Some)
    }

    fn write(&self) -> Option<String> {
        self.as_ref().and_then(T::write)
    }

    fn fault(raw: Raw<'_>) -> Option<String> {
        T::fault(raw)
    }
}

/// An application may make all namespaces itself, so there may be none.
impl Value for Vec<Namespace> {
    const ALLOWED: &'static str = "a list of names such as [\"/\", \"/chat\"], none twice: a slash and at most 255 \
                                   bytes without comma, question mark and control characters";

    fn read(raw: Raw<'_>) -> Option<Self> {
        unlike(raw)
    }

    fn write(&self) -> Option<String> {
        written(self)
    }
}

impl Value for Vec<Transport> {
    const ALLOWED: &'static str = "a list of \"polling\" and \"websocket\", one at least and none twice";

    fn read(raw: Raw<'_>) -> Option<Self> {
        unlike(raw).filter(|list: &Self| !list.is_empty())
    }

    fn write(&self) -> Option<String> {
        written(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_slashes_before_its_segments_only() {
        for good in ["/socket.io", "/a", "/api/v1/socket.io", "/a~b_c-d"] {
            assert!(is_path(good), "{good}");
        }
        for bad in
            ["", "/", "socket.io", "/a/", "//a", "/a//b", "/../a", "/./a", "/{a}", "/a?b", "/ä", "/a b"]
        {
            assert!(!is_path(bad), "{bad}");
        }
    }

    #[test]
    fn a_namespace_has_no_comma_and_no_query() {
        assert!(is_namespace("/") && is_namespace("/räume/1"));
        for bad in ["", "chat", "/a,b", "/a?b", "/a\n"] {
            assert!(!is_namespace(bad), "{bad}");
        }
        assert!(!is_namespace(&format!("/{}", "a".repeat(256))));
    }

    #[test]
    fn cookies_cannot_break_out_of_their_header() {
        assert!(is_token("io") && !is_token("") && !is_token("a b") && !is_token("a=b") && !is_token("a;"));
        assert!(is_attributes("Path=/; Secure") && is_attributes(""));
        assert!(!is_attributes("Path=/\r\nX: y") && !is_attributes("; Secure"));
    }

    #[test]
    fn an_initial_packet_stays_one_packet() {
        assert!(is_packet("2[\"a\"]") && !is_packet("") && !is_packet("a\u{1e}4b"));
    }
}
