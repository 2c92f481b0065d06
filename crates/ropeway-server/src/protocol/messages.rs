//! What the hub has for a client, as the JSON objects of `docs/protocol.md`: the messages of the native protocol, and
//! the answers that Socket.IO clients get as acknowledgements.

use std::time::{Duration, SystemTime};

use ropeway_hub::{Error, Event, HistoryPage, Member, Outbound, Position, Published};

use super::data::push_data;
use super::json::{Object, push_number, push_text};
use crate::auth::Identity;

/// The request that a message answers.
pub(super) fn request_of<'a>(message: &Outbound<'a>) -> Option<&'a str> {
    match message {
        Outbound::Joined { id, .. } | Outbound::Left { id, .. } | Outbound::Error { id, .. } => *id,
        Outbound::Members { id, .. }
        | Outbound::History { id, .. }
        | Outbound::Published { id, .. }
        | Outbound::Answer { id, .. } => Some(id),
        _ => None,
    }
}

/// A guess of the length of an event, so that its text grows in one piece.
pub(super) fn event_size(event: &Event<'_>) -> usize {
    let info = event.from.and_then(|member| member.info.as_deref()).map_or(0, str::len);
    192 + event.data.size() + event.event.len() + info
}

/// One message. `id` is told, not the one in `message`: a protocol may have another place for it.
pub(super) fn push_message(out: &mut String, message: &Outbound<'_>, id: Option<&str>) {
    match message {
        Outbound::Event(event) => push_event(out, event),
        Outbound::Joined { room, position, recovered, members, .. } => {
            let object = Object::message(out, "joined").text("room", room).optional_text("id", id);
            let object = optional_position(object, *position).flag("recovered", *recovered);
            match members {
                Some(members) => object.list("members", members, |out, member| push_member(out, member)),
                None => object,
            }
            .end();
        }
        Outbound::Left { room, .. } => {
            Object::message(out, "left").text("room", room).optional_text("id", id).end();
        }
        Outbound::MemberJoined { room, member } => push_change(out, room, "joined", member),
        Outbound::MemberLeft { room, member } => push_change(out, room, "left", member),
        Outbound::Members { room, members, .. } => {
            let object = Object::message(out, "presence").text("room", room).optional_text("id", id);
            object.list("members", members, |out, member| push_member(out, member)).end();
        }
        Outbound::History { room, page, .. } => push_history(out, room, id, page),
        Outbound::Published { published, .. } => push_published(out, id, published),
        Outbound::Answer { data, .. } => {
            let ack = Object::message(out, "ack").optional_text("id", id);
            ack.with("data", |out| push_data(out, data)).end();
        }
        Outbound::Error { error: Error::Refused(refused), .. } => {
            let object = error_object(out, id, refused.code, &refused.message, false);
            match &refused.data {
                Some(data) => object.json("data", data),
                None => object,
            }
            .end();
        }
        Outbound::Error { error, .. } => {
            push_error(out, id, error.code(), &error.to_string(), error.retry());
        }
        // The hub has messages for other protocols as well; an empty text is not sent.
        _ => {}
    }
}

fn push_event(out: &mut String, event: &Event<'_>) {
    let object = Object::message(out, "event").optional_text("room", event.room).text("event", event.event);
    let object = match event.from {
        Some(member) => object.with("from", |out| push_member(out, member)),
        None => object,
    };
    let object = match event.offset {
        Some(offset) => object.number("offset", offset),
        None => object,
    };
    object.with("data", |out| push_data(out, &event.data)).end();
}

fn push_change(out: &mut String, room: &str, change: &str, member: &Member) {
    let object = Object::message(out, "presence").text("room", room);
    object.list(change, &[member], |out, member| push_member(out, member)).end();
}

fn push_history(out: &mut String, room: &str, id: Option<&str>, page: &HistoryPage) {
    let object = Object::message(out, "history").text("room", room).optional_text("id", id);
    optional_position(object, Some(&page.position))
        .list("events", &page.events, |out, event| push_event(out, &event.as_event(room)))
        .flag("complete", page.complete)
        .end();
}

fn push_published(out: &mut String, id: Option<&str>, published: &Published) {
    let ack = Object::message(out, "ack").optional_text("id", id);
    ack.with("data", |out| push_receipt(out, published)).end();
}

/// `{"epoch","offset","duplicate"?:true}`, empty for an event that was not kept.
pub(super) fn push_receipt(out: &mut String, published: &Published) {
    out.push('{');
    if let Some(position) = &published.position {
        out.push_str("\"epoch\":");
        push_text(out, &position.epoch);
        out.push_str(",\"offset\":");
        push_number(out, position.offset);
    }
    if published.duplicate {
        out.push_str(if published.position.is_some() { ",\"duplicate\":true" } else { "\"duplicate\":true" });
    }
    out.push('}');
}

pub(super) fn push_error(out: &mut String, id: Option<&str>, code: &str, message: &str, retry: bool) {
    error_object(out, id, code, message, retry).end();
}

