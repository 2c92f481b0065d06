//! Writing a packet.

use bytes::Bytes;

use super::counts::{self, Counts};
use super::format::Writer;
use crate::error::Error;
use crate::json::{self, Container, Scanner, Str, Token, placeholder};
use crate::packet::{Body, Packet};

/// Appends a packet. Attachments stand where their placeholders are; one that has none is left out.
///
/// Payloads may be nested to any depth. Numbers become what JavaScript's number of that text would.
///
/// # Errors
/// [`Error::Json`] and [`Error::Placeholder`] when the packet's text is not what it should be; `out` is then as it
/// was.
pub fn encode(packet: &Packet<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
    let start = out.len();
    let result = write(packet, &mut Writer(out));
    if result.is_err() {
        out.truncate(start);
    }
    result
}

fn write(packet: &Packet<'_>, out: &mut Writer<'_>) -> Result<(), Error> {
    let namespace = &packet.namespace;
    match &packet.body {
        Body::Connect(None) => head(out, 0, namespace, None, false),
        Body::Connect(Some(payload)) => {
            head(out, 0, namespace, None, true);
            return one(payload, out);
        }
        Body::Disconnect => head(out, 1, namespace, None, false),
        Body::Event { id, name, arguments, attachments } => {
            head(out, 2, namespace, *id, true);
            return array(Some(name), arguments, attachments, out);
        }
        Body::Ack { id, arguments, attachments } => {
            head(out, 3, namespace, Some(*id), true);
            return array(None, arguments, attachments, out);
        }
        Body::ConnectError(payload) => {
            head(out, 4, namespace, None, true);
            return one(payload, out);
        }
    }
    Ok(())
}

/// All but the value of `data`, which is the last member.
fn head(out: &mut Writer<'_>, kind: u64, namespace: &str, id: Option<u64>, has_data: bool) {
    out.map(2 + usize::from(id.is_some()) + usize::from(has_data));
    out.string("type");
    out.unsigned(kind);
    out.string("nsp");
    out.string(namespace);
    if let Some(id) = id {
        out.string("id");
        out.unsigned(id);
    }
    if has_data {
        out.string("data");
    }
}

fn one(value: &str, out: &mut Writer<'_>) -> Result<(), Error> {
    let counts = counts::count(value, false)?;
    if counts.list != 1 {
        return Err(Error::Json);
    }
    values(value, counts, &[], out)
}

fn array(
    name: Option<&str>,
    arguments: &str,
    attachments: &[Bytes],
    out: &mut Writer<'_>,
) -> Result<(), Error> {
    let counts = counts::count(arguments, !attachments.is_empty())?;
    out.array(counts.list + usize::from(name.is_some()));
    if let Some(name) = name {
        out.string(name);
    }
    values(arguments, counts, attachments, out)
}

fn values(list: &str, mut counts: Counts, attachments: &[Bytes], out: &mut Writer<'_>) -> Result<(), Error> {
    if !attachments.is_empty() {
        json::check_placeholders(list, attachments.len())?;
    }
    let mut scanner = Scanner::list(list, usize::MAX);
    while let Some(token) = scanner.token()? {
        match token {
            Token::Begin(Container::Object) if !attachments.is_empty() => {
                match placeholder::take(&mut scanner).map(|number| attachments.get(number)) {
                    Some(attachment) => out.binary(attachment.ok_or(Error::Placeholder)?),
                    None => out.map(counts.inner.next().ok_or(Error::Json)?),
                }
            }
            Token::Begin(Container::Object) => out.map(counts.inner.next().ok_or(Error::Json)?),
            Token::Begin(Container::Array) => out.array(counts.inner.next().ok_or(Error::Json)?),
            Token::End => {}
            Token::Key(text) | Token::String(text) => string(text, out),
            Token::Number(text) => number(text, out)?,
            Token::Literal("null") => out.nil(),
            Token::Literal(text) => out.bool(text == "true"),
        }
    }
    Ok(())
}

fn string(text: Str<'_>, out: &mut Writer<'_>) {
    out.string(&json::unescape(text));
}

/// Whole numbers in their shortest form, all others as 64-bit floating point.
fn number(text: &str, out: &mut Writer<'_>) -> Result<(), Error> {
    if let Ok(whole) = text.parse::<u64>() {
        out.unsigned(whole);
    } else if let Ok(whole) = text.parse::<i64>() {
        out.signed(whole);
    } else {
        let number: f64 = text.parse().map_err(|_| Error::Json)?;
        // The whole numbers of JavaScript, up to 2^53 - 1, have no other form than these.
        let whole = number as i64;
        let is_whole = whole as f64 == number && whole.unsigned_abs() < 1 << 53;
        if is_whole { out.signed(whole) } else { out.float(number) }
    }
    Ok(())
}
