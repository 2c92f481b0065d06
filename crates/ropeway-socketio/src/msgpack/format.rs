//! The formats of MessagePack as `notepack.io` reads and writes them: one head at a time, without recursion.

use crate::error::Error;

/// A value, or the head of an array or a map whose elements follow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Nil,
    /// fixext 1 of type 0.
    Undefined,
    Bool(bool),
    Unsigned(u64),
    /// Below 0, however it was written.
    Signed(i64),
    Float(f64),
    /// Perhaps not UTF-8.
    String(&'a [u8]),
    /// bin, or ext of type 0.
    Binary(&'a [u8]),
    /// fixext 8 of type 0: milliseconds since 1970.
    Date(i64),
    Extension(i8, &'a [u8]),
    Array(u32),
    /// Pairs.
    Map(u32),
}

/// Reads values from bytes. Nothing is allocated, whatever lengths are declared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Bytes that are left.
    pub(super) fn len(&self) -> usize {
        self.rest.len()
    }

    /// The next value, or the head of the next array or map.
    pub(super) fn value(&mut self) -> Result<Value<'a>, Error> {
        let [format] = self.array()?;
        match format {
            0x00..=0x7f => Ok(Value::Unsigned(format.into())),
            0x80..=0x8f => Ok(Value::Map(u32::from(format & 0x0f))),
            0x90..=0x9f => Ok(Value::Array(u32::from(format & 0x0f))),
            0xa0..=0xbf => self.bytes((format & 0x1f).into()).map(Value::String),
            0xe0..=0xff => Ok(Value::Signed(i8::from_be_bytes([format]).into())),
            0xc0 => Ok(Value::Nil),
            0xc2 => Ok(Value::Bool(false)),
            0xc3 => Ok(Value::Bool(true)),
            0xc4..=0xc6 => self.sized(format - 0xc4).map(Value::Binary),
            0xc7..=0xc9 => self.extension(format - 0xc7),
            0xca..=0xd3 => self.number(format),
            0xd4..=0xd8 => self.fixed_extension(format - 0xd4),
            0xd9..=0xdb => self.sized(format - 0xd9).map(Value::String),
            0xdc..=0xdd => self.length(format - 0xdc + 1).map(Value::Array),
            0xde..=0xdf => self.length(format - 0xde + 1).map(Value::Map),
            0xc1 => Err(Error::Msgpack),
        }
    }

    /// Reads a whole value, elements included, and says nothing of it.
    pub(super) fn skip(&mut self) -> Result<(), Error> {
        let mut left = 1_u64;
        while left > 0 {
            left = left - 1
                + match self.value()? {
                    Value::Array(len) => u64::from(len),
                    Value::Map(len) => 2 * u64::from(len),
                    _ => 0,
                };
        }
        Ok(())
    }

    /// Skips a value if it is `undefined`.
    pub(super) fn skip_undefined(&mut self) -> bool {
        let mut ahead = *self;
        let is_undefined = ahead.value() == Ok(Value::Undefined);
        if is_undefined {
            *self = ahead;
        }
        is_undefined
    }

    fn number(&mut self, format: u8) -> Result<Value<'a>, Error> {
        Ok(match format {
            0xca => Value::Float(f32::from_be_bytes(self.array()?).into()),
            0xcb => Value::Float(f64::from_be_bytes(self.array()?)),
            0xcc => Value::Unsigned(u8::from_be_bytes(self.array()?).into()),
            0xcd => Value::Unsigned(u16::from_be_bytes(self.array()?).into()),
            0xce => Value::Unsigned(u32::from_be_bytes(self.array()?).into()),
            0xcf => Value::Unsigned(u64::from_be_bytes(self.array()?)),
            0xd0 => signed(i8::from_be_bytes(self.array()?).into()),
            0xd1 => signed(i16::from_be_bytes(self.array()?).into()),
            0xd2 => signed(i32::from_be_bytes(self.array()?).into()),
            _ => signed(i64::from_be_bytes(self.array()?)),
        })
    }

    fn extension(&mut self, width: u8) -> Result<Value<'a>, Error> {
        let len = self.length(width)?;
        let kind = i8::from_be_bytes(self.array()?);
        let data = self.bytes(len)?;
        Ok(if kind == 0 { Value::Binary(data) } else { Value::Extension(kind, data) })
    }

    fn fixed_extension(&mut self, power: u8) -> Result<Value<'a>, Error> {
        let kind = i8::from_be_bytes(self.array()?);
        Ok(match (kind, power) {
            (0, 0) => {
                self.bytes(1)?;
                Value::Undefined
            }
            (0, 3) => Value::Date(i64::from_be_bytes(self.array()?)),
            _ => Value::Extension(kind, self.bytes(1 << power)?),
        })
    }

    fn sized(&mut self, width: u8) -> Result<&'a [u8], Error> {
        let len = self.length(width)?;
        self.bytes(len)
    }

    /// A length of 1, 2 or 4 bytes, for the widths 0, 1 and 2.
    fn length(&mut self, width: u8) -> Result<u32, Error> {
        Ok(match width {
            0 => u8::from_be_bytes(self.array()?).into(),
            1 => u16::from_be_bytes(self.array()?).into(),
            _ => u32::from_be_bytes(self.array()?),
        })
    }

    fn bytes(&mut self, len: u32) -> Result<&'a [u8], Error> {
        let len = usize::try_from(len).map_err(|_| Error::Msgpack)?;
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or(Error::Msgpack)?;
        self.rest = rest;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(Error::Msgpack)?;
        self.rest = rest;
        Ok(*bytes)
    }
}