fn error_object<'o>(
    out: &'o mut String,
    id: Option<&str>,
    code: &str,
    message: &str,
    retry: bool,
) -> Object<'o> {
    let object = Object::message(out, "error").optional_text("id", id).text("code", code);
    object.text("message", message).flag("retry", retry)
}

fn optional_position<'o>(object: Object<'o>, position: Option<&Position>) -> Object<'o> {
    match position {
        Some(position) => object.text("epoch", &position.epoch).number("offset", position.offset),
        None => object,
    }
}

pub(super) fn push_member(out: &mut String, member: &Member) {
    out.push_str("{\"session\":");
    push_text(out, &member.session);
    if let Some(user) = &member.user {
        out.push_str(",\"user\":");
        push_text(out, user);
    }
    if let Some(info) = &member.info {
        out.push_str(",\"info\":");
        out.push_str(info);
    }
    out.push('}');
}

/// A token is good: who the client is by it, and for how long.
pub(super) fn push_auth_ok(out: &mut String, id: Option<&str>, identity: &Identity) {
    let object = Object::message(out, "auth_ok").optional_text("id", id);
    let object = object.optional_text("user", identity.name());
    match identity.time_left(SystemTime::now()) {
        Some(left) => object.number("expires_in", millis(left)),
        None => object,
    }
    .end();
}

pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ropeway_hub::{Error, PastEvent, Payload};

    use super::*;

    #[track_caller]
    fn written(message: &Outbound<'_>, expected: &str) {
        let mut out = String::new();
        push_message(&mut out, message, request_of(message));
        assert_eq!(out, expected);
        serde_json::from_str::<serde_json::Value>(&out).unwrap();
    }

    fn ada() -> Member {
        Member { session: "s1".into(), user: Some("ada".into()), info: Some(r#"{"name":"Ada"}"#.into()) }
    }

    fn position() -> Position {
        Position { epoch: "ep".into(), offset: 7 }
    }

    #[test]
    fn events() {
        let member = ada();
        let data = Payload::text(r#"{"a":1}"#);
        let full = Event {
            room: Some("r"),
            event: "e\"",
            data,
            from: Some(&member),
            offset: Some(3),
            ..Event::default()
        };
        written(
            &Outbound::Event(full),
            r#"{"type":"event","room":"r","event":"e\"","from":{"session":"s1","user":"ada","info":{"name":"Ada"}},"offset":3,"data":{"a":1}}"#,
        );
        let bare = Event { event: "e", data: Payload::text(""), ..Event::default() };
        written(&Outbound::Event(bare), r#"{"type":"event","event":"e","data":null}"#);
    }

    #[test]
    fn memberships() {
        let members = [Arc::new(Member { session: "s".into(), user: None, info: None })];
        let position = position();
        written(
            &Outbound::Joined {
                room: "r",
                id: Some("1"),
                position: Some(&position),
                recovered: true,
                members: Some(&members),
            },
            r#"{"type":"joined","room":"r","id":"1","epoch":"ep","offset":7,"recovered":true,"members":[{"session":"s"}]}"#,
        );
        written(
            &Outbound::Joined { room: "r", id: None, position: None, recovered: false, members: None },
            r#"{"type":"joined","room":"r","recovered":false}"#,
        );
        written(&Outbound::Left { room: "r", id: None }, r#"{"type":"left","room":"r"}"#);
        written(
            &Outbound::MemberJoined { room: "r", member: &members[0] },
            r#"{"type":"presence","room":"r","joined":[{"session":"s"}]}"#,
        );
        written(
            &Outbound::MemberLeft { room: "r", member: &members[0] },
            r#"{"type":"presence","room":"r","left":[{"session":"s"}]}"#,
        );
        written(
            &Outbound::Members { room: "r", id: "2", members: &members },
            r#"{"type":"presence","room":"r","id":"2","members":[{"session":"s"}]}"#,
        );
    }

    #[test]
    fn answers() {
        let event =
            PastEvent { offset: 6, event: "e".into(), data: Payload::text("1").to_owned(), from: None };
        let page = HistoryPage { position: position(), events: vec![Arc::new(event)], complete: false };
        written(
            &Outbound::History { room: "r", id: "3", page: &page },
            r#"{"type":"history","room":"r","id":"3","epoch":"ep","offset":7,"events":[{"type":"event","room":"r","event":"e","offset":6,"data":1}],"complete":false}"#,
        );
        let published = Published { position: Some(position()), duplicate: true };
        written(
            &Outbound::Published { id: "4", published: &published },
            r#"{"type":"ack","id":"4","data":{"epoch":"ep","offset":7,"duplicate":true}}"#,
        );
        let unkept = Published { position: None, duplicate: false };
        written(&Outbound::Published { id: "5", published: &unkept }, r#"{"type":"ack","id":"5","data":{}}"#);
        written(
            &Outbound::Answer { id: "6", data: Payload::text("[]") },
            r#"{"type":"ack","id":"6","data":[]}"#,
        );
        written(
            &Outbound::Error { id: Some("7"), error: &Error::NotJoined },
            r#"{"type":"error","id":"7","code":"not_joined","message":"not a member of this room","retry":false}"#,
        );
    }
}
