//! Who is measured.

pub(crate) mod compile;
pub(crate) mod process;

use std::fmt;

use clap::ValueEnum;

/// A server under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum Server {
    /// Bare TCP over epoll: the limit.
    Tcp,
    /// This project: the examples `echo` and `broadcast` of ropeway-ws, `socketio_echo` of ropeway-server.
    Ropeway,
    /// uWebSockets, C++.
    Uws,
    /// tokio-tungstenite.
    Tungstenite,
    /// fastwebsockets.
    Fastwebsockets,
    /// tokio-websockets.
    TokioWebsockets,
    /// yawc.
    Yawc,
    /// wtx.
    Wtx,
    /// sockudo-ws.
    Sockudo,
    /// npm socket.io, the reference of Socket.IO.
    SocketioNode,
    /// socketioxide on axum.
    Socketioxide,
}

impl Server {
    /// In the order of the tables.
    pub(crate) const ALL: [Server; 11] = [
        Server::Tcp,
        Server::Ropeway,
        Server::Uws,
        Server::Tungstenite,
        Server::Fastwebsockets,
        Server::TokioWebsockets,
        Server::Yawc,
        Server::Wtx,
        Server::Sockudo,
        Server::SocketioNode,
        Server::Socketioxide,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Server::Tcp => "tcp",
            Server::Ropeway => "ropeway",
            Server::Uws => "uws",
            Server::Tungstenite => "tungstenite",
            Server::Fastwebsockets => "fastwebsockets",
            Server::TokioWebsockets => "tokio-websockets",
            Server::Yawc => "yawc",
            Server::Wtx => "wtx",
            Server::Sockudo => "sockudo",
            Server::SocketioNode => "socketio-node",
            Server::Socketioxide => "socketioxide",
        }
    }

    /// Whether it speaks what the job is done in: Socket.IO, or WebSocket without anything on top.
    pub(crate) fn speaks(self, job: Job) -> bool {
        let socketio = matches!(self, Server::SocketioNode | Server::Socketioxide);
        match job {
            Job::Echo(_) | Job::Broadcast => !socketio,
            Job::SocketIo => socketio || self == Server::Ropeway,
        }
    }

    pub(crate) fn deflates(self) -> bool {
        matches!(self, Server::Ropeway | Server::Uws | Server::Yawc | Server::Wtx | Server::Sockudo)
    }

    /// fastwebsockets and wtx cannot queue a frame without writing it: nothing fair to build on.
    pub(crate) fn broadcasts(self) -> bool {
        !matches!(self, Server::Fastwebsockets | Server::Wtx)
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a server is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    /// Every message back to its sender.
    Echo(Deflate),
    /// Every message to everybody.
    Broadcast,
    /// Socket.IO: acknowledges `msg`, sends `pub` to the room that everybody is in.
    SocketIo,
}

/// permessage-deflate as the client offers it and the server is told to agree to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deflate {
    Off,
    Takeover,
    NoTakeover,
}

impl Deflate {
    pub(crate) fn flag(self) -> &'static str {
        match self {
            Deflate::Off => "off",
            Deflate::Takeover => "takeover",
            Deflate::NoTakeover => "no-takeover",
        }
    }

    /// The header of the client's offer; the first is what browsers send.
    pub(crate) fn offer(self) -> Option<&'static str> {
        match self {
            Deflate::Off => None,
            Deflate::Takeover => Some("permessage-deflate; client_max_window_bits"),
            Deflate::NoTakeover => {
                Some("permessage-deflate; server_no_context_takeover; client_no_context_takeover")
            }
        }
    }
}
