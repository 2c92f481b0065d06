//! Packets with attachments (Socket.IO protocol, Binary): the text first, then each attachment, with nothing between.

use bytes::Bytes;
use ropeway_socketio::{Decoder, Error, Limits, placeholders};

use crate::support::{PLACEHOLDER, event};

#[track_caller]
fn refused(text: &str, error: Error) {
    assert_eq!(Decoder::default().text(text), Err(error), "{text:?}");
}

#[test]
fn the_count_is_a_number_from_one_to_ten() {
    let text = |count: &str| format!("5{count}[\"é\",{PLACEHOLDER}]");
    for count in ["", "-", "0-", "00-", "+1-", "-1-", "1.0-", "1e0-", " 1-", "x-", "é-", "1"] {
        refused(&text(count), Error::AttachmentCount);
    }
    for count in ["11-", "99999999999999999999999999-"] {
        refused(&text(count), Error::TooManyAttachments { limit: 10 });
    }
    assert_eq!(Decoder::default().text(&text("10-")), Ok(None));
    let mut strict = Decoder::new(Limits { attachments: 1, ..Limits::default() });
    assert_eq!(strict.text(&text("2-")), Err(Error::TooManyAttachments { limit: 1 }));
    assert_eq!(strict.text(&text("01-")), Ok(None));
}

#[test]
fn numbers_of_placeholders_are_those_of_attachments() {
    for placeholder in [
        r#"{"_placeholder":true,"num":1}"#,
        r#"{"_placeholder":true,"num":-1}"#,
        r#"{"_placeholder":true,"num":0.5}"#,
        r#"{"_placeholder":true,"num":"splice"}"#,
        r#"{"_placeholder":true,"num":"0"}"#,
        r#"{"_placeholder":true,"num":1e400}"#,
        r#"{"_placeholder":true}"#,
        r#"{"é":[{"num":7,"\u005fplaceholder":true}]}"#,
        // One attachment of a megabyte would become a thousand.
        r#"{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}"#,
    ] {
        refused(&format!("51-[\"a\",{placeholder}]"), Error::Placeholder);
        refused(&format!("61-7[{placeholder}]"), Error::Placeholder);
    }
}

#[test]
fn an_attachment_without_a_placeholder_goes_along() {
    let mut decoder = Decoder::default();
    assert_eq!(decoder.text("51-[\"a\",1]"), Ok(None));
    let packet = decoder.binary(Bytes::from_static(b"x")).unwrap().unwrap();
    assert_eq!(packet, event("/", None, "a", "1", &[b"x"]));
}

#[test]
fn text_before_the_last_attachment_is_refused() {
    let mut decoder = Decoder::default();
    assert_eq!(decoder.text(&format!("52-[\"a\",{PLACEHOLDER}]")), Ok(None));
    assert_eq!(decoder.binary(Bytes::from_static(b"x")), Ok(None));
    assert_eq!(decoder.text("2[\"b\"]"), Err(Error::Interleaved));
}

#[test]
fn binary_data_that_nothing_announced_is_refused() {
    let mut decoder = Decoder::default();
    assert_eq!(decoder.binary(Bytes::new()), Err(Error::UnexpectedBinary));
    assert!(decoder.text("2[\"a\"]").is_ok());
    assert_eq!(decoder.binary(Bytes::new()), Err(Error::UnexpectedBinary));
    assert_eq!(decoder.text(&format!("51-[\"a\",{PLACEHOLDER}]")), Ok(None));
    assert!(decoder.binary(Bytes::new()).unwrap().is_some());
    assert_eq!(decoder.binary(Bytes::new()), Err(Error::UnexpectedBinary));
}

#[test]
fn placeholders_say_where_they_stand() {
    let arguments = format!("\"é🚡\",{PLACEHOLDER},{{\"a\":[{{\"num\":1,\"_placeholder\":true}}]}}");
    let found: Result<Vec<_>, Error> = placeholders(&arguments).collect();
    let found = found.unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!((&arguments[found[0].range.clone()], found[0].attachment), (PLACEHOLDER, 0));
    assert_eq!(&arguments[found[1].range.clone()], r#"{"num":1,"_placeholder":true}"#);
    assert_eq!(found[1].attachment, 1);
}
