//! Reading the text of a packet: `<type>[<attachments>-][<namespace>,][<id>][payload]` (Socket.IO protocol, Packet
//! encoding). The text is looked at once; what is returned borrows from it.

use std::borrow::Cow;

use super::name;
use super::{Body, Packet};
use crate::error::Error;
use crate::json::{self, Scanner, Token};
use crate::limits::Limits;

/// The last whole number that every client can count to, 2^53 - 1.
pub(crate) const MAX_ID: u64 = (1 << 53) - 1;

/// Reads a packet, and how many attachments follow.
pub(crate) fn decode<'a>(text: &'a str, limits: &Limits) -> Result<(Packet<'a>, usize), Error> {
    let kind = *text.as_bytes().first().ok_or(Error::UnknownType)?;
    if !kind.is_ascii_digit() || kind > b'6' {
        return Err(Error::UnknownType);
    }
    let is_binary = matches!(kind, b'5' | b'6');
    let rest = &text[1..];
    let (attachments, rest) = if is_binary { attachment_count(rest, limits.attachments)? } else { (0, rest) };
    let (namespace, rest) = namespace(rest);
    let body = match kind {
        b'0' => Body::Connect(connect(rest, limits.depth)?),
        b'1' if rest.is_empty() => Body::Disconnect,
        b'1' => return Err(Error::Disconnect),
        b'2' | b'5' => event(rest, limits.depth)?,
        b'3' | b'6' => ack(rest, limits.depth)?,
        _ => Body::ConnectError(connect_error(rest, limits.depth)?),
    };
    let packet = Packet { namespace: Cow::Borrowed(namespace), body };
    if is_binary {
        json::check_placeholders(packet.arguments(), attachments)?;
    }
    Ok((packet, attachments))
}

/// `<count>-`
fn attachment_count(text: &str, limit: usize) -> Result<(usize, &str), Error> {
    let (count, rest) = text.split_once('-').ok_or(Error::AttachmentCount)?;
    if count.is_empty() || !count.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Error::AttachmentCount);
    }
    match count.parse() {
        Ok(0) => Err(Error::AttachmentCount),
        Ok(count) if count <= limit => Ok((count, rest)),
        _ => Err(Error::TooManyAttachments { limit }),
    }
}

/// Up to a comma or the end; absent for the main namespace.
fn namespace(text: &str) -> (&str, &str) {
    match text.strip_prefix('/') {
        None => ("/", text),
        Some(_) => text.split_once(',').unwrap_or((text, "")),
    }
}

fn id(text: &str) -> Result<(Option<u64>, &str), Error> {
    let (mut id, mut digits) = (0_u64, 0);
    for digit in text.bytes().take_while(u8::is_ascii_digit) {
        id = id.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
        digits += 1;
    }
    if id > MAX_ID {
        return Err(Error::AckId);
    }
    Ok(((digits > 0).then_some(id), &text[digits..]))
}

fn connect(payload: &str, depth: usize) -> Result<Option<Cow<'_, str>>, Error> {
    if payload.is_empty() {
        return Ok(None);
    }
    let payload = json::trim(payload);
    if !payload.starts_with('{') {
        return Err(Error::Connect);
    }
    json::check(payload, depth)?;
    Ok(Some(Cow::Borrowed(payload)))
}

/// A string is what Engine.IO v3 has.
fn connect_error(payload: &str, depth: usize) -> Result<Cow<'_, str>, Error> {
    let payload = json::trim(payload);
    if !payload.starts_with(['{', '"']) {
        return Err(Error::ConnectError);
    }
    json::check(payload, depth)?;
    Ok(Cow::Borrowed(payload))
}

fn event(text: &str, depth: usize) -> Result<Body<'_>, Error> {
    let (id, payload) = id(text)?;
    let list = inside(payload).ok_or(Error::Event)?;
    let mut scanner = Scanner::list(list, depth);
    let name = match scanner.token()? {
        Some(Token::String(string)) => json::unescape(string),
        Some(Token::Number(number)) => Cow::Borrowed(number),
        _ => return Err(Error::Event),
    };
    name::check(&name)?;
    let rest = json::trim(&list[scanner.position()..]);
    let arguments = Cow::Borrowed(rest.strip_prefix(',').map_or("", json::trim));
    json::finish(scanner)?;
    Ok(Body::Event { id, name, arguments, attachments: Cow::Borrowed(&[]) })
}

fn ack(text: &str, depth: usize) -> Result<Body<'_>, Error> {
    let (id, payload) = id(text)?;
    let id = id.ok_or(Error::AckId)?;
    let list = inside(payload).ok_or(Error::Ack)?;
    json::finish(Scanner::list(list, depth))?;
    Ok(Body::Ack { id, arguments: Cow::Borrowed(json::trim(list)), attachments: Cow::Borrowed(&[]) })
}

/// What is between the brackets of an array.
fn inside(payload: &str) -> Option<&str> {
    json::trim(payload).strip_prefix('[')?.strip_suffix(']')
}
