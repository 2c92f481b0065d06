//! What a request wants, in the order in which the reference looks at it.

use std::borrow::Cow;
use std::sync::Arc;

use http::header::{CONNECTION, UPGRADE};
use http::{HeaderMap, Method, Request};
use ropeway_socketio::engine::{SessionId, Transport, Version};

use super::desk::Desk;
use super::refusal::Code;
use super::registry::Entry;
use crate::config;
use crate::state::State;

/// What a request wants, once it may.
pub(super) enum Wanted {
    /// A new session, if the application allows it and the version is served.
    Open(Version),
    /// A request of a polling session.
    Poll(Arc<Desk>),
    /// A WebSocket for a session that exists, polling or not.
    Upgrade(Entry),
}

/// The parameters that matter here. As in the reference, the last one of a name counts.
#[derive(Default)]
struct Parameters<'a> {
    transport: Option<Cow<'a, str>>,
    sid: Option<Cow<'a, str>>,
    version: Option<Cow<'a, str>>,
}

impl<'a> Parameters<'a> {
    fn of(query: &'a str) -> Self {
        let mut parameters = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "transport" => parameters.transport = Some(value),
                "sid" => parameters.sid = Some(value),
                "EIO" => parameters.version = Some(value),
                _ => {}
            }
        }
        parameters
    }

    fn version(&self) -> Version {
        self.version.as_deref().and_then(Version::parse).unwrap_or(Version::V3)
    }
}

/// Whether a request asks for a WebSocket rather than for an answer.
pub(super) fn is_upgrade(headers: &HeaderMap) -> bool {
    let mut lists = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let is_asked =
        lists.any(|list| list.split(',').any(|token| token.trim().eq_ignore_ascii_case("upgrade")));
    is_asked && headers.contains_key(UPGRADE)
}

/// Looks at the transport, at the session, and at whether there may be a new one. An `Origin` with bad characters did not
/// get here: the HTTP server refuses it.
pub(super) fn verify<B>(state: &State, request: &Request<B>, is_upgrade: bool) -> Result<Wanted, Code> {
    let parameters = Parameters::of(request.uri().query().unwrap_or(""));
    let transport = transport(&state.config.socketio, &parameters).ok_or(Code::UnknownTransport)?;
    let is_allowed = || state.engine.origins().allows(request);
    match &parameters.sid {
        Some(sid) => {
            let entry = known(state, sid, transport, parameters.version(), is_upgrade)?;
            allowed(is_allowed())?;
            Ok(entry)
        }
        None => {
            check_handshake(request.method(), transport, is_upgrade)?;
            allowed(is_allowed())?;
            Ok(Wanted::Open(parameters.version()))
        }
    }
}

fn transport(config: &config::SocketIo, parameters: &Parameters<'_>) -> Option<Transport> {
    let wanted = Transport::parse(parameters.transport.as_deref()?)?;
    let known = match wanted {
        Transport::Polling => config::Transport::Polling,
        Transport::WebSocket => config::Transport::WebSocket,
        Transport::WebTransport => return None,
    };
    config.allows(known).then_some(wanted)
}

/// Text that is no id is the id of no session.
fn known(
    state: &State,
    sid: &str,
    transport: Transport,
    version: Version,
    is_upgrade: bool,
) -> Result<Wanted, Code> {
    let entry = SessionId::parse(sid).and_then(|sid| state.engine.registry.find(&sid));
    let entry = entry.ok_or(Code::UnknownSession)?;
    let (current, spoken) = match &entry {
        Entry::Polling(desk) => (Transport::Polling, desk.version()),
        Entry::WebSocket(version) => (Transport::WebSocket, *version),
    };
    let fits = if is_upgrade { transport == Transport::WebSocket } else { transport == current };
    if !fits || spoken != version {
        return Err(Code::BadRequest);
    }
    match entry {
        entry if is_upgrade => Ok(Wanted::Upgrade(entry)),
        Entry::Polling(desk) => Ok(Wanted::Poll(desk)),
        // An ordinary request cannot speak to a WebSocket.
        Entry::WebSocket(_) => Err(Code::BadRequest),
    }
}

fn check_handshake(method: &Method, transport: Transport, is_upgrade: bool) -> Result<(), Code> {
    if method != Method::GET {
        return Err(Code::BadHandshakeMethod);
    }
    if is_upgrade != (transport == Transport::WebSocket) {
        return Err(Code::BadRequest);
    }
    Ok(())
}

fn allowed(is_allowed: bool) -> Result<(), Code> {
    if is_allowed { Ok(()) } else { Err(Code::Forbidden) }
}

/// Whether the version of a new session is served; the last question.
pub(super) fn check_version(config: &config::SocketIo, version: Version) -> Result<(), Code> {
    match version {
        Version::V3 if !config.allow_eio3 => Err(Code::UnsupportedVersion),
        _ => Ok(()),
    }
}
