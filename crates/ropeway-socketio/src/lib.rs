//! Engine.IO v4 and Socket.IO v5 without I/O: packets, polling payloads, sessions and the MessagePack parser; Engine.IO v3
//! where it differs.
//!
//! ```text
//!   HTTP body ──► engine::payload ──┐
//!                                   ▼
//!   text frame ──► engine::Packet ──► engine::session::Session     open, heartbeat, upgrade, close
//!   binary frame ──────────┘               │ Message
//!                                          ▼
//!                        text ──► Decoder::text ───┐
//!                        binary ► Decoder::binary ─┴──► Packet     namespace and body; JSON text, borrowed
//!                        binary ► msgpack::decode ──────┘ │
//!                                                         ▼
//!   HTTP body ◄── payload::Writer ◄── `4` + Packet::encode, then its attachments
//!   frames    ◄────────────────────── msgpack::encode
//! ```
//!
//! Payloads stay JSON text from one end to the other. It is checked once, when it comes in, and never turned into values;
//! the arguments of an event are the text between the name and the closing bracket. Binary data lies beside the text,
//! where a [placeholder](placeholders) stands for it. So an event is handed on to clients of either parser without being
//! understood.
//!
//! ```
//! use ropeway_socketio::engine::{Message, Packet, Version};
//! use ropeway_socketio::{Body, Decoder, encode};
//!
//! // An event that wants acknowledgement 7, in the namespace /chat.
//! let frame = r#"42/chat,7["chat:message",{"text":"Grüße"},true]"#;
//! let Packet::Message(Message::Text(text)) = Packet::decode(frame, Version::V4)? else { return Ok(()) };
//!
//! let mut decoder = Decoder::default();
//! if let Some(packet) = decoder.text(&text)? {
//!     assert_eq!(packet.namespace, "/chat");
//!     if let Body::Event { id: Some(id), name, arguments, .. } = packet.body {
//!         assert_eq!((name.as_ref(), arguments.as_ref()), ("chat:message", r#"{"text":"Grüße"},true"#));
//!         let mut answer = "4".to_owned();
//!         encode::ack(&mut answer, "/chat", id, r#"{"status":"ok"}"#, 0);
//!         assert_eq!(answer, r#"43/chat,7[{"status":"ok"}]"#);
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The public interface is:
//!
//! - [`Decoder`] from messages to packets, with its [`Limits`]; [`Error`], the rules that a peer can break;
//! - [`Packet`] and [`Body`], the same in both directions; [`encode`] for those who have the parts and no packet;
//! - [`placeholders`], where attachments belong; [`is_reserved`], names that no event can have;
//! - [`push_string`], text as a JSON string;
//! - [`msgpack`], the other parser;
//! - [`engine`], the layer below: [`engine::Packet`], [`engine::payload`], [`engine::Handshake`], [`engine::session`].
//!
//! Differences of clients of Engine.IO v3 (Socket.IO 1 and 2) are those of [`engine::Version`], and three in packets: they
//! are let in by a CONNECT without a payload, refused by a CONNECT_ERROR whose payload is a string, and authenticate by a
//! query behind the namespace, see [`Packet::path_and_query`].
//!
//! Nothing that a peer sends can panic or use up the stack, and no memory is taken for a length or a count that a peer
//! declares. Both parsers are as strict as those of the reference or stricter, but for nil in MessagePack, which is taken for
//! absence.

mod decoder;
pub mod engine;
mod error;
mod json;
mod limits;
pub mod msgpack;
mod packet;

pub use decoder::Decoder;
pub use error::Error;
pub use json::{Placeholder, Placeholders, placeholders, push_string};
pub use limits::Limits;
pub use packet::name::is_reserved;
pub use packet::{Body, Packet, encode};
