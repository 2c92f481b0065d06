//! Why a newcomer is turned away.

use http::StatusCode;

/// The limit that a newcomer would exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// There are no new ones: the server ends.
    Ending,
    /// All connections.
    Total,
    /// The connections of one address.
    Address,
    /// The connections of one subnet.
    Subnet,
    /// The connections of one user.
    User,
    /// The new connections of one address in this second.
    Arrivals,
    /// The memory of the process.
    Memory,
}

impl Full {
    /// The status with which HTTP answers; every one of them goes with `Retry-After`.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Ending | Self::Total | Self::Memory => StatusCode::SERVICE_UNAVAILABLE,
            Self::Address | Self::Subnet | Self::User | Self::Arrivals => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    /// The word for programs.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Ending | Self::Total => "unavailable",
            Self::Memory => "overloaded",
            Self::Arrivals => "rate_limited",
            Self::Address | Self::Subnet | Self::User => "too_many_connections",
        }
    }

    /// The words for people.
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::Ending => "the server is shutting down",
            Self::Total => "the server has as many connections as it may have",
            Self::Address => "there are too many connections from this address",
            Self::Subnet => "there are too many connections from this network",
            Self::User => "this user has too many connections",
            Self::Arrivals => "too many connections are made from this address",
            Self::Memory => "the server has no memory to spare",
        }
    }
}
