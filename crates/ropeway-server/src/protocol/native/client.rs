//! Messages of the client, from JSON text to types.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::protocol::request::{Fields, Request, Text, missing, required, text};

/// The longest `id`, in bytes.
const MAX_ID: usize = 64;

/// A message of the client. Text is borrowed from the message unless it has escapes, `data` and `info` always.
#[derive(Debug)]
pub(super) struct ClientMessage<'a> {
    pub(super) id: Option<Text<'a>>,
    pub(super) request: Request<'a>,
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
    let id = read_id(&fields).map_err(|message| bad(None, message))?;
    match read_request(&fields) {
        Ok(Some(request)) if request.is_question() && id.is_none() => Err(bad(None, missing("id"))),
        Ok(Some(request)) => Ok(ClientMessage { id, request }),
        Ok(None) => Err(unknown(id, fields.kind())),
        Err(message) => Err(bad(id, message)),
    }
}

fn read_id<'a>(fields: &Fields<'a>) -> Result<Option<Text<'a>>, String> {
    match fields.id()? {
        Some(id) if id.len() > MAX_ID => Err(format!("`id` is longer than {MAX_ID} bytes")),
        id => Ok(id),
    }
}

fn read_request<'a>(fields: &Fields<'a>) -> Result<Option<Request<'a>>, String> {
    fields.request(&required("type", fields.kind(), text)?)
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

#[cfg(test)]
mod tests {
    use ropeway_hub::Since;

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
