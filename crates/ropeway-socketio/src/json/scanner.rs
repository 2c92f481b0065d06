//! JSON text, token by token (RFC 8259), without recursion and without values.

use super::levels::{Container, Levels};
use super::lexeme;
use crate::error::Error;

/// A token, with its text where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// `[` or `{`
    Begin(Container),
    /// `]` or `}`
    End,
    /// The name of an object's member.
    Key(Str<'a>),
    String(Str<'a>),
    Number(&'a str),
    /// `true`, `false` or `null`
    Literal(&'a str),
}

/// The inside of a string, as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Str<'a> {
    pub(crate) raw: &'a str,
    pub(crate) escaped: bool,
}

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Value,
    /// A value, or the end of what has none yet.
    ValueOrEnd,
    Key,
    KeyOrEnd,
    CommaOrEnd,
}

/// Reads one text.
///
/// What every token passes through is inlined by force: that is a third of the instructions of a packet of many small
/// values.
#[derive(Clone, Debug)]
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    expect: Expect,
    levels: Levels,
    max_depth: usize,
    /// Whether commas may stand outside of all brackets.
    is_list: bool,
}

impl<'a> Scanner<'a> {
    /// A text that is one value.
    pub(crate) fn value(text: &'a str, max_depth: usize) -> Self {
        Self { text, at: 0, expect: Expect::Value, levels: Levels::default(), max_depth, is_list: false }
    }

    /// A text that is the inside of an array, which counts as one level.
    pub(crate) fn list(text: &'a str, max_depth: usize) -> Self {
        let max_depth = max_depth.saturating_sub(1);
        Self { expect: Expect::ValueOrEnd, is_list: true, ..Self::value(text, max_depth) }
    }

