//! The header `Forwarded` (RFC 7239 section 4).

use http::HeaderMap;
use http::header::FORWARDED;

use super::hop::{Hop, address, is_secure};

/// The elements of all lines, as they stand: separated by commas outside of quoted strings.
pub(super) fn elements(headers: &HeaderMap) -> Vec<String> {
    let lines: Vec<&str> =
        headers.get_all(FORWARDED).iter().map(|line| line.to_str().unwrap_or("?")).collect();
    if lines.is_empty() { Vec::new() } else { split(&lines.join(","), ',') }
}

/// What one element says of a hop. With a parameter twice, or something that is none, it says nothing.
pub(super) fn hop(element: &str) -> Hop {
    let (mut node, mut scheme, mut is_sound) = (None, None, true);
    for pair in split(element, ';') {
        let slot = match pair.split_once('=') {
            Some((name, value)) if name.trim().eq_ignore_ascii_case("for") => Some((&mut node, value)),
            Some((name, value)) if name.trim().eq_ignore_ascii_case("proto") => Some((&mut scheme, value)),
            Some(_) => None,
            None => {
                is_sound = false;
                None
            }
        };
        if let Some((slot, value)) = slot {
            is_sound &= slot.is_none();
            *slot = unquoted(value.trim());
        }
    }
    let node = node.filter(|_| is_sound);
    Hop { address: node.as_deref().and_then(address), is_secure: scheme.as_deref().map(is_secure) }
}

/// Cuts at a character outside of quoted strings.
fn split(text: &str, at: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut is_quoted, mut is_escaped) = (false, false);
    for c in text.chars() {
        if c == at && !is_quoted {
            parts.push(String::new());
            continue;
        }
        is_quoted ^= c == '"' && !is_escaped;
        is_escaped = c == '\\' && is_quoted && !is_escaped;
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    parts
}

/// A token, or what a quoted string stands for (RFC 9110 section 5.6.4).
fn unquoted(value: &str) -> Option<String> {
    let Some(rest) = value.strip_prefix('"') else { return Some(value.to_owned()) };
    let (mut text, mut chars) = (String::new(), rest.chars());
    loop {
        match chars.next()? {
            '"' => return chars.next().is_none().then_some(text),
            '\\' => text.push(chars.next()?),
            c => text.push(c),
        }
    }
}
