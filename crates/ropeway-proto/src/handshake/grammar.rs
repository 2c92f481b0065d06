//! The lists in handshake headers: tokens, and extensions with parameters (RFC 6455 section 9.1).
//!
//! One pass from left to right, nothing is looked at twice: what a header costs grows with its length.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue};

/// A header that is not what its grammar says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a list of {expected}")]
pub struct GrammarError {
    expected: &'static str,
}

const NOT_TOKENS: GrammarError = GrammarError { expected: "tokens" };
const NOT_EXTENSIONS: GrammarError = GrammarError { expected: "extensions with parameters" };

/// One element of `Sec-WebSocket-Extensions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    /// A token, as it was written.
    pub name: &'a str,
    /// In the order they were written.
    pub params: Vec<Param<'a>>,
}

/// One parameter of an extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param<'a> {
    /// A token, as it was written.
    pub name: &'a str,
    /// A token; the quotes it may have been written in are gone.
    pub value: Option<Cow<'a, str>>,
}

/// All tokens of all lines of the header `name`; none if there is no such line.
///
/// # Errors
///
/// Anything that is not a token, or lines without any.
pub fn tokens<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Vec<&'a str>, GrammarError> {
    list(headers, name, NOT_TOKENS, Cursor::token)
}

/// All extensions of all lines of `Sec-WebSocket-Extensions`; none if there is no such line.
///
/// # Errors
///
/// Anything that is not an extension by RFC 6455 section 9.1, or lines without any.
pub fn extensions(headers: &HeaderMap) -> Result<Vec<Extension<'_>>, GrammarError> {
    list(headers, &http::header::SEC_WEBSOCKET_EXTENSIONS, NOT_EXTENSIONS, Cursor::extension)
}

/// Whether `text` is a token (RFC 9110 section 5.6.2).
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

fn list<'a, T>(
    headers: &'a HeaderMap,
    name: &HeaderName,
    error: GrammarError,
    element: impl Fn(&mut Cursor<'a>) -> Option<T>,
) -> Result<Vec<T>, GrammarError> {
    let mut found = Vec::new();
    let mut lines = 0;
    for line in headers.get_all(name) {
        lines += 1;
        elements(line, &element, &mut found).ok_or(error)?;
    }
    if lines > 0 && found.is_empty() { Err(error) } else { Ok(found) }
}

/// The elements between the commas of one line. Empty elements do not count (RFC 9110 section 5.6.1.2).
fn elements<'a, T>(
    line: &'a HeaderValue,
    element: impl Fn(&mut Cursor<'a>) -> Option<T>,
    found: &mut Vec<T>,
) -> Option<()> {
    let mut cursor = Cursor { rest: line.to_str().ok()? };
    loop {
        cursor.skip_blanks();
        if !cursor.at_comma_or_end() {
            found.push(element(&mut cursor)?);
            cursor.skip_blanks();
        }
        if cursor.rest.is_empty() {
            return Some(());
        }
        cursor.eat(b',').then_some(())?;
    }
}

