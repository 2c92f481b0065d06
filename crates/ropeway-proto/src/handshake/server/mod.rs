//! The server's side: which requests open a WebSocket (RFC 6455 section 4.2, RFC 8441 section 5).

mod fault;
mod origin;
mod refusal;
mod request;

pub use fault::Fault;
pub use origin::{HostPattern, OriginPattern, Origins, PatternError};
pub use refusal::Refusal;

use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, Version,
    header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_PROTOCOL, UPGRADE},
};

use super::{Negotiated, accept_key, grammar};
use crate::deflate;

/// What a server offers and demands.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The subprotocols spoken here, the best first. What is no token can never be agreed on.
    pub subprotocols: Vec<String>,
    /// Refuse a request that offers none of [`subprotocols`](Self::subprotocols), instead of going on without.
    pub require_subprotocol: bool,
    /// permessage-deflate, if it is to be used when offered.
    pub deflate: Option<deflate::Config>,
    /// The pages of which origins may connect. Programs other than browsers send no origin and always may.
    pub origins: Origins,
}

/// A request that opens a WebSocket.
#[derive(Debug)]
#[must_use]
pub struct Accepted {
    /// What to answer: 101 to an upgrade, 200 to an extended CONNECT. Headers may be added.
    pub response: Response<()>,
    /// What is agreed. Send frames by it once the response is sent.
    pub negotiated: Negotiated,
}

/// What the rules look at in a request.
struct Head<'a> {
    method: &'a Method,
    version: Version,
    uri: &'a Uri,
    headers: &'a HeaderMap,
}

impl<'a> Head<'a> {
    fn of<B>(request: &'a Request<B>) -> Self {
        Self {
            method: request.method(),
            version: request.version(),
            uri: request.uri(),
            headers: request.headers(),
        }
    }
}

/// Judges an HTTP/1.1 upgrade (RFC 6455 section 4.2).
///
/// # Errors
///
/// A [`Refusal`] to answer with: 400 for what is missing or malformed, 403 for a foreign origin, 405 for a
/// method other than GET, 426 for another version of the protocol.
pub fn accept<B>(request: &Request<B>, options: &Options) -> Result<Accepted, Refusal> {
    let head = Head::of(request);
    let key = request::upgrade(&head)?;
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, value(&accept_key(key.as_bytes()))?);
    negotiate(&head, options, response)
}

/// Judges an extended CONNECT (RFC 8441 section 5, RFC 9220); `protocol` is its `:protocol`, which HTTP
/// libraries keep among the request's extensions.
///
/// # Errors
///
/// As [`accept`]; 501 for a protocol other than `websocket`.
pub fn accept_connect<B>(
    request: &Request<B>,
    protocol: &str,
    options: &Options,
) -> Result<Accepted, Refusal> {
    let head = Head::of(request);
    request::connect(&head, protocol)?;
    negotiate(&head, options, Response::new(()))
}

/// What both ways have in common: origin, subprotocol, extensions.
fn negotiate(head: &Head<'_>, options: &Options, mut response: Response<()>) -> Result<Accepted, Refusal> {
    options.origins.check(head)?;
    let subprotocol = subprotocol(head.headers, options)?;
    let offers = grammar::extensions(head.headers).map_err(|_| Fault::Extensions)?;
    let answer = options.deflate.as_ref().and_then(|config| config.accept(&offers));
    if let Some(subprotocol) = &subprotocol {
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, value(subprotocol)?);
    }
    let deflate = match answer {
        None => None,
        Some(answer) => {
            response.headers_mut().insert(SEC_WEBSOCKET_EXTENSIONS, value(&answer.header)?);
            Some(answer.params)
        }
    };
    Ok(Accepted { response, negotiated: Negotiated { subprotocol, deflate } })
}

/// The server's favourite among those offered (RFC 6455 section 4.2.2, point 5).
fn subprotocol(headers: &HeaderMap, options: &Options) -> Result<Option<String>, Fault> {
    let offered = request::subprotocols(headers)?;
    let agreed = options.subprotocols.iter().find(|ours| offered.contains(ours.as_str())).cloned();
    if agreed.is_none() && options.require_subprotocol {
        return Err(Fault::NoSubprotocol);
    }
    Ok(agreed)
}

/// A value made of tokens and base64, which is always a valid header.
fn value(text: &str) -> Result<HeaderValue, Refusal> {
    HeaderValue::from_str(text)
        .map_err(|_| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "The response has no valid header."))
}
