//! The data of events as the native protocol has it: one JSON value, binary parts included.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ropeway_hub::Payload;
use ropeway_socketio::{Placeholder, placeholders};

/// Writes one value: a list of arguments becomes an array, nothing becomes `null`, and an attachment becomes
/// `{"base64":"..."}` where its placeholder stands.
pub(super) fn push_data(out: &mut String, data: &Payload<'_>) {
    if data.list {
        out.push('[');
        push_text(out, data);
        out.push(']');
    } else if data.text.is_empty() {
        out.push_str("null");
    } else {
        push_text(out, data);
    }
}

fn push_text(out: &mut String, data: &Payload<'_>) {
    if data.attachments.is_empty() {
        return out.push_str(data.text);
    }
    let mut written = 0;
    for Placeholder { range, attachment } in placeholders(data.text).map_while(Result::ok) {
        let Some(bytes) = data.attachments.get(attachment) else { continue };
        out.push_str(&data.text[written..range.start]);
        out.push_str("{\"base64\":\"");
        STANDARD.encode_string(bytes, out);
        out.push_str("\"}");
        written = range.end;
    }
    out.push_str(&data.text[written..]);
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[track_caller]
    fn written(data: Payload<'_>, expected: &str) {
        let mut out = String::new();
        push_data(&mut out, &data);
        assert_eq!(out, expected);
    }

    #[test]
    fn a_list_is_an_array_and_nothing_is_null() {
        written(Payload::text(r#"{"a":1}"#), r#"{"a":1}"#);
        written(Payload::text(""), "null");
        written(Payload::list(r#"1,"a""#), r#"[1,"a"]"#);
        written(Payload::list(""), "[]");
    }

    #[test]
    fn attachments_stand_where_they_belong() {
        let attachments = [Bytes::from_static(b"\xff\x00"), Bytes::new()];
        let text = r#"[{"_placeholder":true,"num":1},"é",{"x":{"_placeholder":true,"num":0}},{"_placeholder":true,"num":2}]"#;
        written(
            Payload { attachments: &attachments, ..Payload::text(text) },
            r#"[{"base64":""},"é",{"x":{"base64":"/wA="}},{"_placeholder":true,"num":2}]"#,
        );
        written(Payload::text(text), text);
    }
}
