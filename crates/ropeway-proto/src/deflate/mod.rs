//! permessage-deflate (RFC 7692): what is negotiated, and the compressor and decompressor of one connection.
//!
//! No zlib state is kept between messages. A compressor weighs some 300 KiB and a decompressor 40 KiB, so
//! both come from a pool of the thread for the length of one message. Context takeover, the right to refer
//! to earlier messages, needs only the plain bytes of those messages: each side of a [`Deflater`] and an
//! [`Inflater`] keeps the last few KiB of them and presents them to the pooled state as its dictionary.
//!
//! ```
//! use ropeway_proto::{Role, deflate::{Config, Deflater, Inflater, Params}};
//!
//! let (params, config) = (Params::default(), Config::default());
//! let mut deflater = Deflater::new(&params, Role::Server, &config).expect("window bits above 8");
//! let mut inflater = Inflater::new(&params, Role::Client);
//!
//! let mut wire = Vec::new();
//! deflater.compress(b"Hello", &mut wire)?;
//! deflater.commit(b"Hello");
//! assert_eq!(wire, [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
//!
//! let mut plain = Vec::new();
//! inflater.push(&wire, true, 1024, &mut |bytes: &[u8]| {
//!     plain.extend_from_slice(bytes);
//!     Ok::<(), std::convert::Infallible>(())
//! })?;
//! assert_eq!(plain, b"Hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod config;
mod deflater;
mod history;
mod inflater;
mod negotiate;
mod params;
mod pool;

pub use config::Config;
pub use deflater::{DeflateError, Deflater};
pub use inflater::{InflateError, Inflater};
pub use negotiate::{Answer, NegotiationError};
pub use params::Params;

/// The name of the extension in `Sec-WebSocket-Extensions` (RFC 7692 section 7).
pub const NAME: &str = "permessage-deflate";

/// What ends every flush of a compressor and is left out on the wire (RFC 7692 section 7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];
