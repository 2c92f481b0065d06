//! ACK packets in both directions.

use super::v5;
use crate::case::{Case, Place, case};
use crate::client::Client;
use crate::subject::{Profile, Subject};

const ACKNOWLEDGEMENT: Place = v5("Acknowledgement");
const REFERENCE: Place = Place("npm socket.io", "socket");
const FAULTS: Place = Place("Faults of other servers", "acknowledgements");

pub(crate) const CASES: &[Case] = &[
    case!(
        ACKNOWLEDGEMENT,
        ack_has_the_id_of_the_event,
        "An event with an id is answered with ACK and the same id"
    ),
    case!(ACKNOWLEDGEMENT, ack_may_be_empty, "The payload of ACK is an array, also an empty one"),
    case!(ACKNOWLEDGEMENT, ack_in_a_custom_namespace, "ACK names the namespace of its event"),
    case!(
        ACKNOWLEDGEMENT,
        server_asks_for_acks,
        "The server may ask for ACK, with an id of its own counter, and gets the answer"
    ),
    case!(
        ACKNOWLEDGEMENT,
        payload_of_ack_must_be_an_array,
        "A payload of ACK that is no array ends the connection"
    ),
    case!(REFERENCE, ids_of_the_server_differ, "Questions that are open at the same time have different ids"),
    case!(REFERENCE, id_must_be_a_number, "An id that is no number ends the connection"),
    case!(REFERENCE, ids_up_to_the_largest_safe_integer, "Ids of a client may be as large as 2^53 - 1"),
    case!(
        REFERENCE,
        unknown_ids_are_ignored,
        "ACK with an id that nobody waits for is ignored, and so is a second one"
    ),
    case!(REFERENCE, ack_is_sent_once, "However often the application answers, one ACK is sent"),
    case!(
        REFERENCE,
        ack_of_another_socket_is_ignored,
        "ACK of a socket that was not asked does not answer for the one that was"
    ),
    case!(
        FAULTS,
        questions_do_not_pile_up,
        "Questions that are never answered end with the connection, and the server does not grow"
    )
    .alone(),
];

async fn ack_has_the_id_of_the_event(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    for id in [456, 0, 7] {
        client.text(&format!(r#"42{id}["message-with-ack",1,"2",{{"3":[false]}}]"#)).await;
        client.hears(&format!(r#"43{id}[1,"2",{{"3":[false]}}]"#)).await;
    }
}

async fn ack_may_be_empty(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.text(r#"421["message-with-ack"]"#).await;
    client.hears("431[]").await;
}

async fn ack_in_a_custom_namespace(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.join("/custom").await;
    client.text(r#"42/custom,13["message-with-ack","bar"]"#).await;
    client.hears(r#"43/custom,13["bar"]"#).await;
}

async fn server_asks_for_acks(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    for number in 0..3 {
        let id = asked(&mut client).await;
        client.text(&format!(r#"43{id}["answer",{number}]"#)).await;
        client.hears(&format!(r#"42["answered","answer",{number}]"#)).await;
    }
}

/// Has itself asked; returns the id of the question.
async fn asked(client: &mut Client) -> u64 {
    client.text(r#"42["ask","what"]"#).await;
    let question = client.hear().await;
    let id = question.strip_suffix(r#"["question","what"]"#).and_then(|rest| rest.strip_prefix("42"));
    id.unwrap_or_else(|| panic!("{question}")).parse().unwrap()
}

async fn payload_of_ack_must_be_an_array(subject: &'static Subject) {
    for payload in ["{}", r#""a""#, "null", "1x"] {
        let mut client = Client::connect(subject.at(Profile::Default)).await;
        client.text(&format!("430{payload}")).await;
        client.closes().await;
    }
}

async fn ids_of_the_server_differ(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    let (first, second) = (asked(&mut client).await, asked(&mut client).await);
    assert_ne!(first, second);
    client.text(&format!(r#"43{second}["second"]"#)).await;
    client.hears(r#"42["answered","second"]"#).await;
    client.text(&format!(r#"43{first}["first"]"#)).await;
    client.hears(r#"42["answered","first"]"#).await;
}

async fn id_must_be_a_number(subject: &'static Subject) {
    for id in ["abc", "1a", "-1", "1.5", "0x10"] {
        let mut client = Client::connect(subject.at(Profile::Default)).await;
        client.text(&format!(r#"42{id}["message-with-ack",1]"#)).await;
        client.closes().await;
    }
}

async fn ids_up_to_the_largest_safe_integer(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.text(r#"429007199254740991["message-with-ack",1]"#).await;
    client.hears("439007199254740991[1]").await;
}

async fn unknown_ids_are_ignored(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.text("43987654321[1]").await;
    let id = asked(&mut client).await;
    client.text(&format!("43{}[]", id + 1_000_000)).await;
    client.text(&format!(r#"43{id}["first"]"#)).await;
    client.text(&format!(r#"43{id}["second"]"#)).await;
    client.hears(r#"42["answered","first"]"#).await;
    client.works().await;
}

async fn ack_is_sent_once(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.text(r#"425["twice"]"#).await;
    client.hears("435[1]").await;
    client.works().await;
}

async fn ack_of_another_socket_is_ignored(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    let mut other = Client::connect(subject.at(Profile::Default)).await;
    let id = asked(&mut client).await;
    other.text(&format!(r#"43{id}["not mine"]"#)).await;
    other.works().await;
    client.text(&format!(r#"43{id}["mine"]"#)).await;
    client.hears(r#"42["answered","mine"]"#).await;
}

/// Each round leaves some 3 MB of questions behind, if the server keeps them.
async fn questions_do_not_pile_up(subject: &'static Subject) {
    let word = "x".repeat(1000);
    let mut after = Vec::new();
    for _ in 0..5 {
        for _ in 0..60 {
            let mut client = Client::connect(subject.at(Profile::Default)).await;
            for number in 0..50 {
                client.text(&format!(r#"42["ask",{number},"{word}"]"#)).await;
                assert!(client.hear().await.ends_with(&format!(r#"["question",{number},"{word}"]"#)));
            }
        }
        after.push(subject.resident());
    }
    let grown = after[4].saturating_sub(after[1]);
    assert!(grown < 20_000_000, "grown by {grown} bytes: {after:?}");
}
