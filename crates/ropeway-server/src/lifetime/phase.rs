//! How far a server is on its way to the end.

/// How far a server is on its way to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// All is as always.
    Serving,
    /// The server is not ready any more, and still accepts who comes.
    Leaving,
    /// Nobody is accepted any more. Sessions are asked to close, each at its turn; requests go on, since sessions may live
    /// of them.
    Draining,
    /// The sessions that are still open are dropped. Requests under way are finished.
    Dropping,
    /// Nobody is waited for any more.
    Ended,
}

impl Phase {
    pub(super) const ALL: [Self; 5] =
        [Self::Serving, Self::Leaving, Self::Draining, Self::Dropping, Self::Ended];

    /// As the HTTP API and the log say it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Serving => "serving",
            Self::Leaving => "leaving",
            Self::Draining => "draining",
            Self::Dropping | Self::Ended => "ended",
        }
    }
}
