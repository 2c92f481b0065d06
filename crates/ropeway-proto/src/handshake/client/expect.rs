//! The rules for a response, in the order of RFC 6455 section 4.1.

use http::{
    HeaderMap, StatusCode,
    header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_PROTOCOL, UPGRADE},
    response,
};

use super::{
    super::{Negotiated, ensure, grammar, single},
    HandshakeError,
};
use crate::deflate;

/// What the response to one request must be.
#[derive(Clone, Debug)]
pub struct Expectations {
    /// What `Sec-WebSocket-Accept` must say; nothing for an extended CONNECT, which has no key.
    pub(super) accept: Option<String>,
    pub(super) subprotocols: Vec<String>,
    pub(super) deflate: Option<deflate::Config>,
}

impl Expectations {
    /// Judges the response.
    ///
    /// # Errors
    ///
    /// [`HandshakeError`]: there is no WebSocket; after a status other than the expected one the body of the
    /// response may be of interest.
    pub fn check(&self, response: &response::Parts) -> Result<Negotiated, HandshakeError> {
        let headers = &response.headers;
        match &self.accept {
            Some(accept) => check_upgrade(response, accept)?,
            None => ensure(response.status.is_success(), refused(response.status))?,
        }
        Ok(Negotiated { deflate: self.extension(headers)?, subprotocol: self.subprotocol(headers)? })
    }

    fn extension(&self, headers: &HeaderMap) -> Result<Option<deflate::Params>, HandshakeError> {
        let extensions = grammar::extensions(headers).map_err(|_| HandshakeError::Extension)?;
        match (extensions.as_slice(), &self.deflate) {
            ([], _) => Ok(None),
            ([answer], Some(config)) if answer.name.eq_ignore_ascii_case(deflate::NAME) => {
                Ok(Some(config.confirm(answer)?))
            }
            _ => Err(HandshakeError::Extension),
        }
    }

    fn subprotocol(&self, headers: &HeaderMap) -> Result<Option<String>, HandshakeError> {
        if !headers.contains_key(SEC_WEBSOCKET_PROTOCOL) {
            return Ok(None);
        }
        let chosen = single(headers, &SEC_WEBSOCKET_PROTOCOL);
        let ours = self.subprotocols.iter().find(|ours| chosen == Some(ours.as_str()));
        ours.cloned().map(Some).ok_or(HandshakeError::Subprotocol)
    }
}

fn check_upgrade(response: &response::Parts, accept: &str) -> Result<(), HandshakeError> {
    let headers = &response.headers;
    ensure(response.status == StatusCode::SWITCHING_PROTOCOLS, refused(response.status))?;
    let upgrade = single(headers, &UPGRADE).unwrap_or_default();
    ensure(upgrade.eq_ignore_ascii_case("websocket"), HandshakeError::Upgrade)?;
    let options = grammar::tokens(headers, &CONNECTION).unwrap_or_default();
    let switched = options.iter().any(|option| option.eq_ignore_ascii_case("upgrade"));
    ensure(switched, HandshakeError::Connection)?;
    ensure(single(headers, &SEC_WEBSOCKET_ACCEPT) == Some(accept), HandshakeError::Accept)
}

fn refused(status: StatusCode) -> HandshakeError {
    HandshakeError::Refused(status)
}
