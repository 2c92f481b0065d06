//! Tokens that come as events, and the end of credentials.

use std::task::Context;
use std::time::Instant;

use ropeway_hub::{DisconnectReason, Socket};
use tracing::debug;

use super::access::{Verified, read_token};
use super::events::Incoming;
use super::packet::Outgoing;
use super::session::Session;
use super::terms::Due;
use crate::auth::Refusal;
use crate::clock::now;
use crate::protocol::json::push_number;
use crate::protocol::messages::{millis, push_auth_ok, push_error};

impl Session {
    /// A token of a client that is in a namespace without an application.
    pub(super) fn renew(&mut self, socket: &Socket, event: &Incoming<'_>) {
        let Some(access) = &mut self.access else { return };
        if !access.takes_messages() {
            let mut error = String::new();
            push_error(&mut error, None, "unsupported", "this server takes no tokens as messages", false);
            return self.answer_token(socket, event.id, Err(error));
        }
        match read_token(event.data.text).and_then(|token| token.ok_or_else(Refusal::missing)) {
            Ok(token) => access.renew(socket, event.id, token),
            Err(refusal) => self.answer_token(socket, event.id, told(&Err(refusal))),
        }
    }

    pub(super) fn poll_renewal(&mut self, cx: &mut Context<'_>) {
        if let Some((socket, id, verified)) = self.access.as_mut().and_then(|access| access.poll(cx)) {
            self.answer_token(&socket, id, told(&verified));
            self.note_token(&verified);
        }
    }

    /// So many wrong tokens, one after the other, end the connection: once the last has been answered.
    pub(super) fn note_token<T>(&mut self, verified: &Result<T, Refusal>) {
        if self.access.as_mut().is_some_and(|access| access.attempts.note(verified)) {
            debug!("a client with too many wrong tokens is closed");
            self.fail(DisconnectReason::ForcedServerClose, "too many wrong tokens");
        }
    }

    /// Who asked without a callback is told of a failure alone.
    fn answer_token(&self, socket: &Socket, id: Option<u64>, answer: Result<String, String>) {
        let packet = match (id, &answer) {
            (Some(id), Ok(object) | Err(object)) => Outgoing::Ack { id, arguments: object, attachments: &[] },
            (None, Ok(_)) => return,
            (None, Err(error)) => {
                Outgoing::Event { id: None, name: "error", arguments: &[error], attachments: &[] }
            }
        };
        self.push(socket.namespace(), &packet);
    }

    /// Credentials may have been renewed, here or by the application.
    pub(super) fn follow_terms(&mut self) {
        let Self { access: Some(access), requests, .. } = self else { return };
        access
            .terms
            .follow(now(), |socket, before, identity| requests.follow(socket, Some(before), identity));
    }

    /// Warns clients whose credentials are about to end, and puts those out whose have ended.
    pub(super) fn expire(&mut self, now: Instant) {
        self.follow_terms();
        while let Some(due) = self.access.as_mut().and_then(|access| access.terms.take_due(now)) {
            match due {
                Due::Warning(socket, left) if self.protocol.is_bare(socket.namespace()) => {
                    let mut object = String::from("{\"expires_in\":");
                    push_number(&mut object, millis(left));
                    object.push('}');
                    let (name, arguments) = ("auth_expiring", &[object.as_str()]);
                    let packet = Outgoing::Event { id: None, name, arguments, attachments: &[] };
                    self.push(socket.namespace(), &packet);
                }
                Due::Warning(..) => {}
                Due::End(socket) => self.put_out(&socket, now),
            }
        }
    }

    fn put_out(&mut self, socket: &Socket, now: Instant) {
        debug!(namespace = socket.namespace(), "credentials have ended");
        socket.disconnect(false);
        if self.spaces.count() == 0 {
            self.deadline = Some(now + self.protocol.connect_timeout);
        }
    }
}

/// What a token has come to, as an object of the native protocol.
fn told(verified: &Verified) -> Result<String, String> {
    let mut object = String::new();
    match verified {
        Ok(identity) => {
            push_auth_ok(&mut object, None, identity);
            Ok(object)
        }
        Err(refusal) => {
            push_error(&mut object, None, refusal.code(), refusal.message(), refusal.retry());
            Err(object)
        }
    }
}
