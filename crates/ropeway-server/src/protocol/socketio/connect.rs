//! Coming into a namespace: its handlers are found, a socket is made or comes back, middleware admits it, and the client
//! is told. Where an application takes its time, the session goes on with the rest meanwhile.

use std::borrow::Cow;
use std::sync::Arc;
use std::task::Context;

use rand::Rng;
use ropeway_hub::{DisconnectReason, Error, Payload, Reply, Socket};
use ropeway_socketio::engine::{SessionId, Version};
use serde::Deserialize;
use serde_json::value::RawValue;
use tracing::debug;

use super::access::{Claim, Verified};
use super::entering::{Candidate, Decided, Entering, Entrant, Stage};
use super::packet::Outgoing;
use super::session::Session;
use super::spaces::{Inside, Space};
use crate::app::{Handlers, Refusal};
use crate::clock::now;
use crate::protocol::json::{Object, push_text};
use crate::protocol::request::text;

impl Session {
    /// CONNECT: `auth` is the text of an object, if there is one.
    pub(super) fn connect(&mut self, namespace: &str, auth: Option<&str>) {
        // The hub counts those that are in, and here those count that wait for an answer of the application.
        if self.spaces.count() >= self.protocol.hub.limits().sockets_per_connection {
            return self.refuse(namespace, &Error::TooManySockets.to_string().into());
        }
        let text = auth.unwrap_or_default();
        let auth = Payload::text(text).to_owned();
        let claim = self.access.as_ref().map(|access| access.claim(namespace, text));
        match claim {
            None => self.find(namespace, Entrant { auth, identity: None, place: None }),
            Some(Claim::Settled(Ok(identity))) => {
                self.find(namespace, Entrant { auth, identity, place: None });
            }
            Some(Claim::Settled(Err(refusal))) => self.refuse(namespace, &refusal.into()),
            Some(Claim::Asked(later)) => {
                let entrant = Entrant { auth, identity: None, place: None };
                self.wait(namespace, entrant, Stage::Verifying(later));
            }
        }
    }

    /// What the token of a namespace has come to.
    fn verified(&mut self, namespace: &str, entrant: Entrant, verified: Verified) {
        let access = self.access.as_mut();
        let counted = verified.and_then(|identity| {
            let place = access.map_or(Ok(None), |access| access.count(&identity))?;
            Ok(Entrant { identity: Some(identity), place, ..entrant })
        });
        if let Err(refusal) = &counted {
            self.refuse(namespace, &refusal.clone().into());
        }
        self.note_token(&counted);
        if let Ok(entrant) = counted {
            self.find(namespace, entrant);
        }
    }

    /// It is known who wants to enter, as far as anybody asks.
    fn find(&mut self, namespace: &str, entrant: Entrant) {
        let (Some(app), Some(handshake)) = (&self.protocol.app, &self.handshake) else {
            return self.found(namespace, entrant, None);
        };
        match app.find(namespace, handshake, &entrant.auth) {
            Reply::Ready(handlers) => self.found(namespace, entrant, handlers),
            Reply::Pending(later) => self.wait(namespace, entrant, Stage::Finding(later)),
        }
    }

    /// Moves on with what waits for the application.
    pub(super) fn poll_entering(&mut self, cx: &mut Context<'_>) {
        while let Some((entering, decided)) = self.spaces.poll_entering(cx) {
            let Entering { namespace, entrant, .. } = *entering;
            match decided {
                Decided::Verified(verified) => self.verified(&namespace, entrant, verified),
                Decided::Found(handlers) => self.found(&namespace, entrant, handlers),
                Decided::Admitted(candidate, Ok(())) => self.establish(candidate, entrant),
                Decided::Admitted(candidate, Err(refusal)) => self.turn_away(&candidate, &refusal),
            }
        }
    }

    /// It is known who handles the events of the namespace; without handlers it is one of the configuration or none.
    fn found(&mut self, namespace: &str, entrant: Entrant, handlers: Option<Arc<Handlers>>) {
        if handlers.is_none() && !self.protocol.is_bare(namespace) {
            return self.refuse(namespace, &"Invalid namespace".into());
        }
        let opened = match self.open(namespace, &entrant) {
            // The last socket of a namespace that was made for clients has just left, and it with it.
            Err(Error::NoNamespace) if self.is_made_again(namespace, &entrant) => {
                self.open(namespace, &entrant)
            }
            opened => opened,
        };
        match opened {
            Ok(candidate) => self.admit(Candidate { handlers, ..candidate }, entrant),
            Err(Error::NoNamespace) => self.refuse(namespace, &"Invalid namespace".into()),
            Err(error) => self.refuse(namespace, &error.to_string().into()),
        }
    }

    fn is_made_again(&self, namespace: &str, entrant: &Entrant) -> bool {
        let (Some(app), Some(handshake)) = (&self.protocol.app, &self.handshake) else { return false };
        matches!(app.find(namespace, handshake, &entrant.auth), Reply::Ready(Some(_)))
    }

    /// A socket that comes back, or a new one.
    fn open(&self, namespace: &str, entrant: &Entrant) -> Result<Candidate, Error> {
        let Some(link) = &self.link else { return Err(Error::Closed) };
        if self.protocol.recovery
            && let Some((pid, offset)) = Returning::read(&entrant.auth.text)
            && let Some(socket) = link.connection.recover(
                namespace,
                pid.as_str(),
                offset.as_deref(),
                entrant.user(),
                entrant.grants(),
            )
        {
            return Ok(Candidate { socket, pid: Some(pid), returns: true, handlers: None });
        }
        self.open_new(namespace, entrant)
    }

