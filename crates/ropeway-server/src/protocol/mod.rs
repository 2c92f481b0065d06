//! Protocols: sans-I/O sessions that turn messages into commands for the hub, and encoders that turn what the hub
//! sends into frames. They know nothing of sockets; a carrier drives them.

use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use ropeway_hub::{Close, DisconnectReason, Drained};

mod data;
mod framing;
mod json;
mod messages;
pub(crate) mod native;
mod request;
mod requests;
pub(crate) mod socketio;

pub(crate) use self::framing::Framing;

/// What a protocol makes of one connection, as every carrier drives it: what the peer says goes in by
/// [`text`](Session::text) and [`binary`](Session::binary), what it is told comes out by
/// [`poll_drain`](Session::poll_drain).
pub(crate) trait Session: Send + Unpin + 'static {
    /// A text message of the peer.
    fn text(&mut self, text: &str);

    /// A binary message of the peer.
    fn binary(&mut self, data: Bytes);

    /// Whether requests are under way: the carrier reads no further meanwhile.
    fn is_busy(&self) -> bool;

    /// Moves ready WebSocket frames for the peer to `into`, about `max` bytes of them, or registers the task to be woken
    /// when there are some. An entry may hold several frames back to back.
    fn poll_drain(&mut self, cx: &mut Context<'_>, into: &mut Vec<Bytes>, max: usize) -> Poll<Drained>;

    /// Ends the session after what is queued: [`poll_drain`](Session::poll_drain) gives the close at last.
    fn close(&mut self, close: Close);

    /// Tells the peer after what time it had better come back, where the protocol has a word for it.
    fn tell_reconnect(&mut self, _after: Duration) {}

    /// The next moment at which [`handle_timeout`](Session::handle_timeout) wants to be called.
    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// Does what is due.
    fn handle_timeout(&mut self, _now: Instant) {}

    /// The transport has ended, and why. Called once at most, and nothing but dropping follows.
    fn end(&mut self, reason: DisconnectReason);
}
