//! What a session tells its client of itself.

use std::time::Duration;

use crate::app::Refusal;
use crate::protocol::json::Object;
use crate::protocol::messages::millis;

/// What the first message tells the client.
#[derive(Clone, Debug)]
pub(crate) struct Welcome<'a> {
    pub(crate) session: &'a str,
    pub(crate) node: &'a str,
    pub(crate) ping_interval: Duration,
    pub(crate) ping_timeout: Duration,
    /// Bytes.
    pub(crate) max_message: usize,
}

pub(super) fn push_welcome(out: &mut String, welcome: &Welcome<'_>) {
    Object::message(out, "welcome")
        .text("session", welcome.session)
        .text("node", welcome.node)
        .text("version", env!("CARGO_PKG_VERSION"))
        .number("ping_interval", millis(welcome.ping_interval))
        .number("ping_timeout", millis(welcome.ping_timeout))
        .number("max_message", welcome.max_message as u64)
        .end();
}

/// The credentials end.
pub(super) fn push_expiring(out: &mut String, left: Duration) {
    Object::message(out, "expiring").number("expires_in", millis(left)).end();
}

/// The server ends; when to come back.
pub(super) fn push_reconnect(out: &mut String, after: Duration) {
    Object::message(out, "reconnect").number("after", millis(after)).end();
}

pub(super) fn push_pong(out: &mut String, id: Option<&str>) {
    Object::message(out, "pong").optional_text("id", id).end();
}

/// The application does not let the client in.
pub(super) fn push_refusal(out: &mut String, refusal: &Refusal) {
    let object = Object::message(out, "error").text("code", refusal.code);
    let object = object.text("message", &refusal.message).flag("retry", false);
    match &refusal.data {
        Some(data) => object.json("data", data),
        None => object,
    }
    .end();
}