    fn open_new(&self, namespace: &str, entrant: &Entrant) -> Result<Candidate, Error> {
        let Some(link) = &self.link else { return Err(Error::Closed) };
        let socket =
            link.connection.open(namespace, random_id().as_str(), entrant.user(), entrant.grants())?;
        let pid = self.protocol.recovery.then(random_id);
        let pid = pid.filter(|pid| socket.make_recoverable(pid.as_str()));
        Ok(Candidate { socket, pid, returns: false, handlers: None })
    }

    fn admit(&mut self, candidate: Candidate, entrant: Entrant) {
        let Candidate { handlers: Some(handlers), .. } = &candidate else {
            return self.establish(candidate, entrant);
        };
        let (Some(app), Some(handshake)) = (&self.protocol.app, &self.handshake) else { return };
        let passes = candidate.returns && self.protocol.skip_middlewares;
        match app.admit(handlers, &candidate.socket, handshake, entrant.auth.clone(), passes) {
            Reply::Ready(Ok(())) => self.establish(candidate, entrant),
            Reply::Ready(Err(refusal)) => self.turn_away(&candidate, &refusal),
            Reply::Pending(later) => {
                let namespace = candidate.socket.namespace().to_owned();
                self.wait(&namespace, entrant, Stage::Admitting(candidate, later));
            }
        }
    }

    fn wait(&mut self, namespace: &str, entrant: Entrant, stage: Stage) {
        let entering = Entering { namespace: namespace.into(), entrant, stage };
        self.spaces.put(Space::Entering(Box::new(entering)));
    }

    /// The socket is admitted: from now on it can be addressed.
    fn establish(&mut self, candidate: Candidate, entrant: Entrant) {
        let Candidate { socket, pid, returns, handlers } = candidate;
        if !returns {
            // Told first, so that no event comes before it.
            self.welcome(&socket, pid);
        }
        if let Err(error) = socket.establish() {
            debug!(%error, "a socket cannot be established");
            return self.start_over(&Candidate { socket, pid, returns, handlers }, entrant);
        }
        if returns {
            // What it missed comes first: so the client knows all of it when it hears that it is back.
            self.welcome(&socket, pid);
        }
        self.deadline = None;
        self.begin_term(&socket, &entrant);
        let is_handled = handlers.is_some();
        self.spaces.put(Space::In(Inside { socket: socket.clone(), is_handled }));
        if let Some(app) = self.protocol.app.as_ref().filter(|_| is_handled) {
            app.connected(&socket);
        }
    }

    /// What a socket missed was complete when it came and is not any more: it begins anew.
    fn start_over(&mut self, candidate: &Candidate, entrant: Entrant) {
        let Candidate { socket, returns, handlers, .. } = candidate;
        let namespace = socket.namespace();
        socket.end(DisconnectReason::ServerNamespaceDisconnect);
        if !returns {
            return self.push(namespace, &Outgoing::Disconnect);
        }
        let handlers = handlers.clone();
        match self.open_new(namespace, &entrant) {
            Ok(candidate) => self.admit(Candidate { handlers, ..candidate }, entrant),
            Err(error) => self.refuse(namespace, &error.to_string().into()),
        }
    }

    /// The credentials of a socket that is in run from now on, and the rooms that they name are entered.
    fn begin_term(&mut self, socket: &Socket, entrant: &Entrant) {
        let Some(identity) = &entrant.identity else { return };
        if let Some(access) = &mut self.access {
            access.terms.begin(socket, identity, entrant.place.clone(), now());
        }
        self.requests.follow(socket, None, identity);
    }

    fn welcome(&self, socket: &Socket, pid: Option<SessionId>) {
        if self.version == Version::V3 {
            return self.push(socket.namespace(), &Outgoing::Connect(None));
        }
        let mut payload = String::with_capacity(64);
        let pid = pid.as_ref().map(SessionId::as_str);
        Object::beginning(&mut payload, "sid", socket.id()).optional_text("pid", pid).end();
        self.push(socket.namespace(), &Outgoing::Connect(Some(&payload)));
    }

    fn turn_away(&self, candidate: &Candidate, refusal: &Refusal) {
        candidate.socket.end(DisconnectReason::ServerNamespaceDisconnect);
        self.refuse(candidate.socket.namespace(), refusal);
    }

    /// CONNECT_ERROR.
    fn refuse(&self, namespace: &str, refusal: &Refusal) {
        let mut payload = String::with_capacity(64);
        match (self.version, &refusal.data) {
            (Version::V3, Some(data)) => payload.push_str(data),
            (Version::V3, None) => push_text(&mut payload, &refusal.message),
            (Version::V4, data) => {
                let object = Object::beginning(&mut payload, "message", &refusal.message);
                match data {
                    Some(data) => object.json("data", data),
                    None => object,
                }
                .end();
            }
        }
        self.push(namespace, &Outgoing::ConnectError(&payload));
    }
}

/// What a client sends that wants to recover its connection.
#[derive(Deserialize)]
struct Returning<'a> {
    #[serde(borrow)]
    pid: Option<&'a RawValue>,
    #[serde(borrow)]
    offset: Option<&'a RawValue>,
}

impl Returning<'_> {
    /// The secret and the last event that was seen. Nothing when there is no secret, or one that was never given.
    fn read(auth: &str) -> Option<(SessionId, Option<String>)> {
        let Returning { pid, offset } = serde_json::from_str(auth).ok()?;
        let pid = SessionId::parse(&text(pid?).ok()?)?;
        let offset = offset.and_then(|offset| text(offset).ok());
        Some((pid, offset.map(Cow::into_owned)))
    }
}

/// 120 random bits: a public id, which is never the one of Engine.IO, or a secret.
fn random_id() -> SessionId {
    SessionId::new(rand::rng().random())
}
