//! JSON text as it passes through: checked once, cut where it has to be, never turned into values.

mod levels;
mod lexeme;
pub(crate) mod placeholder;
mod scanner;
mod text;

pub(crate) use levels::Container;
pub(crate) use placeholder::check as check_placeholders;
pub use placeholder::{Placeholder, Placeholders, placeholders};
pub(crate) use scanner::{Scanner, Str, Token};
pub use text::push_string;
pub(crate) use text::unescape;

use crate::error::Error;

/// Without the whitespace around it (RFC 8259 section 2).
pub(crate) fn trim(text: &str) -> &str {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    let start = text.bytes().take_while(is_space).count();
    let text = &text[start..];
    let spaces = text.bytes().rev().take_while(is_space).count();
    &text[..text.len() - spaces]
}

/// One value, with arrays and objects to the given depth.
pub(crate) fn check(value: &str, depth: usize) -> Result<(), Error> {
    finish(Scanner::value(value, depth))
}

/// Reads the rest.
pub(crate) fn finish(mut scanner: Scanner<'_>) -> Result<(), Error> {
    while scanner.token()?.is_some() {}
    Ok(())
}
