//! Messages of the client, from JSON text to types.

use std::borrow::Cow;

use ropeway_hub::Since;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// The longest `id`, in bytes.
const MAX_ID: usize = 64;

/// A message of the client. Text is borrowed from the message unless it has escapes, `data` and `info` always.
#[derive(Debug)]
pub(super) struct ClientMessage<'a> {
    pub(super) id: Option<Text<'a>>,
    pub(super) request: Request<'a>,
}

pub(super) type Text<'a> = Cow<'a, str>;

/// What the client asks for.
#[derive(Debug)]
pub(super) enum Request<'a> {
    Join { room: Text<'a>, since: Option<Seen<'a>>, info: Option<&'a str> },
    Leave { room: Text<'a> },
    Publish { room: Text<'a>, event: Text<'a>, data: &'a str, key: Option<Text<'a>>, volatile: bool },
    Emit { event: Text<'a>, data: &'a str },
    Presence { room: Text<'a>, id: Text<'a> },
    History { room: Text<'a>, id: Text<'a>, limit: Option<usize>, since: Option<Seen<'a>> },
    Ping,
    Auth,
}

/// The last event that the client has seen.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    epoch: Text<'a>,
    offset: u64,
}

impl Seen<'_> {
    pub(super) fn as_since(&self) -> Since<'_> {
        Since { epoch: &self.epoch, offset: self.offset }
    }
}

/// A message that cannot be understood.
#[derive(Debug)]
pub(super) struct BadMessage {
    /// The request, where it could be read.
    pub(super) id: Option<String>,
    /// `bad_message` or `unknown_type`.
    pub(super) code: &'static str,
    /// What is wrong, naming the field.
    pub(super) message: String,
}

/// Reads one message.
pub(super) fn parse(text: &str) -> Result<ClientMessage<'_>, BadMessage> {
    let fields = Fields::read(text).map_err(|message| bad(None, message))?;
    let id = fields.id().map_err(|message| bad(None, message))?;
    match fields.request(id.as_ref()) {
        Ok(Some(request)) => Ok(ClientMessage { id, request }),
        Ok(None) => Err(unknown(id, fields.kind)),
        Err(message) => Err(bad(id, message)),
    }
}

fn bad(id: Option<Text<'_>>, message: String) -> BadMessage {
    BadMessage { id: id.map(Cow::into_owned), code: "bad_message", message }
}

fn unknown(id: Option<Text<'_>>, kind: Option<&RawValue>) -> BadMessage {
    let shown: String = kind.map_or("", RawValue::get).chars().take(40).collect();
    BadMessage {
        id: id.map(Cow::into_owned),
        code: "unknown_type",
        message: format!("there is no type {shown}"),
    }
}

/// Every field that some message has, not yet looked at: so a field that a message does not have is ignored
/// whatever it holds, and a wrong one can be named.
#[derive(Deserialize)]
struct Fields<'a> {
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
    limit: Option<&'a RawValue>,
}

