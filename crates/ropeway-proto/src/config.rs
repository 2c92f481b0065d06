//! Limits and deadlines of a connection.

use std::time::Duration;

use crate::close::CloseCode;
use crate::deflate;

/// Limits and deadlines, shared by all connections of an endpoint.
#[derive(Clone, Debug)]
pub struct Config {
    /// Largest message in bytes, after inflation. A larger one ends the connection with 1009. Default 1 MiB.
    pub max_message: usize,
    /// Largest frame payload in bytes, as on the wire. A larger one ends the connection with 1009. Default 16 MiB.
    pub max_frame: usize,
    /// Most fragments of one message. More end the connection with 1008. Default 131,072.
    pub max_fragments: u32,
    /// Pings and the time that a peer has to answer them. Default none.
    pub heartbeat: Option<Heartbeat>,
    /// A connection without a message in either direction for so long, or at most a quarter longer, is closed with 1001.
    /// Pings and pongs do not count. Default none.
    pub idle_timeout: Option<Duration>,
    /// The time that a peer has to answer a close frame, and after that to end the stream. Default 5 s.
    pub close_timeout: Duration,
    /// What is offered or accepted of permessage-deflate, and when messages are compressed. Default none.
    pub deflate: Option<deflate::Config>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_message: 1024 * 1024,
            max_frame: 16 * 1024 * 1024,
            max_fragments: 131_072,
            heartbeat: None,
            idle_timeout: None,
            close_timeout: Duration::from_secs(5),
            deflate: None,
        }
    }
}

/// Regular pings (RFC 6455 section 5.5.2). They find dead peers and keep middleboxes from forgetting the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// Time between two pings.
    pub interval: Duration,
    /// Time after a ping in which any byte of the peer must arrive.
    pub timeout: Duration,
    /// The close code for a peer that stays silent.
    pub code: CloseCode,
}

impl Default for Heartbeat {
    /// A ping every 25 s, 10 s to answer, 1011.
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(25),
            timeout: Duration::from_secs(10),
            code: CloseCode::INTERNAL,
        }
    }
}
