//! BINARY_EVENT and BINARY_ACK packets and their attachments.

use super::v5;
use crate::case::{Case, Place, case};
use crate::client::Client;
use crate::polling::Polling;
use crate::subject::{Profile, Subject};

const DATA: Place = v5("Sending and receiving data, examples");
const ACKNOWLEDGEMENT: Place = v5("Acknowledgement, examples");
const REFERENCE: Place = Place("npm socket.io-parser", "decoder");
const FAULTS: Place = Place("Faults of other servers", "attachments");

pub(crate) const CASES: &[Case] = &[
    case!(
        DATA,
        attachments_are_echoed,
        "Attachments arrive in their places and in their order, and go back so"
    ),
    case!(
        DATA,
        attachments_in_a_namespace,
        "A namespace stands between the number of attachments and the payload"
    ),
    case!(DATA, attachments_may_be_nested, "An attachment may stand anywhere in the arguments"),
    case!(DATA, attachments_may_be_empty, "An attachment may be empty"),
    case!(
        ACKNOWLEDGEMENT,
        binary_is_acknowledged,
        "An event with attachments is acknowledged, with attachments where the answer has some"
    ),
    case!(ACKNOWLEDGEMENT, acknowledgements_may_be_binary, "A client may acknowledge with attachments"),
    case!(REFERENCE, ten_attachments_are_taken, "Ten attachments are taken, over both transports"),
    case!(
        REFERENCE,
        number_of_attachments_must_be_one,
        "A number of attachments that is missing, 0, negative or no number ends the connection"
    ),
    case!(
        REFERENCE,
        bad_places_close,
        "A placeholder whose number is out of range or no number ends the connection"
    ),
    case!(REFERENCE, fractional_places_close, "A placeholder whose number is no integer ends the connection")
        .beyond_the_reference("it gives the application nothing in the place"),
    case!(
        REFERENCE,
        unexpected_binary_closes,
        "Binary without a packet that announced it ends the connection"
    ),
    case!(
        REFERENCE,
        placeholders_without_attachments_are_data,
        "What looks like a placeholder in a packet without attachments is data"
    ),
    case!(
        FAULTS,
        text_in_between_closes,
        "Text between a packet and its attachments ends the connection, over both transports"
    ),
    case!(
        FAULTS,
        more_than_ten_attachments_close,
        "More than ten attachments end the connection as soon as they are announced"
    ),
];

const ONE: &str = r#"{"_placeholder":true,"num":0}"#;
const TWO: &str = r#"{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}"#;

