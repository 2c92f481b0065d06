//! The client's side: the request, and which responses open a WebSocket (RFC 6455 section 4.1).

mod error;
mod expect;
mod request;
mod target;

pub use error::{HandshakeError, RequestError, UrlError};
pub use expect::Expectations;
pub use request::Request;
pub use target::Target;
