//! Foreign text for terminals: nothing in it moves the cursor, changes colours or titles, or turns the order of what is
//! read.

use std::borrow::Cow;
use std::fmt::Write;

/// Text that may have several lines: line feeds and tabs stay, all other control characters are written out.
pub(crate) fn block(text: &str) -> Cow<'_, str> {
    clean(text, |c| is_harmful(c) && c != '\n' && c != '\t')
}

/// Text for one line: line feeds and tabs are written out, too.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    clean(text, is_harmful)
}

/// JSON on one line: what is harmful there can only stand in strings, and is written as JSON has it.
pub(crate) fn json(text: &str) -> Cow<'_, str> {
    if !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_harmful(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(clean, "\\u{unit:04x}");
            }
        } else {
            clean.push(c);
        }
    }
    Cow::Owned(clean)
}

fn clean(text: &str, is_unwanted: impl Fn(char) -> bool + Copy) -> Cow<'_, str> {
    if !text.contains(is_unwanted) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            _ if !is_unwanted(c) => clean.push(c),
            '\n' => clean.push_str("\\n"),
            '\r' => clean.push_str("\\r"),
            '\t' => clean.push_str("\\t"),
            '\0'..='\u{ff}' => {
                let _ = write!(clean, "\\x{:02x}", u32::from(c));
            }
            _ => {
                let _ = write!(clean, "\\u{{{:x}}}", u32::from(c));
            }
        }
    }
    Cow::Owned(clean)
}

/// Control characters (C0, DEL, C1), line and paragraph separators, and the controls of writing direction (UAX #9), which
/// make text look like another.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_are_written_out() {
        assert_eq!(block("a\x1b[31mb\r\nc\td\x07\u{9b}2J\x7f"), "a\\x1b[31mb\\r\nc\td\\x07\\x9b2J\\x7f");
        assert_eq!(line("a\nb\tc\rd"), "a\\nb\\tc\\rd");
    }

    #[test]
    fn directions_cannot_be_turned() {
        assert_eq!(line("x\u{202e}y\u{2066}z\u{200f}"), "x\\u{202e}y\\u{2066}z\\u{200f}");
        assert_eq!(json("\"\u{202e}\u{9b}\""), "\"\\u202e\\u009b\"");
    }

    #[test]
    fn what_is_harmless_stays_as_it_is() {
        for text in ["žluťoučký 🐎 ‎".trim_end_matches('\u{200e}'), "👩‍💻", "שלום", ""] {
            assert!(matches!(block(text), Cow::Borrowed(same) if same == text));
        }
    }
}
