//! Why the hub refuses a request.

/// A refused request: the peer asked for what it may not or cannot have, except [`Error::Unavailable`] (our
/// side) and [`Error::Timeout`] (the application). The [`Display`](std::fmt::Display) text is fit for the peer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The policy of the room does not allow this.
    #[error("not allowed in this room")]
    Forbidden,
    /// The socket is not a member of the room.
    #[error("not a member of this room")]
    NotJoined,
    /// The room keeps no history.
    #[error("this room keeps no history")]
    NoHistory,
    /// The room does not tell who is in it.
    #[error("this room has no presence")]
    NoPresence,
    /// A part of the request is longer than its limit.
    #[error("{what} is longer than {limit} bytes")]
    TooLarge {
        /// Which part.
        what: &'static str,
        /// The limit in bytes.
        limit: usize,
    },
    /// The socket is in as many rooms as it may be.
    #[error("too many rooms")]
    TooManyRooms,
    /// The connection has as many sockets as it may have.
    #[error("too many namespaces on this connection")]
    TooManySockets,
    /// The name is empty, too long or contains control characters.
    #[error("not a valid room name")]
    InvalidRoom,
    /// There is no such namespace.
    #[error("no such namespace")]
    NoNamespace,
    /// There are as many namespaces as there may be.
    #[error("too many namespaces")]
    TooManyNamespaces,
    /// No application listens to emitted events.
    #[error("nobody handles this event")]
    NoHandler,
    /// The application refuses the event.
    #[error("{}", .0.message)]
    Refused(Box<Refused>),
    /// The answer did not come in time.
    #[error("no answer in time")]
    Timeout,
    /// The broker or the application cannot do it now, or too many requests are under way.
    #[error("not possible at the moment")]
    Unavailable,
    /// The socket or its connection has ended.
    #[error("the connection has ended")]
    Closed,
}

/// How an application refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// [`Error::code`].
    pub code: &'static str,
    /// For people.
    pub message: String,
    /// JSON text for programs.
    pub data: Option<Box<str>>,
}

impl Error {
    /// The word that goes into `code` of the native protocol's `error` message.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Forbidden | Self::NoNamespace => "forbidden",
            Self::NotJoined => "not_joined",
            Self::NoHistory => "no_history",
            Self::NoPresence => "no_presence",
            Self::TooLarge { .. } => "too_large",
            Self::TooManyRooms | Self::TooManySockets => "too_many_rooms",
            Self::InvalidRoom => "invalid_room",
            Self::NoHandler => "no_handler",
            Self::Refused(refused) => refused.code,
            Self::Timeout => "timeout",
            Self::Unavailable | Self::Closed | Self::TooManyNamespaces => "unavailable",
        }
    }

    /// Whether the same request may succeed later.
    pub fn retry(&self) -> bool {
        matches!(
            self,
            Self::Timeout
                | Self::Unavailable
                | Self::TooManyRooms
                | Self::TooManySockets
                | Self::TooManyNamespaces
        )
    }
}
