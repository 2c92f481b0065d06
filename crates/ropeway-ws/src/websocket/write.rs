//! Messages out.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use futures_sink::Sink;
use ropeway_proto::{CloseFrame, Closed, Compress, Connection, Message, Output, Prepared};

use super::{HIGH_WATER, Traffic, WebSocket};
use crate::error::Error;
use crate::transport::Transport;

/// Queues what to send, without writing it: the next call of a reading method or of `flush` does.
///
/// A large borrowed payload is the exception, where a reading method hands out the message that it answers: rather than
/// copied into the queue it is written at once, behind what is queued, as far as the stream takes it.
pub struct Outgoing<'a> {
    pub(super) connection: &'a mut Connection,
    pub(super) out: &'a mut Output,
    pub(super) traffic: &'a mut Traffic,
    pub(super) stream: Option<WriteThrough<'a>>,
}

/// The stream of a connection that is being polled.
pub(super) struct WriteThrough<'a> {
    pub(super) transport: &'a mut Transport,
    pub(super) waker: &'a Waker,
}

/// From this many bytes on a write costs less than a copy.
const WRITE_THROUGH_FROM: usize = 8 * 1024;

impl Outgoing<'_> {
    /// Queues a message.
    ///
    /// # Errors
    /// [`Closed`] once the connection closes.
    #[inline]
    pub fn send<'m>(&mut self, message: impl Into<Message<'m>>) -> Result<(), Closed> {
        let message = message.into();
        if message.len() >= WRITE_THROUGH_FROM && message.is_borrowed() && self.write_through(&message)? {
            return Ok(());
        }
        self.connection.send(message, self.out)
    }

    /// Writes a message from where it lies; tells whether it did.
    fn write_through(&mut self, message: &Message<'_>) -> Result<bool, Closed> {
        let Some(stream) = &mut self.stream else { return Ok(false) };
        if !self.connection.begin_send(message, self.out)? {
            return Ok(false);
        }
        let mut cx = Context::from_waker(stream.waker);
        let payload = message.as_bytes();
        let before = self.out.len();
        let written = stream.transport.poll_write_behind(&mut cx, self.out, payload);
        self.traffic.sent += (before - self.out.len() + written) as u64;
        self.out.push_slice(&payload[written..]);
        Ok(true)
    }

    /// Queues a message, and says whether to compress it.
    ///
    /// # Errors
    /// [`Closed`] once the connection closes.
    pub fn send_with<'m>(
        &mut self,
        message: impl Into<Message<'m>>,
        compress: Compress,
    ) -> Result<(), Closed> {
        self.connection.send_with(message, compress, self.out)
    }

    /// Queues a message that was encoded once for many connections.
    ///
    /// # Errors
    /// [`Closed`] once the connection closes.
    pub fn send_prepared(&mut self, message: &Prepared) -> Result<(), Closed> {
        self.connection.send_prepared(message, self.out)
    }

    /// Queues a frame that was made elsewhere: see [`Connection::send_encoded`].
    ///
    /// # Errors
    /// [`Closed`] once the connection closes.
    #[inline]
    pub fn send_encoded(&mut self, frame: Bytes) -> Result<(), Closed> {
        self.connection.send_encoded(frame, self.out)
    }

    /// Queues a ping.
    ///
    /// # Errors
    /// [`Closed`] once the connection closes.
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), Closed> {
        self.connection.ping(payload, self.out)
    }

    /// Begins the closing handshake. Does nothing when the connection closes already.
    pub fn close(&mut self, frame: Option<CloseFrame>) {
        self.connection.close(frame, self.out);
    }

    /// Bytes that are queued and not written yet.
    pub fn queued(&self) -> usize {
        self.out.len()
    }

    /// Bytes moved so far, those of the event that is being handled included.
    pub fn traffic(&self) -> Traffic {
        *self.traffic
    }
}

impl fmt::Debug for Outgoing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").field("queued", &self.queued()).finish_non_exhaustive()
    }
}

impl WebSocket {
    /// Queues without writing.
    #[inline]
    pub fn outgoing(&mut self) -> Outgoing<'_> {
        Outgoing {
            connection: &mut self.connection,
            out: &mut self.out,
            traffic: &mut self.traffic,
            stream: None,
        }
    }

    /// Sends a message: waits while too much is queued, queues it, and writes as much as the stream takes at once. While
    /// messages of the last read wait to be taken by [`next`](Self::next), nothing is written: all answers to one read
    /// leave together, when `next` needs to read again. [`flush`](Self::flush) writes them earlier.
    ///
    /// Cancel safe: a cancelled call has not queued the message.
    ///
    /// # Errors
    /// [`Error::Closed`] once the connection closes.
    pub async fn send<'m>(&mut self, message: impl Into<Message<'m>>) -> Result<(), Error> {
        let mut message = Some(message.into());
        poll_fn(|cx| {
            self.poll_send(cx, &mut |outgoing| {
                message.take().map_or(Ok(()), |message| outgoing.send(message))
            })
        })
        .await
    }

    /// Sends a message that was encoded once for many connections; otherwise as [`send`](Self::send).
    ///
    /// # Errors
    /// [`Error::Closed`] once the connection closes.
    pub async fn send_prepared(&mut self, message: &Prepared) -> Result<(), Error> {
        poll_fn(|cx| self.poll_send(cx, &mut |outgoing| outgoing.send_prepared(message))).await
    }

    /// Writes all that is queued.
    ///
    /// Cancel safe: what was not written stays queued.
    ///
    /// # Errors
    /// [`Error::Closed`] when the connection ended before all was written.
    pub async fn flush(&mut self) -> Result<(), Error> {
        poll_fn(|cx| self.poll_flush(cx)).await
    }

    /// What [`flush`](Self::flush) awaits.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.is_stream_gone() {
            return Poll::Ready(Err(Error::Closed));
        }
        ready!(self.poll_output(cx));
        Poll::Ready(if self.is_stream_gone() { Err(Error::Closed) } else { Ok(()) })
    }

    /// Ready when little enough is queued for one more message.
    pub(super) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.out.len() >= HIGH_WATER && self.poll_output(cx).is_pending() && self.out.len() >= HIGH_WATER {
            return Poll::Pending;
        }
        Poll::Ready(if self.is_open() { Ok(()) } else { Err(Error::Closed) })
    }

    /// Waits for room, queues, and writes what can be written at once.
    pub(super) fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        queue: &mut dyn FnMut(&mut Outgoing<'_>) -> Result<(), Closed>,
    ) -> Poll<Result<(), Error>> {
        ready!(self.poll_room(cx))?;
        queue(&mut self.outgoing())?;
        if self.backlog.is_none() {
            // What the stream does not take now is written by whatever is polled next.
            let _ = self.poll_output(cx);
        }
        Poll::Ready(Ok(()))
    }

    /// Whether the stream failed or is over.
    fn is_stream_gone(&self) -> bool {
        self.io_error.is_some() || self.connection.is_finished(&self.out)
    }
}

impl<'m> Sink<Message<'m>> for WebSocket {
    type Error = Error;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.get_mut().poll_room(cx)
    }

    fn start_send(self: Pin<&mut Self>, message: Message<'m>) -> Result<(), Error> {
        Ok(self.get_mut().outgoing().send(message)?)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.get_mut().poll_flush(cx)
    }

    /// Begins the closing handshake and completes it: see [`WebSocket::close`].
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.get_mut().poll_end(cx, None).map(Ok)
    }
}
