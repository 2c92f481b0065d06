//! One WebSocket on tokio: the driver that moves bytes between a stream and the core.

mod close;
mod deadline;
mod drive;
mod read;
mod split;
mod write;

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rand::RngCore;
use ropeway_proto::handshake::Negotiated;
use ropeway_proto::{Config, Connection, Outcome, Output};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

pub use drive::Received;
pub use split::{Reader, Writer};
pub use write::Outgoing;

use crate::transport::Transport;
use deadline::Timer;

/// With this many bytes queued a sender waits, and nothing more is read for a closure that may answer.
const HIGH_WATER: usize = 256 * 1024;

/// One WebSocket connection.
///
/// - [`next`](Self::next) gives owned messages, one at a time; [`serve`](Self::serve) hands each to a closure, borrowed
///   from the read buffer, and answers with one write all that one read brought.
/// - [`send`](Self::send) queues and writes; [`outgoing`](Self::outgoing) only queues.
/// - It is a `Stream` of messages and a `Sink` for them; [`split`](Self::split) gives two halves for two tasks.
/// - Pings are answered, heartbeats sent and deadlines kept while one of the reading methods is being polled.
///
/// While nothing moves it owns no buffer. Dropping it ends the stream without a close frame: see
/// [`close`](Self::close).
pub struct WebSocket {
    transport: Transport,
    connection: Connection,
    /// What waits to be written.
    out: Output,
    /// There while bytes have been read and not looked at.
    backlog: Option<Box<Backlog>>,
    timer: Timer,
    /// A write or its flush has not completed.
    needs_flush: bool,
    /// `poll_shutdown` has completed.
    is_shut_down: bool,
    /// The end was told by `next`.
    is_end_told: bool,
    /// What made the stream fail.
    io_error: Option<io::Error>,
    subprotocol: Option<Box<str>>,
    traffic: Traffic,
}

/// Bytes that the connection has moved behind its handshake, frame headers and all: what the network saw, before
/// inflation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traffic {
    /// Taken in, up to the event that is handed out now.
    pub received: u64,
    /// Written to the stream.
    pub sent: u64,
}

/// Bytes that one read brought, while the user takes the messages out of them one by one.
struct Backlog {
    bytes: Vec<u8>,
    taken: usize,
}

impl WebSocket {
    /// The server's end of a connection whose handshake is done. `received` is what arrived behind the handshake.
    pub fn server(
        stream: impl Into<Stream>,
        negotiated: Negotiated,
        config: Arc<Config>,
        received: Vec<u8>,
    ) -> Self {
        let connection = Connection::server(config, negotiated.deflate);
        Self::new(stream.into(), connection, negotiated.subprotocol, received)
    }

    /// The client's end of a connection whose handshake is done. `received` is what arrived behind the handshake.
    pub fn client(
        stream: impl Into<Stream>,
        negotiated: Negotiated,
        config: Arc<Config>,
        received: Vec<u8>,
    ) -> Self {
        let mut seed = [0; 32];
        rand::rng().fill_bytes(&mut seed);
        let connection = Connection::client(config, negotiated.deflate, seed);
        Self::new(stream.into(), connection, negotiated.subprotocol, received)
    }

    fn new(stream: Stream, connection: Connection, subprotocol: Option<String>, received: Vec<u8>) -> Self {
        Self {
            transport: stream.0,
            connection,
            out: Output::default(),
            // Most often nothing came behind the handshake, and its buffer must not stay.
            backlog: Backlog::of(received),
            timer: Timer::default(),
            needs_flush: false,
            is_shut_down: false,
            is_end_told: false,
            io_error: None,
            subprotocol: subprotocol.map(String::into_boxed_str),
            traffic: Traffic::default(),
        }
    }

    /// The subprotocol that was agreed on.
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// Whether messages can be sent.
    pub fn is_open(&self) -> bool {
        self.connection.is_open()
    }

    /// How the connection ended: there as soon as one side has begun to close.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.connection.outcome()
    }

    /// The core, to ask it for what was agreed on.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Takes the peer for alive up to now: to be called when reading goes on after a pause, in which an answer to a ping
    /// could not be heard.
    pub fn excuse_silence(&mut self) {
        self.connection.excuse_silence();
    }

    /// Bytes moved so far.
    pub fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// Bytes that are queued and not written yet.
    pub fn queued(&self) -> usize {
        self.out.len()
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("role", &self.connection.role())
            .field("open", &self.is_open())
            .field("queued", &self.queued())
            .finish_non_exhaustive()
    }
}

impl Backlog {
    /// The bytes, if there are any.
    fn of(bytes: Vec<u8>) -> Option<Box<Self>> {
        (!bytes.is_empty()).then(|| Box::new(Self { bytes, taken: 0 }))
    }
}

/// A byte stream for a WebSocket: a [`TcpStream`], or anything else by [`Stream::new`].
pub struct Stream(pub(crate) Transport);

impl Stream {
    /// Any stream, behind a box.
    pub fn new(stream: impl AsyncRead + AsyncWrite + Send + 'static) -> Self {
        Self(Transport::boxed(stream))
    }
}

impl From<TcpStream> for Stream {
    fn from(stream: TcpStream) -> Self {
        Self(Transport::Tcp(stream))
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Transport::Tcp(stream) => Pin::new(stream).poll_read(cx, buffer),
            Transport::Boxed(stream) => stream.as_mut().poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().0.poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Transport::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Transport::Boxed(stream) => stream.as_mut().poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().0.poll_shutdown(cx)
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Transport::Tcp(_) => "Stream(TCP)",
            Transport::Boxed(_) => "Stream(boxed)",
        })
    }
}
