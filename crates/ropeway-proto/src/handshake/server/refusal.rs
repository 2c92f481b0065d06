//! The answer to a request that does not open a WebSocket.

use std::borrow::Cow;

use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{ALLOW, CONNECTION, CONTENT_TYPE, SEC_WEBSOCKET_VERSION, UPGRADE},
};

use super::{super::VERSION, Fault};

/// A status, headers and a plain reason.
///
/// [`accept`](super::accept) makes them of a [`Fault`]; a server with rules of its own makes more.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The status of the response.
    pub status: StatusCode,
    /// Headers beside the type of the body.
    pub headers: Box<HeaderMap>,
    /// The body: a sentence of plain text.
    pub reason: Cow<'static, str>,
    /// The rule that was broken, if it is one of the handshake's.
    pub fault: Option<Fault>,
}

impl Refusal {
    /// A refusal by rules other than the handshake's.
    pub fn new(status: StatusCode, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { status, headers: Box::default(), reason: reason.into(), fault: None }
    }

    /// The response to send.
    pub fn into_response<B: From<String>>(self) -> Response<B> {
        let mut response = Response::new(B::from(format!("{}\n", self.reason)));
        *response.status_mut() = self.status;
        *response.headers_mut() = *self.headers;
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, plain);
        response
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        let mut refusal = Self::new(fault.status(), fault.to_string());
        refusal.fault = Some(fault);
        match fault {
            Fault::Method(allowed) => {
                refusal.headers.insert(ALLOW, HeaderValue::from_static(allowed));
            }
            // RFC 9110 section 15.5.22: 426 names the protocol to upgrade to.
            Fault::Version => {
                refusal.headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static(VERSION));
                refusal.headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
                refusal.headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
            }
            _ => {}
        }
        refusal
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "refused with {}: {}", self.status, self.reason)?;
        match self.fault {
            Some(fault) => write!(f, " ({})", fault.section()),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refusal {}
