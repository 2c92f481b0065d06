//! Reading a packet.

use std::borrow::Cow;

use super::format::{Reader, Value};
use super::to_json::{self, ToJson};
use crate::error::Error;
use crate::json;
use crate::limits::Limits;
use crate::packet::decode::MAX_ID;
use crate::packet::{Body, Packet, name};

/// Reads a packet. Its payload becomes JSON text; binary data becomes attachments and their placeholders.
///
/// Stricter than the reference, which lets every event name pass: the rules are those of the standard parser. So are
/// the limits, because an event of one parser may go to clients of the other.
///
/// # Errors
/// The rule that it breaks.
pub fn decode(message: &[u8], limits: &Limits) -> Result<Packet<'static>, Error> {
    let fields = Fields::read(message)?;
    let namespace = fields.namespace()?;
    let body = match fields.kind()? {
        0 => Body::Connect(fields.connect(limits)?),
        1 => fields.disconnect()?,
        2 => fields.event(limits)?,
        3 => fields.ack(limits)?,
        4 => Body::ConnectError(fields.connect_error(limits)?),
        _ => return Err(Error::UnknownType),
    };
    Ok(Packet { namespace: Cow::Owned(namespace), body })
}

/// The members of the map. Others are ignored, and of two with one name the last counts. `undefined` is absence, and so
/// is nil, which the clients in other languages send for it.
#[derive(Default)]
struct Fields<'a> {
    kind: Option<Value<'a>>,
    namespace: Option<Value<'a>>,
    id: Option<Value<'a>>,
    /// Its head is not read yet.
    data: Option<Reader<'a>>,
}

impl<'a> Fields<'a> {
    fn read(message: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(message);
        let Value::Map(len) = reader.value()? else { return Err(Error::Msgpack) };
        let mut fields = Self::default();
        for _ in 0..len {
            let key = reader.value()?;
            let start = reader;
            reader.skip()?;
            fields.set(key, start)?;
        }
        if reader.len() == 0 { Ok(fields) } else { Err(Error::Msgpack) }
    }

    fn set(&mut self, key: Value<'a>, mut at: Reader<'a>) -> Result<(), Error> {
        let Value::String(key) = key else { return Err(Error::Msgpack) };
        match key {
            b"type" => self.kind = Some(at.value()?),
            b"nsp" => self.namespace = Some(at.value()?),
            b"id" => self.id = Some(at.value()?).filter(is_present),
            b"data" => {
                let data = at;
                self.data = is_present(&at.value()?).then_some(data);
            }
            _ => {}
        }
        Ok(())
    }

    fn kind(&self) -> Result<u64, Error> {
        match self.kind {
            Some(Value::Unsigned(kind)) => Ok(kind),
            _ => Err(Error::UnknownType),
        }
    }

    /// A comma would end it in the text of the standard parser.
    fn namespace(&self) -> Result<String, Error> {
        let Some(Value::String(bytes)) = self.namespace else { return Err(Error::Namespace) };
        let namespace = String::from_utf8_lossy(bytes);
        if !namespace.starts_with('/') || namespace.contains(',') {
            return Err(Error::Namespace);
        }
        Ok(namespace.into_owned())
    }

    fn id(&self) -> Result<Option<u64>, Error> {
        match self.id {
            None => Ok(None),
            Some(Value::Unsigned(id)) if id <= MAX_ID => Ok(Some(id)),
            Some(_) => Err(Error::AckId),
        }
    }

    fn connect(&self, limits: &Limits) -> Result<Option<Cow<'static, str>>, Error> {
        let Some(mut data) = self.data else { return Ok(None) };
        match data.value()? {
            Value::Map(len) => object(data, len, limits).map(Some),
            _ => Err(Error::Connect),
        }
    }

    fn connect_error(&self, limits: &Limits) -> Result<Cow<'static, str>, Error> {
        let mut data = self.data.ok_or(Error::ConnectError)?;
        match data.value()? {
            Value::Map(len) => object(data, len, limits),
            Value::String(text) => {
                let mut json = String::new();
                json::push_string(&mut json, &String::from_utf8_lossy(text));
                Ok(json.into())
            }
            _ => Err(Error::ConnectError),
        }
    }

    fn disconnect(&self) -> Result<Body<'static>, Error> {
        if self.data.is_some() { Err(Error::Disconnect) } else { Ok(Body::Disconnect) }
    }

    fn event(&self, limits: &Limits) -> Result<Body<'static>, Error> {
        let (mut data, len) = self.array(Error::Event)?;
        let rest = len.checked_sub(1).ok_or(Error::Event)?;
        let name: Cow<'static, str> = match data.value()? {
            Value::String(bytes) => String::from_utf8_lossy(bytes).into_owned().into(),
            number @ (Value::Unsigned(_) | Value::Signed(_)) => to_json::number(number).into(),
            number @ Value::Float(value) if value.is_finite() => to_json::number(number).into(),
            _ => return Err(Error::Event),
        };
        name::check(&name)?;
        let (arguments, attachments) = arguments(data, rest, limits)?;
        Ok(Body::Event { id: self.id()?, name, arguments, attachments })
    }

    fn ack(&self, limits: &Limits) -> Result<Body<'static>, Error> {
        let id = self.id()?.ok_or(Error::AckId)?;
        let (data, len) = self.array(Error::Ack)?;
        let (arguments, attachments) = arguments(data, len, limits)?;
        Ok(Body::Ack { id, arguments, attachments })
    }

    fn array(&self, otherwise: Error) -> Result<(Reader<'a>, u32), Error> {
        let Some(mut data) = self.data else { return Err(otherwise) };
        match data.value()? {
            Value::Array(len) => Ok((data, len)),
            _ => Err(otherwise),
        }
    }
}

fn is_present(value: &Value<'_>) -> bool {
    !matches!(value, Value::Undefined | Value::Nil)
}

fn object(mut data: Reader<'_>, len: u32, limits: &Limits) -> Result<Cow<'static, str>, Error> {
    let mut json = ToJson::new(&data, limits);
    json.object(&mut data, len)?;
    match json.finish() {
        (text, attachments) if attachments.is_empty() => Ok(text.into()),
        _ => Err(Error::MisplacedBinary),
    }
}

type Arguments = (Cow<'static, str>, Cow<'static, [bytes::Bytes]>);

fn arguments(mut data: Reader<'_>, len: u32, limits: &Limits) -> Result<Arguments, Error> {
    let mut json = ToJson::new(&data, limits);
    json.list(&mut data, len)?;
    let (text, attachments) = json.finish();
    if !attachments.is_empty() {
        // A map may look like a placeholder.
        json::check_placeholders(&text, attachments.len())?;
    }
    Ok((text.into(), attachments.into()))
}