/// `null` is absence in every field but `data`, where it is a value.
fn even_null<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl<'a> Fields<'a> {
    fn read(text: &'a str) -> Result<Self, String> {
        // An array of values would do for serde as well.
        if !text.trim_ascii_start().starts_with('{') {
            return Err("a message is a JSON object".to_owned());
        }
        serde_json::from_str(text).map_err(|error| format!("the message cannot be read: {error}"))
    }

    fn id(&self) -> Result<Option<Text<'a>>, String> {
        let id = optional("id", self.id, text)?;
        match &id {
            Some(id) if id.len() > MAX_ID => Err(format!("`id` is longer than {MAX_ID} bytes")),
            _ => Ok(id),
        }
    }

    /// Nothing for a type that does not exist.
    fn request(&self, id: Option<&Text<'a>>) -> Result<Option<Request<'a>>, String> {
        let answered = || id.cloned().ok_or_else(|| missing("id"));
        Ok(Some(match required("type", self.kind, text)?.as_ref() {
            "join" => {
                Request::Join { room: self.room()?, since: self.since()?, info: self.info.map(RawValue::get) }
            }
            "leave" => Request::Leave { room: self.room()? },
            "publish" => self.publish()?,
            "emit" => Request::Emit { event: self.event()?, data: self.data()? },
            "presence" => Request::Presence { room: self.room()?, id: answered()? },
            "history" => Request::History {
                room: self.room()?,
                id: answered()?,
                limit: optional("limit", self.limit, count)?,
                since: self.since()?,
            },
            "ping" => Request::Ping,
            "auth" => Request::Auth,
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

fn missing(name: &str) -> String {
    format!("`{name}` is missing")
}

/// A reader of one type says what the value must be when it is something else.
type Reader<'a, T> = fn(&'a RawValue) -> Result<T, &'static str>;

fn required<'a, T>(name: &str, raw: Option<&'a RawValue>, reader: Reader<'a, T>) -> Result<T, String> {
    optional(name, raw, reader)?.ok_or_else(|| missing(name))
}

fn optional<'a, T>(
    name: &str,
    raw: Option<&'a RawValue>,
    reader: Reader<'a, T>,
) -> Result<Option<T>, String> {
    raw.map(reader).transpose().map_err(|must_be| format!("`{name}` must be {must_be}"))
}

fn text(raw: &RawValue) -> Result<Text<'_>, &'static str> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str, id: Option<&str>, code: &str, message: &str) {
        let bad = parse(text).unwrap_err();
        assert_eq!((bad.id.as_deref(), bad.code, bad.message.as_str()), (id, code, message));
    }

    #[test]
    fn a_publish_is_borrowed_and_its_data_is_not_touched() {
        let text = r#" {"data": {"a" : [1, "\u0041"]},"type":"publish","room":"r","event":"e\n","id":"1","new":{}} "#;
        let message = parse(text).unwrap();
        assert_eq!(message.id.as_deref(), Some("1"));
        let Request::Publish { room, event, data, key, volatile } = message.request else {
            panic!("a publish")
        };
        assert!(matches!(room, Cow::Borrowed("r")));
        assert_eq!((event.as_ref(), data, key, volatile), ("e\n", r#"{"a" : [1, "\u0041"]}"#, None, false));
    }

    #[test]
    fn null_is_data_and_otherwise_absence() {
        let message =
            parse(r#"{"type":"publish","room":"r","event":"e","data":null,"key":null,"id":null}"#).unwrap();
        assert!(message.id.is_none());
        assert!(matches!(message.request, Request::Publish { data: "null", key: None, .. }));
    }

    #[test]
    fn since_is_read() {
        let message =
            parse(r#"{"type":"join","room":"r","since":{"epoch":"e","offset":7},"info":{"name":"Ada"}}"#);
        let Request::Join { since: Some(since), info, .. } = message.unwrap().request else {
            panic!("a join")
        };
        assert_eq!((since.as_since(), info), (Since { epoch: "e", offset: 7 }, Some(r#"{"name":"Ada"}"#)));
    }

    #[test]
    fn wrong_fields_are_named() {
        let cases = [
            (r#"{"type":"join","id":"9"}"#, "`room` is missing"),
            (r#"{"type":"join","id":"9","room":5}"#, "`room` must be a string"),
            (r#"{"type":"join","id":"9","room":"\ud800"}"#, "`room` must be a string of Unicode characters"),
            (r#"{"type":"publish","id":"9","room":"r","event":"e"}"#, "`data` is missing"),
            (r#"{"type":"publish","id":"9","room":"r","event":[],"data":1}"#, "`event` must be a string"),
            (
                r#"{"type":"publish","id":"9","room":"r","event":"e","data":1,"volatile":1}"#,
                "`volatile` must be true or false",
            ),
            (
                r#"{"type":"history","id":"9","room":"r","limit":-1}"#,
                "`limit` must be a whole number above 0",
            ),
            (
                r#"{"type":"join","id":"9","room":"r","since":{"epoch":1,"offset":1}}"#,
                "`since` must be an object with a string `epoch` and a whole number `offset`",
            ),
            (r#"{"id":"9"}"#, "`type` is missing"),
            (r#"{"id":"9","type":1}"#, "`type` must be a string"),
        ];
        for (text, message) in cases {
            refused(text, Some("9"), "bad_message", message);
        }
        refused(r#"{"type":"history","room":"r"}"#, None, "bad_message", "`id` is missing");
        refused(r#"{"type":"ping","id":1}"#, None, "bad_message", "`id` must be a string");
        let long = format!(r#"{{"type":"ping","id":"{}"}}"#, "x".repeat(65));
        refused(&long, None, "bad_message", "`id` is longer than 64 bytes");
    }

    #[test]
    fn fields_that_a_message_does_not_have_are_not_looked_at() {
        assert!(matches!(parse(r#"{"type":"ping","room":5,"since":"x"}"#).unwrap().request, Request::Ping));
    }

    #[test]
    fn what_is_no_object_is_refused() {
        refused("[\"join\"]", None, "bad_message", "a message is a JSON object");
        refused("", None, "bad_message", "a message is a JSON object");
        let bad = parse("{\"type\":").unwrap_err();
        assert!(bad.message.starts_with("the message cannot be read: EOF"), "{}", bad.message);
        assert!(parse("{\"type\":\"ping\"}{}").is_err());
        assert!(parse(r#"{"type":"ping","type":"ping"}"#).is_err());
    }

    #[test]
    fn unknown_types_are_told() {
        refused(r#"{"type":"fly","id":"a"}"#, Some("a"), "unknown_type", "there is no type \"fly\"");
    }

    #[test]
    fn deep_nesting_is_only_data() {
        let deep = "[".repeat(200_000) + &"]".repeat(200_000);
        let text = format!(r#"{{"type":"emit","event":"e","data":{deep}}}"#);
        assert!(matches!(parse(&text).unwrap().request, Request::Emit { data, .. } if data == deep));
    }
}
