//! The rules of the opening handshake, both roles: RFC 6455 section 4 (HTTP/1.1 upgrade) and RFC 8441
//! (extended CONNECT over HTTP/2 and HTTP/3), over the types of the `http` crate.
//!
//! - [`server::accept`] and [`server::accept_connect`] judge a request: an [`Accepted`](server::Accepted) with
//!   the response to send, or a [`Refusal`](server::Refusal) with another.
//! - [`client::Request`] builds a request and the [`Expectations`](client::Expectations) that judge the response.
//! - [`head`] reads and writes HTTP/1.1 heads where there is no HTTP library to do it.
//! - [`grammar`] has the lists that the headers are made of.

mod authority;
pub mod client;
pub mod grammar;
pub mod head;
pub mod server;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName};
use sha1::{Digest, Sha1};

use crate::deflate;

/// The only version there is (RFC 6455 section 4.1).
const VERSION: &str = "13";

/// What a handshake agreed on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Negotiated {
    /// The subprotocol, if one was agreed on.
    pub subprotocol: Option<String>,
    /// The parameters of permessage-deflate, if it is in use.
    pub deflate: Option<deflate::Params>,
}

/// What a server answers in `Sec-WebSocket-Accept` to the value of `Sec-WebSocket-Key` (RFC 6455 section
/// 4.2.2): it proves that the key was read, and nothing else.
pub fn accept_key(key: &[u8]) -> String {
    let digest = Sha1::new().chain_update(key).chain_update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    STANDARD.encode(digest.finalize())
}

/// The value of a header that comes exactly once and is ASCII.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut lines = headers.get_all(name).iter();
    let first = lines.next()?.to_str().ok()?;
    lines.next().is_none().then_some(first)
}

fn ensure<E>(holds: bool, error: E) -> Result<(), E> {
    if holds { Ok(()) } else { Err(error) }
}
