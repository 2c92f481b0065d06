//! What is asked of the engine, and what it tells.

use std::time::{Duration, SystemTime};

use http::Response;
use ropeway_socketio::{Body, Packet};
use ropeway_ws::client::{ConnectError, Details};
use ropeway_ws::{CloseFrame, Message, Outcome, deflate};

use crate::connect::socketio::Emit;

/// What a face asks for.
#[derive(Debug)]
pub(crate) enum Command {
    Send(Message<'static>),
    Ping(Vec<u8>),
    Close(Option<CloseFrame>),
    /// Closes with 1000 once the acknowledgements that are waited for have come, or did not in time.
    Finish,
    /// In Socket.IO mode only, as what follows.
    Emit(Emit),
    /// Answers an event of the server; the arguments are JSON values with commas between them.
    Ack {
        id: u64,
        arguments: String,
    },
    /// Connects to a namespace of Socket.IO.
    Join(String),
    /// Disconnects from a namespace of Socket.IO.
    Leave(String),
}

/// Something that happened, and when.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) at: SystemTime,
    /// Since the engine started.
    pub(crate) elapsed: Duration,
    pub(crate) what: What,
}

#[derive(Debug)]
pub(crate) enum What {
    Open(Box<Open>),
    Message {
        direction: Direction,
        message: Message<'static>,
        /// Bytes of its frames.
        wire: u64,
    },
    Ping {
        direction: Direction,
        payload: Vec<u8>,
        wire: u64,
    },
    Pong {
        direction: Direction,
        payload: Vec<u8>,
        wire: u64,
        /// Since the ping that it answers.
        latency: Option<Duration>,
    },
    /// A packet of Socket.IO.
    Packet {
        direction: Direction,
        packet: Packet<'static>,
        wire: u64,
        /// For an acknowledgement the time since its event.
        latency: Option<Duration>,
    },
    /// The connection is over.
    Closed(Outcome),
    /// There is no connection.
    Failed(ConnectError),
    /// The server broke a rule of Socket.IO.
    Broke(String),
    /// It is tried again after this time.
    Retry(Duration),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    In,
    Out,
}

/// A connection as it begins.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) response: Response<()>,
    pub(crate) details: Details,
    pub(crate) subprotocol: Option<String>,
    pub(crate) deflate: Option<deflate::Params>,
}

impl What {
    /// The name that JSON has for it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Open(_) => "open",
            Self::Message { .. } => "message",
            Self::Ping { .. } => "ping",
            Self::Pong { .. } => "pong",
            Self::Packet { packet, .. } => match packet.body {
                Body::Connect(_) => "connect",
                Body::ConnectError(_) => "connect_error",
                Body::Disconnect => "disconnect",
                Body::Event { .. } => "event",
                Body::Ack { .. } => "ack",
            },
            Self::Closed(_) => "close",
            Self::Failed(_) | Self::Broke(_) => "error",
            Self::Retry(_) => "retry",
        }
    }
}

impl Direction {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}
