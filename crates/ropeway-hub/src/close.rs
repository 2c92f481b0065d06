//! The end of a connection as its task sees it.

use std::borrow::Cow;

/// What [`Connection::poll_drain`](crate::Connection::poll_drain) found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Frames were appended; there may be more.
    Frames,
    /// Nothing more will come: send this close and end.
    Closed(Close),
}

/// How a connection is to be closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// A WebSocket close code (RFC 6455 section 7.4); other carriers translate it.
    pub code: u16,
    /// At most 123 bytes.
    pub reason: Cow<'static, str>,
}

impl Close {
    /// 4002: more waited for this connection than its outbox may hold.
    pub const SLOW_CONSUMER: Self = Self { code: 4002, reason: Cow::Borrowed("slow consumer") };

    /// 4500: the server does not want this client; it shall not come back by itself.
    pub const DISCONNECTED: Self = Self { code: 4500, reason: Cow::Borrowed("disconnected by the server") };

    /// Nobody sees it: the connection has ended.
    pub(crate) const GONE: Self = Self { code: 1006, reason: Cow::Borrowed("") };
}
