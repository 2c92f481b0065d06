//! Placeholders: the objects that stand for attachments (Socket.IO protocol, Binary).

use std::collections::BTreeSet;
use std::ops::Range;

use super::levels::Container;
use super::scanner::{Scanner, Str, Token};
use super::text::unescape;
use crate::error::Error;

/// An object that stands for an attachment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholder {
    /// Where it stands in the text, braces included.
    pub range: Range<usize>,
    /// Which attachment, from 0.
    pub attachment: usize,
}

/// The placeholders of the arguments of a packet that has attachments, in the order of the text.
///
/// A placeholder is `{"_placeholder":true,"num":0}` in either order and with any whitespace. An object with
/// `"_placeholder":true` in any other form is an error: no client writes it, and readers would not agree on what it
/// is.
pub fn placeholders(arguments: &str) -> Placeholders<'_> {
    Placeholders { scanner: Scanner::list(arguments, usize::MAX), start: 0 }
}

/// What [`placeholders`] finds. After an error nothing follows.
#[derive(Clone, Debug)]
pub struct Placeholders<'a> {
    scanner: Scanner<'a>,
    start: usize,
}

impl Iterator for Placeholders<'_> {
    type Item = Result<Placeholder, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.find().transpose()
    }
}

impl Placeholders<'_> {
    fn find(&mut self) -> Result<Option<Placeholder>, Error> {
        while let Some(token) = self.scanner.token()? {
            match token {
                Token::Begin(Container::Object) => {
                    self.start = self.scanner.position() - 1;
                    if let Some(attachment) = take(&mut self.scanner) {
                        return Ok(Some(Placeholder {
                            range: self.start..self.scanner.position(),
                            attachment,
                        }));
                    }
                }
                Token::Key(key) => refuse(key, &mut self.scanner)?,
                _ => {}
            }
        }
        Ok(None)
    }
}

/// The rest of an object that has begun, if it is a placeholder; otherwise nothing is taken.
pub(crate) fn take(scanner: &mut Scanner<'_>) -> Option<usize> {
    let mut ahead = scanner.inside_object();
    let mut next = || ahead.token().ok().flatten();
    let members = [(next()?, next()?), (next()?, next()?)];
    let is_end = next() == Some(Token::End);
    let attachment = match members {
        [(Token::Key(mark), Token::Literal("true")), (Token::Key(num), Token::Number(number))]
        | [(Token::Key(num), Token::Number(number)), (Token::Key(mark), Token::Literal("true"))]
            if is_mark(mark) && unescape(num) == "num" && is_end =>
        {
            number.parse().ok()?
        }
        _ => return None,
    };
    scanner.leave_object(ahead.position());
    Some(attachment)
}

/// A mark in an object that is not a placeholder.
pub(crate) fn refuse(key: Str<'_>, scanner: &mut Scanner<'_>) -> Result<(), Error> {
    if is_mark(key) && scanner.is_before("true") { Err(Error::Placeholder) } else { Ok(()) }
}

fn is_mark(key: Str<'_>) -> bool {
    unescape(key) == "_placeholder"
}

/// Each placeholder stands for an attachment that there is, and no two for the same one: otherwise a small packet
/// could unfold to a large one.
pub(crate) fn check(arguments: &str, attachments: usize) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    for placeholder in placeholders(arguments) {
        let attachment = placeholder?.attachment;
        if attachment >= attachments || !seen.insert(attachment) {
            return Err(Error::Placeholder);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(arguments: &str) -> Result<Vec<(&str, usize)>, Error> {
        placeholders(arguments)
            .map(|found| found.map(|Placeholder { range, attachment }| (&arguments[range], attachment)))
            .collect()
    }

    #[test]
    fn they_are_found_in_every_shape() {
        let text =
            r#""é",{"_placeholder":true,"num":0},{"a":[{ "num" : 1 , "_placeholder" : true }]},{"num":3}"#;
        let expected =
            [(r#"{"_placeholder":true,"num":0}"#, 0), (r#"{ "num" : 1 , "_placeholder" : true }"#, 1)];
        assert_eq!(found(text), Ok(expected.to_vec()));
        assert_eq!(found(r#"{"\u005fplaceholder":true,"n\u0075m":7}"#).unwrap()[0].1, 7);
        assert_eq!(
            found(r#"{"_placeholder":false,"num":0},{"_placeholder":1},"_placeholder",true"#),
            Ok(vec![])
        );
    }

    #[test]
    fn what_only_looks_like_one_is_refused() {
        for text in [
            r#"{"_placeholder":true}"#,
            r#"{"_placeholder":true,"num":-1}"#,
            r#"{"_placeholder":true,"num":0.5}"#,
            r#"{"_placeholder":true,"num":"0"}"#,
            r#"{"_placeholder":true,"num":0,"x":1}"#,
            r#"{"x":{},"_placeholder":true,"num":0}"#,
            r#"{"_placeholder":true,"num":99999999999999999999999}"#,
            r#"[{"_placeholder":true,"_placeholder":false,"num":0}]"#,
        ] {
            assert_eq!(found(text), Err(Error::Placeholder), "{text}");
        }
    }

    #[test]
    fn each_stands_for_one_attachment() {
        let text = r#"{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}"#;
        assert_eq!(check(text, 2), Ok(()));
        assert_eq!(check(text, 3), Ok(()));
        assert_eq!(check(text, 1), Err(Error::Placeholder));
        let twice = r#"{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}"#;
        assert_eq!(check(twice, 2), Err(Error::Placeholder));
    }
}
