//! Connections under test.

mod pair;
mod script;
pub(crate) mod wire;

use std::borrow::Cow;

use ropeway_proto::{Event, Message, Role};

pub(crate) use pair::{Delivery, Pair};
pub(crate) use script::{Setup, feed};

/// A rule that does not depend on the role holds for both.
pub(crate) const BOTH: [Role; 2] = [Role::Client, Role::Server];

pub(crate) fn text(text: &str) -> Event<'_> {
    Event::Message(Message::from(text))
}

pub(crate) fn binary(bytes: &[u8]) -> Event<'_> {
    Event::Message(Message::from(bytes))
}

pub(crate) fn ping(payload: &[u8]) -> Event<'_> {
    Event::Ping(Cow::Borrowed(payload))
}

pub(crate) fn pong(payload: &[u8]) -> Event<'_> {
    Event::Pong(Cow::Borrowed(payload))
}

pub(crate) fn owned(event: Event<'_>) -> Event<'static> {
    match event {
        Event::Message(message) => Event::Message(message.into_owned()),
        Event::Ping(payload) => Event::Ping(Cow::Owned(payload.into_owned())),
        Event::Pong(payload) => Event::Pong(Cow::Owned(payload.into_owned())),
        Event::Close(frame) => Event::Close(frame),
    }
}
