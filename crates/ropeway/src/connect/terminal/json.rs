//! JSON for people: indented and coloured. Numbers, the order of keys and all else stay as they came.

use serde::de::IgnoredAny;

use super::style::{Role, Style};
use crate::connect::json::string_len;
use crate::harmless;

/// An object or an array over several lines; nothing when the text is something else.
pub(super) fn pretty(text: &str, style: Style) -> Option<String> {
    let text = text.trim();
    let is_structure = text.starts_with(['{', '[']);
    if !is_structure || serde_json::from_str::<IgnoredAny>(text).is_err() {
        return None;
    }
    let mut printer = Printer { style, out: String::with_capacity(text.len() * 2), level: 0 };
    printer.print(text);
    Some(printer.out)
}

struct Printer {
    style: Style,
    out: String,
    level: usize,
}

impl Printer {
    /// `text` is JSON, which the caller knows.
    fn print(&mut self, text: &str) {
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let len = match first {
                '"' => self.string(rest),
                '{' | '[' => self.open(rest),
                '}' | ']' => self.close(first),
                ',' => self.comma(),
                ':' => self.colon(),
                _ if first.is_whitespace() => first.len_utf8(),
                _ => self.scalar(rest),
            };
            rest = &rest[len..];
        }
    }

    fn string(&mut self, rest: &str) -> usize {
        let len = string_len(rest);
        let is_key = rest[len..].trim_start().starts_with(':');
        let role = if is_key { Role::Key } else { Role::Text };
        self.out.push_str(&self.style.paint(role, harmless::json(&rest[..len])));
        len
    }

    fn open(&mut self, rest: &str) -> usize {
        self.out.push_str(&rest[..1]);
        let inside = &rest[1..];
        let next = inside.trim_start();
        if next.starts_with(['}', ']']) {
            self.out.push_str(&next[..1]);
            return 1 + (inside.len() - next.len()) + 1;
        }
        self.level += 1;
        self.new_line();
        1
    }

    fn close(&mut self, bracket: char) -> usize {
        self.level = self.level.saturating_sub(1);
        self.new_line();
        self.out.push(bracket);
        1
    }

    fn comma(&mut self) -> usize {
        self.out.push(',');
        self.new_line();
        1
    }

    fn colon(&mut self) -> usize {
        self.out.push_str(": ");
        1
    }

    /// A number, or `true`, `false`, `null`.
    fn scalar(&mut self, rest: &str) -> usize {
        let ends = |c: char| matches!(c, ',' | '}' | ']' | ':') || c.is_whitespace();
        let len = rest.find(ends).unwrap_or(rest.len()).max(1);
        self.out.push_str(&self.style.paint(Role::Number, &rest[..len]));
        len
    }

    fn new_line(&mut self) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n("  ", self.level));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Style = Style { colored: false };

    #[test]
    fn structures_are_indented_and_keep_their_order() {
        let text = r#" {"z":1.50,"a":[true,{"b":"x, \"y\": {"}], "e" : [ ] ,"o":{}
} "#;
        let expected = r#"{
  "z": 1.50,
  "a": [
    true,
    {
      "b": "x, \"y\": {"
    }
  ],
  "e": [],
  "o": {}
}"#;
        assert_eq!(pretty(text, PLAIN).unwrap(), expected);
    }

    #[test]
    fn only_whole_structures_count() {
        for text in ["", "1", "\"{}\"", "{", "[1] 2", "hello", "{a:1}"] {
            assert_eq!(pretty(text, PLAIN), None, "{text}");
        }
        assert_eq!(pretty("[]", PLAIN).unwrap(), "[]");
    }

    #[test]
    fn what_is_harmful_in_strings_is_escaped() {
        assert_eq!(pretty("[\"\u{9b}31m\u{202e}\"]", PLAIN).unwrap(), "[\n  \"\\u009b31m\\u202e\"\n]");
    }

    #[test]
    fn colours_tell_keys_from_values() {
        let colored = pretty(r#"{"a":1}"#, Style { colored: true }).unwrap();
        assert_eq!(colored, "{\n  \x1b[34m\"a\"\x1b[0m: \x1b[33m1\x1b[0m\n}");
    }
}