fn signed<'a>(value: i64) -> Value<'a> {
    u64::try_from(value).map_or(Value::Signed(value), Value::Unsigned)
}

/// Appends heads and values in their shortest form.
pub(super) struct Writer<'o>(pub(super) &'o mut Vec<u8>);

impl Writer<'_> {
    pub(super) fn nil(&mut self) {
        self.0.push(0xc0);
    }

    pub(super) fn bool(&mut self, value: bool) {
        self.0.push(if value { 0xc3 } else { 0xc2 });
    }

    pub(super) fn unsigned(&mut self, value: u64) {
        match value {
            0..0x80 => self.0.push(value as u8),
            0x80..0x100 => self.bytes(0xcc, &(value as u8).to_be_bytes()),
            0x100..0x1_0000 => self.bytes(0xcd, &(value as u16).to_be_bytes()),
            0x1_0000..0x1_0000_0000 => self.bytes(0xce, &(value as u32).to_be_bytes()),
            _ => self.bytes(0xcf, &value.to_be_bytes()),
        }
    }

    pub(super) fn signed(&mut self, value: i64) {
        match value {
            0.. => self.unsigned(value.unsigned_abs()),
            -0x20..0 => self.0.extend((value as i8).to_be_bytes()),
            -0x80..-0x20 => self.bytes(0xd0, &(value as i8).to_be_bytes()),
            -0x8000..-0x80 => self.bytes(0xd1, &(value as i16).to_be_bytes()),
            -0x8000_0000..-0x8000 => self.bytes(0xd2, &(value as i32).to_be_bytes()),
            _ => self.bytes(0xd3, &value.to_be_bytes()),
        }
    }

    pub(super) fn float(&mut self, value: f64) {
        self.bytes(0xcb, &value.to_be_bytes());
    }

    pub(super) fn string(&mut self, text: &str) {
        match text.len() {
            short @ 0..0x20 => self.0.push(0xa0 | short as u8),
            long => self.length([0xd9, 0xda, 0xdb], long),
        }
        self.0.extend_from_slice(text.as_bytes());
    }

    pub(super) fn binary(&mut self, data: &[u8]) {
        self.length([0xc4, 0xc5, 0xc6], data.len());
        self.0.extend_from_slice(data);
    }

    pub(super) fn array(&mut self, len: usize) {
        match len {
            0..0x10 => self.0.push(0x90 | len as u8),
            // An array has no form with a length of one byte.
            _ => self.length([0xdc, 0xdc, 0xdd], len),
        }
    }

    pub(super) fn map(&mut self, len: usize) {
        match len {
            0..0x10 => self.0.push(0x80 | len as u8),
            _ => self.length([0xde, 0xde, 0xdf], len),
        }
    }

    /// The formats are those for lengths of one, two and four bytes; where the first two are the same, two are taken.
    /// Nothing in memory of a server is longer than four bytes can say.
    fn length(&mut self, formats: [u8; 3], len: usize) {
        let [one, two, four] = formats;
        match len {
            0..0x100 if one != two => self.bytes(one, &(len as u8).to_be_bytes()),
            0..0x1_0000 => self.bytes(two, &(len as u16).to_be_bytes()),
            _ => self.bytes(four, &(len as u32).to_be_bytes()),
        }
    }

    fn bytes(&mut self, format: u8, bytes: &[u8]) {
        self.0.push(format);
        self.0.extend_from_slice(bytes);
    }
}
