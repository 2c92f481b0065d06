//! The parser of npm `socket.io-msgpack-parser` 3: one binary message is one packet, a map of `type`, `nsp`, `data` and
//! perhaps `id`, in the MessagePack of `notepack.io`.
//!
//! Between here and the rest of the crate payloads are JSON text with attachments, so that one event can reach clients
//! of either parser. What JSON does not have becomes what `JSON.stringify` makes of it:
//!
//! | MessagePack | JSON |
//! | --- | --- |
//! | bin, and ext 0 of any length (`ArrayBuffer`) | an attachment and its placeholder |
//! | fixext 1 of type 0 (`undefined`) | `null` in an array, no member in an object |
//! | fixext 8 of type 0 (`Date`, milliseconds) | its ISO 8601 text |
//! | other ext | `[type, attachment]`, as `notepack.io` gives it to applications |
//! | NaN and the infinities | `null` |
//! | keys that are no strings | their text |
//! | strings that are not UTF-8 | with U+FFFD in them |
//!
//! ```
//! use ropeway_socketio::{Body, Limits, msgpack};
//!
//! let message = b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x92\xa3msg\xc4\x02\x01\x02";
//! let packet = msgpack::decode(message, &Limits::default())?;
//! assert_eq!(packet.arguments(), r#"{"_placeholder":true,"num":0}"#);
//! assert_eq!(packet.attachments()[0].as_ref(), [1, 2]);
//!
//! let mut out = Vec::new();
//! msgpack::encode(&packet, &mut out)?;
//! assert_eq!(out, message);
//! # Ok::<(), ropeway_socketio::Error>(())
//! ```

mod counts;
mod date;
mod decode;
mod encode;
mod format;
mod to_json;

pub use decode::decode;
pub use encode::encode;
