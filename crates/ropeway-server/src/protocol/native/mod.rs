//! The native protocol, `ropeway.json`, as `docs/protocol.md` describes it.
//!
//! ```text
//! text message -> client::parse -> Session -> hub -> Encoder -> frame
//!                                  Access: who it is, until when; admission: how that becomes known
//! ```

mod access;
mod admission;
mod client;
mod door;
mod encoder;
mod notices;
mod session;

use ropeway_hub::Published;

pub(crate) use access::Access;
pub(crate) use door::Door;
pub(crate) use encoder::NativeEncoder;
pub(crate) use notices::Welcome;
pub(crate) use session::Session;

use super::messages::push_receipt;

/// The subprotocol's name.
pub(crate) const SUBPROTOCOL: &str = "ropeway.json";

/// The `data` of the acknowledgement of a publish, which the HTTP API answers as well.
pub(crate) fn receipt(published: &Published) -> String {
    let mut out = String::new();
    push_receipt(&mut out, published);
    out
}
