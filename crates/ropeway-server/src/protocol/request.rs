//! What clients ask for, from JSON objects to types; the same fields in every protocol.

use std::borrow::Cow;

use ropeway_hub::Since;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::auth::Secret;

pub(super) type Text<'a> = Cow<'a, str>;

/// What the client asks for.
#[derive(Debug)]
pub(super) enum Request<'a> {
    Join { room: Text<'a>, since: Option<Seen<'a>>, info: Option<&'a str> },
    Leave { room: Text<'a> },
    Publish { room: Text<'a>, event: Text<'a>, data: &'a str, key: Option<Text<'a>>, volatile: bool },
    Emit { event: Text<'a>, data: &'a str },
    Presence { room: Text<'a> },
    History { room: Text<'a>, limit: Option<usize>, since: Option<Seen<'a>> },
    Ping,
    Auth { token: Secret },
}

/// The last event that the client has seen.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    epoch: Text<'a>,
    offset: u64,
}

impl Request<'_> {
    /// Whether it is nothing but a question.
    pub(super) fn is_question(&self) -> bool {
        matches!(self, Self::Presence { .. } | Self::History { .. })
    }
}

impl Seen<'_> {
    pub(super) fn as_since(&self) -> Since<'_> {
        Since { epoch: &self.epoch, offset: self.offset }
    }
}

/// Every field that some message has, not yet looked at: so a field that a message does not have is ignored
/// whatever it holds, and a wrong one can be named.
#[derive(Default, Deserialize)]
pub(super) struct Fields<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    room: Option<&'a RawValue>,
    #[serde(borrow)]
    event: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "even_null")]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    since: Option<&'a RawValue>,
    #[serde(borrow)]
    info: Option<&'a RawValue>,
    #[serde(borrow)]
    key: Option<&'a RawValue>,
    #[serde(borrow)]
    volatile: Option<&'a RawValue>,
    #[serde(borrow)]
    token: Option<&'a RawValue>,
    #[serde(borrow)]
    limit: Option<&'a RawValue>,
}

/// `null` is absence in every field but `data`, where it is a value.
fn even_null<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl<'a> Fields<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, String> {
        // An array of values would do for serde as well.
        if !text.trim_ascii_start().starts_with('{') {
            return Err("a message is a JSON object".to_owned());
        }
        serde_json::from_str(text).map_err(|error| format!("the message cannot be read: {error}"))
    }

    /// The main fields of a request, given without their names.
    pub(super) fn in_a_row(
        room: &'a RawValue,
        event: Option<&'a RawValue>,
        data: Option<&'a RawValue>,
    ) -> Self {
        Self { room: Some(room), event, data, ..Self::default() }
    }

    /// As it was written.
    pub(super) fn kind(&self) -> Option<&'a RawValue> {
        self.kind
    }

    pub(super) fn id(&self) -> Result<Option<Text<'a>>, String> {
        optional("id", self.id, text)
    }

    /// The request of this type; nothing for a type that does not exist.
    pub(super) fn request(&self, kind: &str) -> Result<Option<Request<'a>>, String> {
        Ok(Some(match kind {
            "join" => {
                Request::Join { room: self.room()?, since: self.since()?, info: self.info.map(RawValue::get) }
            }
            "leave" => Request::Leave { room: self.room()? },
            "publish" => self.publish()?,
            "emit" => Request::Emit { event: self.event()?, data: self.data()? },
            "presence" => Request::Presence { room: self.room()? },
            "history" => Request::History {
                room: self.room()?,
                limit: optional("limit", self.limit, count)?,
                since: self.since()?,
            },
            "ping" => Request::Ping,
            "auth" => Request::Auth { token: Secret::new(required("token", self.token, text)?) },
            _ => return Ok(None),
        }))
    }

    fn publish(&self) -> Result<Request<'a>, String> {
        Ok(Request::Publish {
            room: self.room()?,
            event: self.event()?,
            data: self.data()?,
            key: optional("key", self.key, text)?,
            volatile: optional("volatile", self.volatile, flag)?.unwrap_or(false),
        })
    }

    fn room(&self) -> Result<Text<'a>, String> {
        required("room", self.room, text)
    }

    fn event(&self) -> Result<Text<'a>, String> {
        required("event", self.event, text)
    }

    fn data(&self) -> Result<&'a str, String> {
        self.data.map(RawValue::get).ok_or_else(|| missing("data"))
    }

    fn since(&self) -> Result<Option<Seen<'a>>, String> {
        optional("since", self.since, seen)
    }
}

pub(super) fn missing(name: &str) -> String {
    format!("`{name}` is missing")
}

/// A reader of one type says what the value must be when it is something else.
type Reader<'a, T> = fn(&'a RawValue) -> Result<T, &'static str>;

pub(super) fn required<'a, T>(
    name: &str,
    raw: Option<&'a RawValue>,
    reader: Reader<'a, T>,
) -> Result<T, String> {
    optional(name, raw, reader)?.ok_or_else(|| missing(name))
}

fn optional<'a, T>(
    name: &str,
    raw: Option<&'a RawValue>,
    reader: Reader<'a, T>,
) -> Result<Option<T>, String> {
    raw.map(reader).transpose().map_err(|must_be| format!("`{name}` must be {must_be}"))
}

pub(super) fn text(raw: &RawValue) -> Result<Text<'_>, &'static str> {
    let json = raw.get();
    match json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(plain) if !plain.contains('\\') => Ok(Cow::Borrowed(plain)),
        Some(_) => serde_json::from_str(json).map(Cow::Owned).map_err(|_| "a string of Unicode characters"),
        None => Err("a string"),
    }
}

fn flag(raw: &RawValue) -> Result<bool, &'static str> {
    raw.get().parse().map_err(|_| "true or false")
}

fn count(raw: &RawValue) -> Result<usize, &'static str> {
    match raw.get().parse() {
        Ok(0) | Err(_) => Err("a whole number above 0"),
        Ok(count) => Ok(count),
    }
}

fn seen(raw: &RawValue) -> Result<Seen<'_>, &'static str> {
    const MUST_BE: &str = "an object with a string `epoch` and a whole number `offset`";
    #[derive(Deserialize)]
    struct Raw<'a> {
        #[serde(borrow)]
        epoch: &'a RawValue,
        offset: u64,
    }
    let Raw { epoch, offset } = serde_json::from_str(raw.get()).map_err(|_| MUST_BE)?;
    Ok(Seen { epoch: text(epoch).map_err(|_| MUST_BE)?, offset })
}
