//! What the hub has for a client, as ready WebSocket frames of Engine.IO.

use std::sync::Arc;

use bytes::Bytes;
use ropeway_hub::{Encoder, EncoderId, Event, Member, Outbound};
use ropeway_socketio::{is_reserved, placeholders};

use super::packet::{Dialect, Outgoing, Packets};
use crate::protocol::Framing;
use crate::protocol::json::{Object, push_text};
use crate::protocol::messages::{push_member, push_message, request_of};

/// Encodes for all connections that share a dialect and a framing.
pub(crate) struct SocketIoEncoder {
    packets: Packets,
    /// Namespaces without an application. In others clients hear what the application says and nothing else.
    bare: Arc<[Box<str>]>,
}

impl SocketIoEncoder {
    pub(super) fn new(dialect: Dialect, framing: Framing, bare: Arc<[Box<str>]>) -> Self {
        Self { packets: Packets::new(dialect, framing), bare }
    }

    /// A packet of the protocol layer itself.
    pub(super) fn frame(&self, namespace: &str, packet: &Outgoing<'_>) -> Bytes {
        self.packets.frame(namespace, packet)
    }

    fn event(&self, namespace: &str, event: &Event<'_>) -> Bytes {
        if is_reserved(event.event) {
            // The stock clients take it for a broken packet and close.
            return Bytes::new();
        }
        let mut last = String::new();
        if event.published {
            push_place(&mut last, event);
        }
        if let Some(offset) = event.recovery {
            last.push_str(if last.is_empty() { "" } else { "," });
            push_text(&mut last, offset);
        }
        self.frame(
            namespace,
            &Outgoing::Event {
                id: event.ack,
                name: event.event,
                arguments: &[event.data.text, &last],
                attachments: event.data.attachments,
            },
        )
    }

    /// Everything but events and what an application answers: the objects of the native protocol. As an acknowledgement
    /// when there was a request, else as an event.
    fn message(&self, namespace: &str, message: &Outbound<'_>) -> Bytes {
        let mut object = String::with_capacity(128);
        let push = |object: &mut String| push_message(object, message, None);
        if let Some(id) = request_of(message).and_then(|id| id.parse().ok()) {
            push(&mut object);
            return self.frame(namespace, &Outgoing::Ack { id, arguments: &object, attachments: &[] });
        }
        let Some(name) = unasked(message) else { return Bytes::new() };
        push(&mut object);
        let arguments = &[object.as_str()];
        self.frame(namespace, &Outgoing::Event { id: None, name, arguments, attachments: &[] })
    }
}

impl Encoder for SocketIoEncoder {
    fn id(&self) -> EncoderId {
        self.packets.id()
    }

    fn encode(&self, namespace: &str, message: &Outbound<'_>) -> Bytes {
        match message {
            Outbound::Event(event) => self.event(namespace, event),
            Outbound::Answer { id, data } => match id.parse() {
                Ok(id) => {
                    let (arguments, attachments) = (data.text, data.attachments);
                    self.frame(namespace, &Outgoing::Ack { id, arguments, attachments })
                }
                Err(_) => Bytes::new(),
            },
            // Where an application answers, nothing else is told but that it refuses.
            Outbound::Error { id: Some(_), .. } => self.message(namespace, message),
            Outbound::Disconnected => self.frame(namespace, &Outgoing::Disconnect),
            message if self.bare.iter().any(|name| **name == *namespace) => self.message(namespace, message),
            _ => Bytes::new(),
        }
    }
}

/// The event that tells what nobody asked for. A request without a callback is not answered.
fn unasked(message: &Outbound<'_>) -> Option<&'static str> {
    match message {
        Outbound::MemberJoined { .. } | Outbound::MemberLeft { .. } => Some("presence"),
        Outbound::Left { id: None, .. } => Some("left"),
        Outbound::Error { id: None, .. } => Some("error"),
        _ => None,
    }
}

/// `{"room","from"?,"offset"?}`: what the native protocol's event carries besides name and data.
fn push_place(out: &mut String, event: &Event<'_>) {
    let object = Object::beginning(out, "room", event.room.unwrap_or_default());
    let object = match event.from {
        Some(member) => object.with("from", |out| {
            if event.data.attachments.is_empty() || !may_have_placeholder(member) {
                push_member(out, member);
            } else {
                push_member(out, &Member { info: None, ..member.clone() });
            }
        }),
        None => object,
    };
    match event.offset {
        Some(offset) => object.number("offset", offset),
        None => object,
    }
    .end();
}

/// In an event with attachments the clients look for placeholders everywhere, and close when one has a number that is
/// none of theirs. What a member says of itself must not bring the others to that.
fn may_have_placeholder(member: &Member) -> bool {
    member.info.as_deref().is_some_and(|info| placeholders(info).next().is_some())
}
