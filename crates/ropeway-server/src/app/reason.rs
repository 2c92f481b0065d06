//! Why a client has gone.

use std::fmt;

/// Why a client has gone: the reasons of Socket.IO.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DisconnectReason {
    /// The client ended its connection.
    TransportClose,
    /// The connection broke, or the client broke the rules of its transport.
    TransportError,
    /// The client did not answer a ping in time.
    PingTimeout,
    /// The client sent what cannot be understood.
    ParseError,
    /// The connection was closed by the server.
    ForcedClose,
    /// The server ends.
    ServerShuttingDown,
    /// The server closed the connection with all its namespaces.
    ForcedServerClose,
    /// The client left the namespace.
    ClientNamespaceDisconnect,
    /// The server disconnected the client from the namespace.
    ServerNamespaceDisconnect,
}

impl DisconnectReason {
    /// The words of Socket.IO, such as `transport close`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TransportClose => "transport close",
            Self::TransportError => "transport error",
            Self::PingTimeout => "ping timeout",
            Self::ParseError => "parse error",
            Self::ForcedClose => "forced close",
            Self::ServerShuttingDown => "server shutting down",
            Self::ForcedServerClose => "forced server close",
            Self::ClientNamespaceDisconnect => "client namespace disconnect",
            Self::ServerNamespaceDisconnect => "server namespace disconnect",
        }
    }
}

impl fmt::Display for DisconnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
