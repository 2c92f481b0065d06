//! Why a socket has ended.

/// Why a socket has ended, in the words of Socket.IO.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DisconnectReason {
    /// The transport was closed by the peer or the network.
    TransportClose,
    /// The transport failed.
    TransportError,
    /// The peer did not answer a ping in time.
    PingTimeout,
    /// The peer sent what its protocol does not allow.
    ParseError,
    /// The connection was closed by its own protocol layer.
    ForcedClose,
    /// The server closed the whole connection ([`Socket::disconnect`](crate::Socket::disconnect)).
    ForcedServerClose,
    /// The server ends.
    ServerShuttingDown,
    /// The client left the namespace.
    ClientNamespaceDisconnect,
    /// The server ended this socket ([`Socket::disconnect`](crate::Socket::disconnect)).
    ServerNamespaceDisconnect,
}

impl DisconnectReason {
    /// The text that Socket.IO has for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TransportClose => "transport close",
            Self::TransportError => "transport error",
            Self::PingTimeout => "ping timeout",
            Self::ParseError => "parse error",
            Self::ForcedClose => "forced close",
            Self::ForcedServerClose => "forced server close",
            Self::ServerShuttingDown => "server shutting down",
            Self::ClientNamespaceDisconnect => "client namespace disconnect",
            Self::ServerNamespaceDisconnect => "server namespace disconnect",
        }
    }

    /// Whether the client may come back and recover: nobody wanted this end, or the whole server went.
    pub fn is_recoverable(self) -> bool {
        match self {
            Self::ParseError | Self::ClientNamespaceDisconnect | Self::ServerNamespaceDisconnect => false,
            Self::TransportClose
            | Self::TransportError
            | Self::PingTimeout
            | Self::ForcedClose
            | Self::ForcedServerClose
            | Self::ServerShuttingDown => true,
        }
    }
}

impl std::fmt::Display for DisconnectReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
