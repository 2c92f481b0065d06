//! How a client becomes known to its session, is let in by the application, and is refused.

use std::borrow::Cow;
use std::sync::Arc;
use std::task::{Context, Poll};

use ropeway_hub::{Close, DisconnectReason};
use tracing::debug;

use super::access::Access;
use super::door::{Admitted, NAMESPACE};
use super::notices::push_refusal;
use super::session::Session;
use crate::app;
use crate::auth::{self, Identity, Secret};
use crate::clock::now;
use crate::protocol::messages::{push_auth_ok, push_error};

/// A fault of ours.
const INTERNAL: Close = Close { code: 1011, reason: Cow::Borrowed("internal error") };

impl Session {
    /// A token came as a message.
    pub(super) fn authenticate(&mut self, id: Option<&str>, token: Secret) {
        match &mut self.access {
            Some(access) if !access.takes_messages() => {
                self.refuse(id, "unsupported", "this server takes no tokens as messages");
            }
            Some(access) => access.verify(id, token),
            None => self.refuse(id, "unsupported", "this server has no authentication"),
        }
    }

    pub(super) fn poll_access(&mut self, cx: &mut Context<'_>) {
        let in_rooms = self.socket.as_ref().is_some_and(|socket| !socket.rooms().is_empty());
        let Some(access) = &mut self.access else { return };
        let Some((id, verified)) = access.poll(cx) else { return };
        let accepted = verified.and_then(|identity| accept(access, identity, in_rooms));
        let is_last = access.is_last(&accepted);
        match accepted {
            Ok((identity, Some(before))) => self.renew(id.as_deref(), &before, identity),
            Ok((identity, None)) => self.become_known(id.as_deref(), identity),
            Err(refusal) if is_last => self.refuse_for_good(id.as_deref(), &refusal),
            Err(refusal) => self.refuse_for_now(id.as_deref(), &refusal),
        }
    }

    /// The first credentials of this client, or the first that name a user. A socket that it had as nobody ends, and it
    /// begins anew under its name.
    fn become_known(&mut self, id: Option<&str>, identity: Arc<Identity>) {
        let Some(access) = &mut self.access else { return };
        let Some(start) = access.start.clone() else { return };
        access.set(identity.clone(), now());
        self.push(|out| push_auth_ok(out, id, &identity));
        let begun = match self.socket.take() {
            Some(nobody) => {
                nobody.end(DisconnectReason::ClientNamespaceDisconnect);
                self.open_socket(&start.session, start.door)
            }
            None => self.begin(start),
        };
        if let Err(error) = begun {
            debug!(%error, "a socket cannot be opened");
            self.connection.close(INTERNAL);
        }
    }

    /// New credentials of the same user.
    fn renew(&mut self, id: Option<&str>, before: &Identity, identity: Arc<Identity>) {
        if let Some(access) = &mut self.access {
            access.set(identity.clone(), now());
        }
        self.push(|out| push_auth_ok(out, id, &identity));
        let Some(socket) = self.socket.clone() else { return };
        socket.set_grants(Some(identity.clone()));
        self.requests.follow(&socket, Some(before), &identity);
    }

    pub(super) fn poll_admission(&mut self, cx: &mut Context<'_>) {
        let Some(passage) = &mut self.passage else { return };
        let Some(Poll::Ready(answer)) = passage.admission.as_mut().map(|later| later.as_mut().poll(cx))
        else {
            return;
        };
        passage.admission = None;
        match answer {
            Ok(admitted) => self.enter(&admitted),
            Err(refusal) => self.turn_away(&refusal),
        }
    }

    fn enter(&mut self, admitted: &Admitted) {
        let Some(socket) = self.socket.clone() else { return };
        if let Err(error) = socket.establish() {
            debug!(%error, "a socket cannot be established");
            return self.connection.close(INTERNAL);
        }
        self.enter_rooms(&socket);
        if !admitted.is_handled {
            self.passage = None;
        }
        if let Some(passage) = &self.passage {
            passage.app.connected(&socket);
        }
    }

    /// 4001: there is no point in coming back without something better to show.
    fn turn_away(&self, refusal: &app::Refusal) {
        self.push(|out| push_refusal(out, refusal));
        self.connection.close(Close { code: 4001, reason: Cow::Borrowed("unauthorized") });
    }

    /// Something else than a token came first. What comes behind it is not looked at.
    pub(super) fn refuse_unknown(&mut self, id: Option<&str>) {
        self.refuse_for_good(
            id,
            &auth::Refusal::unauthorized("the first message must be `auth` with a token"),
        );
    }

    pub(super) fn refuse_for_good(&mut self, id: Option<&str>, refusal: &auth::Refusal) {
        self.refuse_for_now(id, refusal);
        self.connection.close(refusal.close());
        self.listen_no_more();
    }

    fn refuse_for_now(&self, id: Option<&str>, refusal: &auth::Refusal) {
        self.push(|out| push_error(out, id, refusal.code(), refusal.message(), refusal.retry()));
    }

    pub(super) fn give_up(&mut self, reason: &'static str) {
        self.connection.close(Close { code: 4001, reason: Cow::Borrowed(reason) });
        self.listen_no_more();
    }

    fn listen_no_more(&mut self) {
        if let Some(access) = &mut self.access {
            access.is_over = true;
        }
    }
}

/// The identity of a token, where the client may be that one, and the one that it renews.
fn accept(
    access: &mut Access,
    identity: Arc<Identity>,
    in_rooms: bool,
) -> Result<(Arc<Identity>, Option<Arc<Identity>>), auth::Refusal> {
    identity.may_enter(NAMESPACE)?;
    let before = access.renewed(&identity)?;
    if before.is_none() && in_rooms {
        return Err(auth::Refusal::forbidden("leave all rooms before you say who you are"));
    }
    access.count(&identity)?;
    Ok((identity, before))
}
