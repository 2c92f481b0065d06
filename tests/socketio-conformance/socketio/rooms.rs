//! What the application does with rooms, as clients see it.

use serde_json::json;

use crate::case::{Case, Place, case};
use crate::client::{Client, ending};
use crate::polling::Polling;
use crate::subject::{Profile, Subject};

const ROOMS: Place = Place("npm socket.io", "broadcast operator");
const FAULTS: Place = Place("Faults of other servers", "delivery");

pub(crate) const CASES: &[Case] = &[
    case!(ROOMS, own_room_is_there, "A socket is in the room of its own id from the start"),
    case!(
        ROOMS,
        members_get_events,
        "An event to a room reaches its members on every transport and nobody else"
    ),
    case!(ROOMS, sender_is_left_out, "An event that a socket sends to a room reaches the others"),
    case!(
        ROOMS,
        exceptions_are_left_out,
        "Members of an excepted room are left out, and an id is a room as well"
    ),
    case!(ROOMS, rooms_end_with_the_namespace, "Rooms end with the membership in the namespace"),
    case!(ROOMS, rooms_of_namespaces_are_different, "Rooms of the same name in two namespaces are two"),
    case!(ROOMS, binary_reaches_a_room, "Attachments reach every member"),
    case!(ROOMS, room_is_asked, "A question to a room is asked with one id and answered by each member"),
    case!(ROOMS, room_answers_in_part, "Answers that came before the timeout are given with the timeout"),
    case!(ROOMS, volatile_events_arrive, "A volatile event reaches a client that can take it"),
    case!(FAULTS, members_of_two_rooms_get_events_once, "A socket in two addressed rooms gets an event once"),
];

/// A client in a room.
async fn member(subject: &'static Subject, rooms: &[&str]) -> Client {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    for room in rooms {
        assert_eq!(client.ask("join", &format!("{room:?}")).await, json!([]));
    }
    client
}

async fn own_room_is_there(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    assert_eq!(client.ask("rooms", "").await, json!([[client.sid]]));
    let mut other = Client::connect(subject.at(Profile::Default)).await;
    other.text(&format!(r#"42["to",{{"rooms":["{}"]}},"hello",1]"#, client.sid)).await;
    client.hears(r#"42["hello",1]"#).await;
    other.works().await;
}

async fn members_get_events(subject: &'static Subject) {
    let mut client = member(subject, &["members"]).await;
    let (session, _) = Polling::connect(subject.at(Profile::Default)).await;
    session.post(r#"420["join","members"]"#).await;
    assert_eq!(session.get().await.packets(), ["430[]"]);
    let mut left = member(subject, &["members"]).await;
    assert_eq!(left.ask("leave", r#""members""#).await, json!([]));
    let mut outside = member(subject, &["others"]).await;
    outside.text(r#"42["to",{"rooms":["members"]},"news",{"a":1}]"#).await;
    client.hears(r#"42["news",{"a":1}]"#).await;
    assert_eq!(session.get().await.packets(), [r#"42["news",{"a":1}]"#]);
    outside.works().await;
    left.works().await;
}

async fn sender_is_left_out(subject: &'static Subject) {
    let mut sender = member(subject, &["senders"]).await;
    let mut other = member(subject, &["senders"]).await;
    sender.text(r#"42["others",["senders"],"news",1]"#).await;
    other.hears(r#"42["news",1]"#).await;
    sender.works().await;
}

async fn exceptions_are_left_out(subject: &'static Subject) {
    let mut plain = member(subject, &["except"]).await;
    let mut in_both = member(subject, &["except", "not-these"]).await;
    let mut by_id = member(subject, &["except"]).await;
    let except = format!(r#"["not-these","{}"]"#, by_id.sid);
    plain.text(&format!(r#"42["to",{{"rooms":["except"],"except":{except}}},"news",1]"#)).await;
    plain.hears(r#"42["news",1]"#).await;
    in_both.works().await;
    by_id.works().await;
}

async fn rooms_end_with_the_namespace(subject: &'static Subject) {
    let mut leaving = member(subject, &["ended"]).await;
    let mut other = member(subject, &["ended"]).await;
    leaving.text("41").await;
    ending(subject.at(Profile::Default), &leaving.sid).await;
    let sid = leaving.join("/").await;
    assert_eq!(leaving.ask("rooms", "").await, json!([[sid]]));
    other.text(r#"42["to",{"rooms":["ended"]},"news",1]"#).await;
    other.hears(r#"42["news",1]"#).await;
    leaving.works().await;
}

async fn rooms_of_namespaces_are_different(subject: &'static Subject) {
    let mut client = member(subject, &["same-name"]).await;
    client.join("/custom").await;
    client.text(r#"42/custom,["to",{"rooms":["same-name"]},"news",1]"#).await;
    client.works().await;
}

async fn binary_reaches_a_room(subject: &'static Subject) {
    let mut members = [member(subject, &["binary"]).await, member(subject, &["binary"]).await];
    members[0].text(r#"451-["to",{"rooms":["binary"]},"data",{"_placeholder":true,"num":0}]"#).await;
    members[0].binary(&[1, 2]).await;
    for member in &mut members {
        member.hears(r#"451-["data",{"_placeholder":true,"num":0}]"#).await;
        member.hears_binary(&[1, 2]).await;
    }
}

/// The id under which a client is asked.
async fn question(client: &mut Client) -> String {
    let question = client.hear().await;
    let id = question.strip_suffix(r#"["question","how many"]"#).and_then(|rest| rest.strip_prefix("42"));
    id.unwrap_or_else(|| panic!("{question}")).to_owned()
}

async fn room_is_asked(subject: &'static Subject) {
    let mut asker = Client::connect(subject.at(Profile::Default)).await;
    let mut members = [member(subject, &["asked"]).await, member(subject, &["asked"]).await];
    asker.text(r#"42["ask-room","asked","how many"]"#).await;
    let ids = [question(&mut members[0]).await, question(&mut members[1]).await];
    assert_eq!(ids[0], ids[1]);
    members[0].text(&format!("43{}[1]", ids[0])).await;
    members[0].works().await;
    members[1].text(&format!("43{}[2]", ids[1])).await;
    asker.hears(r#"42["answers",false,[1,2]]"#).await;
}

async fn room_answers_in_part(subject: &'static Subject) {
    let mut asker = Client::connect(subject.at(Profile::Default)).await;
    let mut members = [member(subject, &["half"]).await, member(subject, &["half"]).await];
    asker.text(r#"42["ask-room","half","how many"]"#).await;
    let id = question(&mut members[0]).await;
    members[0].text(&format!("43{id}[1]")).await;
    asker.hears(r#"42["answers",true,[1]]"#).await;
}

async fn volatile_events_arrive(subject: &'static Subject) {
    let mut client = Client::connect(subject.at(Profile::Default)).await;
    client.text(r#"42["volatile",1,"two"]"#).await;
    client.hears(r#"42["message-back",1,"two"]"#).await;
}

async fn members_of_two_rooms_get_events_once(subject: &'static Subject) {
    let mut client = member(subject, &["one", "two", "three"]).await;
    let to = format!(r#"{{"rooms":["one","two","three","{}"]}}"#, client.sid);
    client.text(&format!(r#"42["to",{to},"news",1]"#)).await;
    client.hears(r#"42["news",1]"#).await;
    client.works().await;
}
