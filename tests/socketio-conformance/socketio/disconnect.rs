//! DISCONNECT from either side.

use super::v5;
use crate::case::{Case, Place, case};
use crate::client::{Client, ending};
use crate::polling::socket_id;
use crate::subject::{CONNECT_TIMEOUT, PING_INTERVAL, Profile, Subject};
use crate::websocket::{TEXT, frame};

const DISCONNECTION: Place = v5("Disconnection from a namespace");
const REFERENCE: Place = Place("npm socket.io", "socket");

pub(crate) const CASES: &[Case] = &[
    case!(
        DISCONNECTION,
        client_leaves_a_namespace,
        "DISCONNECT ends one namespace without an answer; the others go on"
    ),
    case!(
        DISCONNECTION,
        last_namespace_leaves_the_connection,
        "After the last namespace the connection stays open, and one may be joined again with a new id"
    ),
    case!(
        DISCONNECTION,
        server_ends_a_namespace,
        "The server ends a namespace by DISCONNECT; the others go on"
    ),
    case!(
        REFERENCE,
        server_ends_all_namespaces,
        "When the server ends the connection, every namespace gets DISCONNECT and the connection closes"
    ),
    case!(
        REFERENCE,
        reasons_name_the_side,
        "The reason is client namespace disconnect or server namespace disconnect"
    ),
    case!(
        REFERENCE,
        each_namespace_learns_the_end,
        "When the connection ends, the sockets of all namespaces end with its reason"
    ),
    case!(
        REFERENCE,
        connect_may_follow_at_once,
        "A namespace may be joined again in the same breath as it was left"
    )
    .sparing_the_reference("whether it takes this for a second CONNECT depends on timing"),
    case!(REFERENCE, payload_closes, "DISCONNECT with a payload ends the connection"),
];

async fn client_leaves_a_namespace(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.join("/custom").await;
    client.text("41/custom,").await;
    client.text(r#"42["message","message to main namespace"]"#).await;
    client.hears(r#"42["message-back","message to main namespace"]"#).await;
    client.join("/custom").await;
    client.text("41/custom").await;
    client.works().await;
}

async fn last_namespace_leaves_the_connection(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Short)).await;
    client.text("41").await;
    // The pings are answered meanwhile.
    let rest = tokio::time::timeout(CONNECT_TIMEOUT + PING_INTERVAL, client.frame()).await;
    assert!(rest.is_err(), "{rest:?}");
    let again = client.join("/").await;
    assert_ne!(again, client.sid);
    client.works().await;
}

async fn server_ends_a_namespace(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.join("/custom").await;
    client.text(r#"42/custom,["disconnect-me",false]"#).await;
    client.hears("41/custom,").await;
    client.works().await;
    client.text(r#"42["disconnect-me",false]"#).await;
    client.hears("41").await;
    client.text("40").await;
    socket_id(&client.hear().await, "40");
}

async fn server_ends_all_namespaces(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.join("/custom").await;
    client.text(r#"42["disconnect-me",true]"#).await;
    let mut heard = [client.hear().await, client.hear().await];
    heard.sort();
    assert_eq!(heard, ["41", "41/custom,"]);
    client.closes().await;
}

async fn reasons_name_the_side(subject: &'static Subject) {
    let address = subject.at(Profile::Default);
    let mut client = Client::connect(address).await;
    client.text("41").await;
    assert_eq!(ending(address, &client.sid).await, "client namespace disconnect");
    let mut client = Client::connect(address).await;
    client.text(r#"42["disconnect-me",false]"#).await;
    client.hears("41").await;
    assert_eq!(ending(address, &client.sid).await, "server namespace disconnect");
}

async fn each_namespace_learns_the_end(subject: &'static Subject) {
    let address = subject.at(Profile::Default);
    let mut client = Client::connect(address).await;
    let custom = client.join("/custom").await;
    client.text("2").await;
    client.closes().await;
    for sid in [&client.sid, &custom] {
        assert_eq!(ending(address, sid).await, "transport error");
    }
}

async fn connect_may_follow_at_once(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.raw([frame(TEXT, b"41"), frame(TEXT, b"40")].concat()).await;
    let sid = socket_id(&client.hear().await, "40");
    assert_ne!(sid, client.sid);
    client.hears(r#"42["auth",{}]"#).await;
    client.works().await;
}

async fn payload_closes(subject: &'static Subject) {
    for payload in ["{}", "[]", r#""bye""#] {
        let mut client = Client::connect(subject.at(Profile::Default)).await;
        client.text(&format!("41{payload}")).await;
        client.closes().await;
    }
}