    /// The next token; nothing at the end of a complete text.
    #[inline]
    pub(crate) fn token(&mut self) -> Result<Option<Token<'a>>, Error> {
        let Some(mut byte) = self.peek() else { return self.end() };
        if self.expect == Expect::CommaOrEnd && byte == b',' && (self.is_list || self.levels.depth() > 0) {
            self.at += 1;
            self.expect = match self.levels.innermost() {
                Some(Container::Object) => Expect::Key,
                _ => Expect::Value,
            };
            byte = self.peek().ok_or(Error::Json)?;
        }
        match self.expect {
            Expect::Value => self.any(byte).map(Some),
            Expect::ValueOrEnd if byte == b']' => self.close(Container::Array).map(Some),
            Expect::ValueOrEnd => self.any(byte).map(Some),
            Expect::KeyOrEnd | Expect::CommaOrEnd if byte == b'}' => self.close(Container::Object).map(Some),
            Expect::CommaOrEnd if byte == b']' => self.close(Container::Array).map(Some),
            Expect::Key | Expect::KeyOrEnd if byte == b'"' => self.key().map(Some),
            _ => Err(Error::Json),
        }
    }

    /// Where the token that was read last ends, in bytes.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// A scanner that looks ahead in the object that has just begun, and in nothing within it.
    pub(crate) fn inside_object(&self) -> Self {
        let mut ahead = Self::value(self.text, 1);
        ahead.at = self.at;
        ahead.levels.push(Container::Object);
        ahead.expect = Expect::KeyOrEnd;
        ahead
    }

    /// Goes on behind the innermost object, whose end another scanner has found.
    pub(crate) fn leave_object(&mut self, end: usize) {
        self.levels.pop();
        self.at = end;
        self.expect = Expect::CommaOrEnd;
    }

    /// Whether such text is next.
    pub(crate) fn is_before(&mut self, text: &str) -> bool {
        self.peek().is_some() && self.text.as_bytes()[self.at..].starts_with(text.as_bytes())
    }

    /// The next byte that is no whitespace.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = bytes.get(self.at) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    fn end(&self) -> Result<Option<Token<'a>>, Error> {
        let is_complete = match self.expect {
            Expect::CommaOrEnd => true,
            Expect::ValueOrEnd => self.is_list,
            _ => false,
        };
        if is_complete && self.levels.depth() == 0 { Ok(None) } else { Err(Error::Json) }
    }

    #[inline(always)]
    fn any(&mut self, first: u8) -> Result<Token<'a>, Error> {
        let token = match first {
            b'"' => Token::String(self.string()?),
            b'[' => return self.open(Container::Array, Expect::ValueOrEnd),
            b'{' => return self.open(Container::Object, Expect::KeyOrEnd),
            b't' => Token::Literal(self.literal("true")?),
            b'f' => Token::Literal(self.literal("false")?),
            b'n' => Token::Literal(self.literal("null")?),
            _ => {
                let len = lexeme::number(&self.text.as_bytes()[self.at..]).ok_or(Error::Json)?;
                Token::Number(self.take(len))
            }
        };
        self.expect = Expect::CommaOrEnd;
        Ok(token)
    }

    #[inline]
    fn open(&mut self, container: Container, expect: Expect) -> Result<Token<'a>, Error> {
        if self.levels.depth() >= self.max_depth {
            return Err(Error::TooDeep { limit: self.max_depth + usize::from(self.is_list) });
        }
        self.levels.push(container);
        self.at += 1;
        self.expect = expect;
        Ok(Token::Begin(container))
    }

    #[inline]
    fn close(&mut self, container: Container) -> Result<Token<'a>, Error> {
        if self.levels.innermost() != Some(container) {
            return Err(Error::Json);
        }
        self.levels.pop();
        self.at += 1;
        self.expect = Expect::CommaOrEnd;
        Ok(Token::End)
    }

    #[inline(always)]
    fn key(&mut self) -> Result<Token<'a>, Error> {
        let key = self.string()?;
        if self.peek() != Some(b':') {
            return Err(Error::Json);
        }
        self.at += 1;
        self.expect = Expect::Value;
        Ok(Token::Key(key))
    }

    #[inline(always)]
    fn string(&mut self) -> Result<Str<'a>, Error> {
        let found = lexeme::string(&self.text.as_bytes()[self.at..]).ok_or(Error::Json)?;
        let quoted = self.take(found.len);
        Ok(Str { raw: &quoted[1..quoted.len() - 1], escaped: found.escaped })
    }

    fn literal(&mut self, literal: &str) -> Result<&'a str, Error> {
        if self.is_before(literal) { Ok(self.take(literal.len())) } else { Err(Error::Json) }
    }

    /// What is taken ends with an ASCII character, so that it cannot cut another.
    fn take(&mut self, len: usize) -> &'a str {
        let taken = &self.text[self.at..self.at + len];
        self.at += len;
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(mut scanner: Scanner<'_>) -> Result<usize, Error> {
        let mut tokens = 0;
        while scanner.token()?.is_some() {
            tokens += 1;
        }
        Ok(tokens)
    }

    #[test]
    fn values_are_one_value() {
        for (text, tokens) in [
            (" {\"a\" : [1 , -2.5e3, \"é\\n\"], \"b\":{ } , \"c\":null}\r\n", 13),
            ("[]", 2),
            ("[[],[true,false]]", 8),
            ("\"\"", 1),
            ("\t0", 1),
        ] {
            assert_eq!(scan(Scanner::value(text, 8)), Ok(tokens), "{text}");
        }
        for text in [
            "",
            " ",
            ",",
            "1,2",
            "1 2",
            "[1,]",
            "[,1]",
            "[1 2]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{1:2}",
            "{,}",
            "[}",
            "{]",
            "]",
            "[",
            "{\"a\":1",
            "tru",
            "nul",
            "truefalse",
            "'a'",
            "[1]]",
            "01",
            "\u{feff}1",
            "\u{a0}1",
            "NaN",
            "1\0",
        ] {
            assert_eq!(scan(Scanner::value(text, 8)), Err(Error::Json), "{text:?}");
        }
    }

    #[test]
    fn lists_are_the_inside_of_an_array() {
        for (text, tokens) in [("", 0), (" ", 0), ("1", 1), (" \"a\" , {} ,[1]", 6)] {
            assert_eq!(scan(Scanner::list(text, 8)), Ok(tokens), "{text:?}");
        }
        for text in [",", "1,", ",1", "1],[2", "]", "1}", "\"a\":1", "[1"] {
            assert_eq!(scan(Scanner::list(text, 8)), Err(Error::Json), "{text:?}");
        }
    }

    #[test]
    fn depth_is_limited_at_any_size() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(scan(Scanner::value(&nested(128), 128)), Ok(256));
        assert_eq!(scan(Scanner::value(&nested(129), 128)), Err(Error::TooDeep { limit: 128 }));
        assert_eq!(scan(Scanner::list(&nested(127), 128)), Ok(254));
        assert_eq!(scan(Scanner::list(&nested(128), 128)), Err(Error::TooDeep { limit: 128 }));
        assert_eq!(scan(Scanner::value(&nested(1_000_000), 128)), Err(Error::TooDeep { limit: 128 }));
        assert_eq!(scan(Scanner::value(&nested(100_000), usize::MAX)), Ok(200_000));
    }
}