/// What is left of a line.
struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    /// `extension = extension-token *( ";" extension-param )`
    fn extension(&mut self) -> Option<Extension<'a>> {
        let name = self.token()?;
        let mut params = Vec::new();
        loop {
            self.skip_blanks();
            if !self.eat(b';') {
                return Some(Extension { name, params });
            }
            self.skip_blanks();
            params.push(self.param()?);
        }
    }

    /// `extension-param = token [ "=" (token | quoted-string) ]`
    fn param(&mut self) -> Option<Param<'a>> {
        let name = self.token()?;
        self.skip_blanks();
        if !self.eat(b'=') {
            return Some(Param { name, value: None });
        }
        self.skip_blanks();
        let value = if self.eat(b'"') { self.quoted()? } else { Cow::Borrowed(self.token()?) };
        Some(Param { name, value: Some(value) })
    }

    fn token(&mut self) -> Option<&'a str> {
        let end = self.rest.bytes().position(|byte| !is_token_byte(byte)).unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!token.is_empty()).then_some(token)
    }

    /// The rest of a quoted string, its opening quote eaten. What it says must be a token.
    fn quoted(&mut self) -> Option<Cow<'a, str>> {
        let end = self.rest.find(['"', '\\'])?;
        let plain = &self.rest[..end];
        if self.rest[end..].starts_with('"') {
            self.rest = &self.rest[end + 1..];
            return is_token(plain).then_some(Cow::Borrowed(plain));
        }
        self.escaped().filter(|value| is_token(value)).map(Cow::Owned)
    }

    /// A quoted string with backslashes.
    fn escaped(&mut self) -> Option<String> {
        let mut value = String::new();
        let mut chars = self.rest.char_indices();
        loop {
            match chars.next()? {
                (at, '"') => {
                    self.rest = &self.rest[at + 1..];
                    return Some(value);
                }
                (_, '\\') => value.push(chars.next()?.1),
                (_, other) => value.push(other),
            }
        }
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.rest.as_bytes().first() == Some(&byte);
        if found {
            self.rest = &self.rest[1..];
        }
        found
    }

    fn at_comma_or_end(&self) -> bool {
        matches!(self.rest.as_bytes().first(), None | Some(b','))
    }
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Owned = (String, Vec<(String, Option<String>)>);

    fn parse(value: &str) -> Result<Vec<Owned>, GrammarError> {
        let mut headers = HeaderMap::new();
        headers.insert("sec-websocket-extensions", HeaderValue::from_str(value).unwrap());
        let owned = |param: Param<'_>| (param.name.to_owned(), param.value.map(Cow::into_owned));
        let own = |e: Extension<'_>| (e.name.to_owned(), e.params.into_iter().map(owned).collect());
        extensions(&headers).map(|list| list.into_iter().map(own).collect())
    }

    fn some(name: &str, value: &str) -> (String, Option<String>) {
        (name.into(), Some(value.into()))
    }

    #[test]
    fn rfc6455_section_9_1_extension_lists() {
        assert_eq!(parse("foo").unwrap(), [("foo".into(), vec![])]);
        assert_eq!(parse("bar; baz=2").unwrap(), [("bar".into(), vec![some("baz", "2")])]);
        let two = parse("foo, bar; baz=2").unwrap();
        assert_eq!(two, [("foo".into(), vec![]), ("bar".into(), vec![some("baz", "2")])]);
    }

    #[test]
    fn a_value_may_be_quoted_and_escaped() {
        let want = [("a".to_owned(), vec![some("b", "10"), ("c".into(), None)])];
        for text in ["a;b=10;c", "a; b=\"10\" ;c", "a ; b = \"1\\0\" ; c", "\ta;b=\"\\1\\0\";\tc ,"] {
            assert_eq!(parse(text).unwrap(), want, "{text}");
        }
    }

    #[test]
    fn what_is_no_extension_list_is_refused() {
        for text in [
            "",
            ",",
            " , ",
            ";",
            "a;",
            "a;;b",
            "a;b=",
            "a;b=\"",
            "a;b=\"x",
            "a;b=\"\\",
            "a;b=\"\"",
            "a;b=\"x y\"",
            "a;b=\"x\\ y\"",
            "a b",
            "a=b",
            "a;b=c d",
            "a;b=\"c\"d",
            "\"a\"",
            "a;b=,c",
            "a,;b",
            "a/b",
            "a;=b",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn tokens_come_from_all_lines() {
        let mut headers = HeaderMap::new();
        headers.append("connection", HeaderValue::from_static("keep-alive, ,Upgrade"));
        headers.append("connection", HeaderValue::from_static("x"));
        assert_eq!(tokens(&headers, &http::header::CONNECTION).unwrap(), ["keep-alive", "Upgrade", "x"]);
        headers.append("connection", HeaderValue::from_static("no token"));
        assert_eq!(tokens(&headers, &http::header::CONNECTION), Err(NOT_TOKENS));
    }

    /// Subprotocol header ReDoS and extension parser crash, as found in other libraries.
    #[test]
    fn a_long_hostile_header_takes_linear_time() {
        for piece in [",", " ", "a,", "a;", "a;b=\"", "\\", "a;b=\"\\\"", "=", "\t,"] {
            let line = piece.repeat(1_000_000 / piece.len());
            let started = std::time::Instant::now();
            let _ = parse(&line);
            assert!(started.elapsed().as_secs() < 5, "{piece:?}");
        }
    }
}
