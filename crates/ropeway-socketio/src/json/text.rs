//! Strings, from text to JSON and back (RFC 8259 section 7).

use std::borrow::Cow;
use std::fmt::Write;

use super::lexeme::plain_len;
use super::scanner::Str;

/// Appends a JSON string (RFC 8259 section 7): quotes, backslashes and control characters are escaped.
pub fn push_string(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    loop {
        let (plain, special) = rest.split_at(plain_len(rest.as_bytes()));
        out.push_str(plain);
        let Some(byte) = special.bytes().next() else { break };
        escape(out, byte);
        rest = &special[1..];
    }
    out.push('"');
}

fn escape(out: &mut String, byte: u8) {
    match byte {
        b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
        b'\n' => out.push_str("\\n"),
        _ => {
            // Writing to a `String` cannot fail.
            let _ = write!(out, "\\u{byte:04x}");
        }
    }
}

/// The text of a string. Half of a surrogate pair becomes U+FFFD, as it does in the text of a WebSocket.
pub(crate) fn unescape(string: Str<'_>) -> Cow<'_, str> {
    if !string.escaped {
        return Cow::Borrowed(string.raw);
    }
    let mut text = String::with_capacity(string.raw.len());
    let mut rest = string.raw;
    while let Some((plain, escape)) = rest.split_once('\\') {
        text.push_str(plain);
        let (character, used) = unescape_one(escape.as_bytes());
        text.push(character);
        rest = &escape[used..];
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// One escape, behind its backslash, and how many bytes of it. Its form was checked before.
fn unescape_one(escape: &[u8]) -> (char, usize) {
    let character = match escape.first() {
        Some(b'b') => '\x08',
        Some(b'f') => '\x0c',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unescape_unicode(escape),
        Some(byte) => char::from(*byte),
        None => return (char::REPLACEMENT_CHARACTER, 0),
    };
    (character, 1)
}

/// `u` and four digits, and the other half of a pair if it follows.
fn unescape_unicode(escape: &[u8]) -> (char, usize) {
    let Some(first) = code_unit(escape) else { return (char::REPLACEMENT_CHARACTER, escape.len()) };
    let second = escape.get(5..).and_then(|rest| rest.strip_prefix(b"\\")).and_then(code_unit);
    let units = [first, second.unwrap_or_default()];
    match char::decode_utf16(units).next() {
        Some(Ok(character)) => (character, if character.len_utf16() == 2 { 11 } else { 5 }),
        _ => (char::REPLACEMENT_CHARACTER, 5),
    }
}

fn code_unit(escape: &[u8]) -> Option<u16> {
    let digits = escape.strip_prefix(b"u")?.get(..4)?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_reads_back() {
        let all: String = (0..0x300).filter_map(char::from_u32).collect();
        for text in ["", "plain", "\"\\", "a\nb\u{0}\u{1f}\u{7f}é😀", &all] {
            let mut json = String::new();
            push_string(&mut json, text);
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text, "{json}");
            let escaped = json.contains('\\');
            assert_eq!(unescape(Str { raw: &json[1..json.len() - 1], escaped }), text, "{json}");
        }
    }

    #[test]
    fn every_escape_is_undone() {
        let cases = [
            (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\x08\x0c\n\r\t"),
            (r"a\u00e9b\uD83D\uDEA1c", "aéb🚡c"),
            (r"\u0000é\\u0041", "\0é\\u0041"),
            (r"\ud83d", "\u{fffd}"),
            (r"\ud83dx\udea1", "\u{fffd}x\u{fffd}"),
            (r"\ud83d\ud83d\udea1", "\u{fffd}🚡"),
            (r"\ud83d\n", "\u{fffd}\n"),
            (r"\udea1\ud83d", "\u{fffd}\u{fffd}"),
        ];
        for (raw, text) in cases {
            assert_eq!(unescape(Str { raw, escaped: true }), text, "{raw}");
        }
    }
}
