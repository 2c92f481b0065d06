//! Several packets in the body of one HTTP request or response (Engine.IO protocol, HTTP long-polling).
//!
//! | version | form |
//! | --- | --- |
//! | 4 | packets with the character 0x1e between them |
//! | 3, text | `<length>:<packet>` for each, the length in UTF-16 code units |
//! | 3, binary | `<0 text, 1 binary><digits of the length, a byte each><0xff><packet>` for each, the length in bytes |
//!
//! ```
//! use ropeway_socketio::engine::{Packet, Version, payload};
//!
//! let mut writer = payload::Writer::new(Version::V4);
//! writer.push(&Packet::Ping("".into()));
//! writer.push_binary(&[1, 2, 3, 4]);
//! let body = writer.finish();
//! assert_eq!(body, "2\x1ebAQIDBA==");
//! let packets: Result<Vec<_>, _> = payload::decode(&body, Version::V4).collect();
//! assert_eq!(packets?.len(), 2);
//! # Ok::<(), ropeway_socketio::engine::PacketError>(())
//! ```

mod binary;
mod text;
mod writer;

pub use binary::{BinaryPackets, decode_binary, encode_binary};
pub use text::{Packets, decode};
pub use writer::Writer;

/// Between two packets of version 4.
const SEPARATOR: char = '\x1e';
