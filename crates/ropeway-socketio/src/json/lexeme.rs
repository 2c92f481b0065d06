//! The ends of strings and numbers. Each function is given the bytes from the lexeme's first on, and says how many of
//! them it has, or nothing when it is none.

/// A string (RFC 8259 section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StringLexeme {
    /// Quotes included.
    pub(crate) len: usize,
    /// Whether it has a backslash.
    pub(crate) escaped: bool,
}

#[inline]
pub(crate) fn string(bytes: &[u8]) -> Option<StringLexeme> {
    let mut len = 1;
    let mut escaped = false;
    loop {
        len += plain_len(bytes.get(len..)?);
        match bytes.get(len)? {
            b'"' => return Some(StringLexeme { len: len + 1, escaped }),
            b'\\' => len += escape(&bytes[len..])?,
            _ => return None,
        }
        escaped = true;
    }
}

/// Bytes before the first quote, backslash or control character, which are what a string cannot hold as they are.
///
/// Eight at a time: a byte that is looked for sets its top bit in `found`; one that is not can be set too, but only
/// behind one that is, so the first is right.
#[inline]
pub(crate) fn plain_len(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const TOPS: u64 = u64::from_ne_bytes([0x80; 8]);
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word;
    let mut len = 0;
    while let Some(eight) = bytes[len..].first_chunk() {
        let word = u64::from_le_bytes(*eight);
        let quote = word ^ (ONES * u64::from(b'"'));
        let backslash = word ^ (ONES * u64::from(b'\\'));
        let found = (below(word, 0x20) | below(quote, 1) | below(backslash, 1)) & TOPS;
        if found != 0 {
            return len + (found.trailing_zeros() / 8) as usize;
        }
        len += 8;
    }
    let is_plain = |byte: &u8| *byte >= 0x20 && *byte != b'"' && *byte != b'\\';
    len + bytes[len..].iter().take_while(|byte| is_plain(byte)).count()
}

fn escape(bytes: &[u8]) -> Option<usize> {
    match bytes.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => bytes.get(2..6)?.iter().all(u8::is_ascii_hexdigit).then_some(6),
        _ => None,
    }
}

/// A number (RFC 8259 section 6).
pub(crate) fn number(bytes: &[u8]) -> Option<usize> {
    let mut len = usize::from(bytes.first() == Some(&b'-'));
    len += match bytes.get(len)? {
        b'0' => 1,
        _ => digits(&bytes[len..])?,
    };
    if bytes.get(len) == Some(&b'.') {
        len += 1 + digits(&bytes[len + 1..])?;
    }
    if let Some(b'e' | b'E') = bytes.get(len) {
        len += 1 + usize::from(matches!(bytes.get(len + 1), Some(b'+' | b'-')));
        len += digits(&bytes[len..])?;
    }
    Some(len)
}

fn digits(bytes: &[u8]) -> Option<usize> {
    match bytes.iter().take_while(|byte| byte.is_ascii_digit()).count() {
        0 => None,
        count => Some(count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_special_byte_is_found_wherever_it_stands() {
        for special in [0, 0x1f, b'"', b'\\'] {
            for before in 0..20 {
                for filler in [b' ', b'!', b'#', b'[', b']', 0x7f, 0x80, 0xa2, 0xdc, 0xff] {
                    let mut bytes = vec![filler; before];
                    bytes.extend([special, b'"', filler, 0, special, filler, filler, filler, filler]);
                    assert_eq!(plain_len(&bytes), before, "{special} behind {filler}");
                }
            }
        }
        assert_eq!(plain_len("žluťoučký kůň 🐎".as_bytes()), "žluťoučký kůň 🐎".len());
        assert_eq!(plain_len(b""), 0);
    }

    #[test]
    fn numbers_end_where_the_grammar_says() {
        let numbers =
            [("0", 1), ("-0", 2), ("01", 1), ("10.5e-3,", 7), ("1E+2]", 4), ("9007199254740993 ", 16)];
        for (text, len) in numbers {
            assert_eq!(number(text.as_bytes()), Some(len), "{text}");
        }
        for text in ["", "-", "-a", ".5", "1.", "1.e3", "1e", "1e+", "+1"] {
            assert_eq!(number(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn strings_end_at_their_quote() {
        let of = |text: &str| string(text.as_bytes()).map(|found| (found.len, found.escaped));
        assert_eq!(of(r#""","#), Some((2, false)));
        assert_eq!(of("\"é🚡\""), Some((8, false)));
        assert_eq!(of(r#""\"\\\/\b\f\n\r\t\u00e9\uD83D""#), Some((30, true)));
        for text in ["\"", "\"\\\"", "\"\\x\"", "\"\\u12g4\"", "\"\\u12", "\"\n\"", "\"\0\""] {
            assert_eq!(of(text), None, "{text:?}");
        }
    }
}
