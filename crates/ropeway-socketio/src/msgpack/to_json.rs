//! From MessagePack to JSON text and attachments, without recursion.

use std::borrow::Cow;

use bytes::Bytes;

use super::date;
use super::format::{Reader, Value};
use crate::error::Error;
use crate::json::push_string;
use crate::limits::Limits;

/// The last whole number of JavaScript's, 2^53 - 1.
const MAX_WHOLE: f64 = 9_007_199_254_740_991.0;

/// JSON text under construction.
pub(super) struct ToJson<'l> {
    limits: &'l Limits,
    text: String,
    attachments: Vec<Bytes>,
}

/// An array or object whose elements are being read.
struct Open {
    left: u32,
    is_map: bool,
    is_first: bool,
}

impl<'l> ToJson<'l> {
    /// The text will have about as many bytes as `reader`.
    pub(super) fn new(reader: &Reader<'_>, limits: &'l Limits) -> Self {
        Self { limits, text: String::with_capacity(reader.len()), attachments: Vec::new() }
    }

    /// Appends so many values, with commas between them.
    pub(super) fn list(&mut self, reader: &mut Reader<'_>, len: u32) -> Result<(), Error> {
        self.fill(reader, Open { left: len, is_map: false, is_first: true })
    }

    /// Appends a map as an object.
    pub(super) fn object(&mut self, reader: &mut Reader<'_>, len: u32) -> Result<(), Error> {
        self.text.push('{');
        self.fill(reader, Open { left: len, is_map: true, is_first: true })?;
        self.text.push('}');
        Ok(())
    }

    pub(super) fn finish(self) -> (String, Vec<Bytes>) {
        (self.text, self.attachments)
    }

    /// Reads all elements of what has begun, and of what begins within it.
    fn fill(&mut self, reader: &mut Reader<'_>, outermost: Open) -> Result<(), Error> {
        let mut open = vec![outermost];
        while let Some(innermost) = open.last_mut() {
            if innermost.left == 0 {
                let is_map = innermost.is_map;
                open.pop();
                // The brackets of the outermost are for the caller to write.
                if !open.is_empty() {
                    self.text.push(if is_map { '}' } else { ']' });
                }
                continue;
            }
            innermost.left -= 1;
            let Some(value) = self.element(reader, innermost)? else { continue };
            if let Some(inner) = self.value(value)? {
                if open.len() >= self.limits.depth {
                    return Err(Error::TooDeep { limit: self.limits.depth });
                }
                open.push(inner);
            }
        }
        Ok(())
    }

    /// The comma, the key, and the next value; nothing for a member that is `undefined`.
    fn element<'a>(
        &mut self,
        reader: &mut Reader<'a>,
        parent: &mut Open,
    ) -> Result<Option<Value<'a>>, Error> {
        let key = if parent.is_map { Some(reader.value()?) } else { None };
        if key.is_some() && reader.skip_undefined() {
            return Ok(None);
        }
        if !std::mem::take(&mut parent.is_first) {
            self.text.push(',');
        }
        if let Some(key) = key {
            push_string(&mut self.text, &key_text(key)?);
            self.text.push(':');
        }
        reader.value().map(Some)
    }

    /// Appends a value, or the beginning of an array or object, which is returned.
    fn value(&mut self, value: Value<'_>) -> Result<Option<Open>, Error> {
        match value {
            Value::Nil | Value::Undefined => self.text.push_str("null"),
            Value::Bool(value) => self.text.push_str(if value { "true" } else { "false" }),
            Value::Unsigned(_) | Value::Signed(_) | Value::Float(_) => self.text.push_str(&number(value)),
            Value::String(bytes) => push_string(&mut self.text, &String::from_utf8_lossy(bytes)),
            Value::Binary(data) => self.attachment(data)?,
            Value::Date(milliseconds) => date::push(&mut self.text, milliseconds),
            Value::Extension(kind, data) => {
                self.text.push_str(&format!("[{kind},"));
                self.attachment(data)?;
                self.text.push(']');
            }
            Value::Array(left) => return Ok(Some(self.begin('[', left, false))),
            Value::Map(left) => return Ok(Some(self.begin('{', left, true))),
        }
        Ok(None)
    }

    fn begin(&mut self, bracket: char, left: u32, is_map: bool) -> Open {
        self.text.push(bracket);
        Open { left, is_map, is_first: true }
    }

    fn attachment(&mut self, data: &[u8]) -> Result<(), Error> {
        let number = self.attachments.len();
        if number >= self.limits.attachments {
            return Err(Error::TooManyAttachments { limit: self.limits.attachments });
        }
        self.text.push_str(&format!(r#"{{"_placeholder":true,"num":{number}}}"#));
        self.attachments.push(Bytes::copy_from_slice(data));
        Ok(())
    }
}

/// As JavaScript turns a value into the name of a property.
fn key_text(key: Value<'_>) -> Result<Cow<'_, str>, Error> {
    Ok(match key {
        Value::String(bytes) => String::from_utf8_lossy(bytes),
        Value::Nil => "null".into(),
        Value::Undefined => "undefined".into(),
        Value::Bool(value) => value.to_string().into(),
        Value::Float(value) if !value.is_finite() => not_finite(value).into(),
        Value::Unsigned(_) | Value::Signed(_) | Value::Float(_) => number(key).into(),
        _ => return Err(Error::Msgpack),
    })
}

fn not_finite(value: f64) -> &'static str {
    match value {
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        _ => "NaN",
    }
}

/// The text of a number, which is `null` for what JSON does not have.
pub(super) fn number(value: Value<'_>) -> String {
    match value {
        Value::Unsigned(value) => value.to_string(),
        Value::Signed(value) => value.to_string(),
        Value::Float(value) if value.fract() == 0.0 && value.abs() <= MAX_WHOLE => (value as i64).to_string(),
        // serde_json writes what is not finite as `null`.
        Value::Float(value) => serde_json::to_string(&value).unwrap_or_else(|_| "null".to_owned()),
        _ => "null".to_owned(),
    }
}