async fn attachments_are_echoed(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.text(&format!(r#"452-["message",{TWO}]"#)).await;
    client.binary(&[1, 2, 3]).await;
    client.binary(&[4, 5, 6]).await;
    client.hears(&format!(r#"452-["message-back",{TWO}]"#)).await;
    client.hears_binary(&[1, 2, 3]).await;
    client.hears_binary(&[4, 5, 6]).await;
}

async fn attachments_in_a_namespace(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.join("/custom").await;
    client.text(&format!(r#"451-/custom,["message",{ONE}]"#)).await;
    client.binary(&[1]).await;
    client.hears(&format!(r#"451-/custom,["message-back",{ONE}]"#)).await;
    client.hears_binary(&[1]).await;
}

async fn attachments_may_be_nested(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    let nested = format!(r#"{{"a":[null,{ONE}],"b":{{"c":{{"_placeholder":true,"num":1}}}}}},"end""#);
    client.text(&format!(r#"452-["message",{nested}]"#)).await;
    client.binary(&[1]).await;
    client.binary(&[2; 70_000]).await;
    client.hears(&format!(r#"452-["message-back",{nested}]"#)).await;
    client.hears_binary(&[1]).await;
    client.hears_binary(&[2; 70_000]).await;
}

async fn attachments_may_be_empty(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.text(&format!(r#"451-["message",{ONE}]"#)).await;
    client.binary(&[]).await;
    client.hears(&format!(r#"451-["message-back",{ONE}]"#)).await;
    client.hears_binary(&[]).await;
}

async fn binary_is_acknowledged(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.text(&format!(r#"452-789["message-with-ack",{TWO}]"#)).await;
    client.binary(&[1, 2, 3]).await;
    client.binary(&[4, 5, 6]).await;
    client.hears(&format!("462-789[{TWO}]")).await;
    client.hears_binary(&[1, 2, 3]).await;
    client.hears_binary(&[4, 5, 6]).await;
}

async fn acknowledgements_may_be_binary(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.text(r#"42["ask","what"]"#).await;
    let question = client.hear().await;
    let id = question.strip_prefix("42").unwrap().split('[').next().unwrap();
    client.text(&format!(r#"461-{id}["this",{ONE}]"#)).await;
    client.binary(&[7]).await;
    client.hears(&format!(r#"451-["answered","this",{ONE}]"#)).await;
    client.hears_binary(&[7]).await;
}

/// So many places for attachments.
fn places(count: usize) -> String {
    let place = |number| format!(r#"{{"_placeholder":true,"num":{number}}}"#);
    (0..count).map(place).collect::<Vec<_>>().join(",")
}

async fn ten_attachments_are_taken(subject: &'static Subject) {
    let address = subject.at(Profile::Default);
    let (event, answer) =
        (format!(r#"4510-["message",{}]"#, places(10)), format!(r#"4510-["message-back",{}]"#, places(10)));
    let mut client = Client::connect(address).await;
    client.text(&event).await;
    for byte in 0..10 {
        client.binary(&[byte]).await;
    }
    client.hears(&answer).await;
    for byte in 0..10 {
        client.hears_binary(&[byte]).await;
    }
    let (session, _) = Polling::connect(address).await;
    session.post(format!("{event}{}", "\x1ebAQ==".repeat(10))).await;
    assert_eq!(session.get().await.text(), format!("{answer}{}", "\x1ebAQ==".repeat(10)));
}

/// The packet ends the connection without an answer.
async fn closes(subject: &'static Subject, packet: &str) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.text(packet).await;
    client.closes().await;
}

async fn number_of_attachments_must_be_one(subject: &'static Subject) {
    for number in ["", "0-", "-", "-1-", "1", "1.5-", "x-", "1x-", "99999999999999999999-"] {
        closes(subject, &format!(r#"45{number}["message",{ONE}]"#)).await;
        closes(subject, &format!(r#"46{number}0[{ONE}]"#)).await;
    }
}

async fn bad_places_close(subject: &'static Subject) {
    for number in ["1", "-1", r#""0""#, "null", "99999999999999999999"] {
        closes_at_place(subject, number).await;
    }
}

async fn fractional_places_close(subject: &'static Subject) {
    closes_at_place(subject, "0.5").await;
}

async fn closes_at_place(subject: &'static Subject, number: &str) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.text(&format!(r#"451-["message",{{"_placeholder":true,"num":{number}}}]"#)).await;
    // Whether the packet alone or only its attachment tells that it is wrong.
    client.binary(&[1]).await;
    client.closes().await;
}

async fn unexpected_binary_closes(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.binary(&[1, 2, 3]).await;
    client.closes().await;
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.text(&format!(r#"451-["message",{ONE}]"#)).await;
    client.binary(&[1]).await;
    client.hears(&format!(r#"451-["message-back",{ONE}]"#)).await;
    client.hears_binary(&[1]).await;
    client.binary(&[2]).await;
    client.closes().await;
}

async fn placeholders_without_attachments_are_data(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.text(&format!(r#"42["message",{ONE}]"#)).await;
    client.hears(&format!(r#"42["message-back",{ONE}]"#)).await;
}

async fn text_in_between_closes(subject: &'static Subject) {
    let address = subject.at(Profile::Default);
    let event = format!(r#"451-["message",{ONE}]"#);
    for text in [r#"42["message",1]"#, "41", "40/custom,", &event] {
        let mut client = Client::connect(address).await;
        client.text(&event).await;
        client.text(text).await;
        client.closes().await;
        let (session, _) = Polling::connect(address).await;
        session.try_post(format!("{event}\x1e{text}\x1ebAQ==")).await;
        assert!(ends(session).await, "{text}");
    }
}

/// Whether the session ends, without an event, when it is asked for what there is.
async fn ends(session: Polling) -> bool {
    let response = session.get().await;
    response.status == 400 || response.packets().iter().all(|packet| *packet == "1" || *packet == "6")
}

async fn more_than_ten_attachments_close(subject: &'static Subject) {
    for number in [11_u64, 1_000_000, 4_294_967_297] {
        closes(subject, &format!(r#"45{number}-["message",{}]"#, places(11))).await;
    }
}
