//! Two halves for two tasks.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use atomic_waker::AtomicWaker;
use futures_core::Stream;
use futures_sink::Sink;
use ropeway_proto::{CloseFrame, Message, Outcome, Prepared};

use super::WebSocket;
use crate::error::Error;

/// The reading half of a [`WebSocket`]. It answers pings, keeps the deadlines and completes a closing handshake, so it has
/// to be polled for as long as the connection lives.
#[derive(Debug)]
pub struct Reader(Arc<Shared>);

/// The writing half of a [`WebSocket`].
#[derive(Debug)]
pub struct Writer(Arc<Shared>);

struct Shared {
    /// Held for the length of one poll by either half, never across an await.
    socket: Mutex<WebSocket>,
    tasks: Arc<Tasks>,
    /// Wakes `tasks`.
    waker: Waker,
}

/// The tasks of both halves. The stream has one place for a waker each way, and either half may wait for either way: so
/// whatever happens wakes both.
#[derive(Default)]
struct Tasks {
    reader: AtomicWaker,
    writer: AtomicWaker,
}

impl Wake for Tasks {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.reader.wake();
        self.writer.wake();
    }
}

impl WebSocket {
    /// Splits the connection into halves that two tasks can use at the same time. The stream goes when both are dropped.
    pub fn split(self) -> (Reader, Writer) {
        let tasks = Arc::new(Tasks::default());
        let waker = Waker::from(Arc::clone(&tasks));
        let shared = Arc::new(Shared { socket: Mutex::new(self), tasks, waker });
        (Reader(Arc::clone(&shared)), Writer(shared))
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, WebSocket> {
        self.socket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.lock().fmt(f)
    }
}

impl Reader {
    /// The next message: see [`WebSocket::next`].
    pub async fn next(&mut self) -> Option<Result<Message<'static>, Error>> {
        poll_fn(|cx| self.poll_message(cx)).await
    }

    /// How the connection ended: there as soon as one side has begun to close.
    pub fn outcome(&self) -> Option<Outcome> {
        self.0.lock().outcome().cloned()
    }

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message<'static>, Error>>> {
        let Shared { tasks, waker, .. } = &*self.0;
        tasks.reader.register(cx.waker());
        self.0.lock().poll_message(&mut Context::from_waker(waker))
    }
}

impl Stream for Reader {
    type Item = Result<Message<'static>, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_message(cx)
    }
}

impl Writer {
    /// Sends a message: see [`WebSocket::send`].
    ///
    /// # Errors
    /// [`Error::Closed`] once the connection closes.
    pub async fn send<'m>(&mut self, message: impl Into<Message<'m>>) -> Result<(), Error> {
        let mut message = Some(message.into());
        poll_fn(|cx| {
            self.with(cx, |socket, cx| {
                socket.poll_send(cx, &mut |outgoing| {
                    message.take().map_or(Ok(()), |message| outgoing.send(message))
                })
            })
        })
        .await
    }

    /// Sends a prepared message: see [`WebSocket::send_prepared`].
    ///
    /// # Errors
    /// [`Error::Closed`] once the connection closes.
    pub async fn send_prepared(&mut self, message: &Prepared) -> Result<(), Error> {
        poll_fn(|cx| {
            self.with(cx, |socket, cx| socket.poll_send(cx, &mut |outgoing| outgoing.send_prepared(message)))
        })
        .await
    }

    /// Writes all that is queued: see [`WebSocket::flush`].
    ///
    /// # Errors
    /// [`Error::Closed`] when the connection ended before all was written.
    pub async fn flush(&mut self) -> Result<(), Error> {
        poll_fn(|cx| self.with(cx, WebSocket::poll_flush)).await
    }

    /// Begins the closing handshake; the [`Reader`] sees it through and has the outcome.
    pub async fn close(&mut self, frame: Option<CloseFrame>) {
        self.begin_close(frame);
        // An end before the close frame left is in the outcome.
        let _ = self.flush().await;
    }

    fn begin_close(&mut self, frame: Option<CloseFrame>) {
        self.0.lock().outgoing().close(frame);
        // The deadline for the answer is the reader's to keep.
        self.0.tasks.reader.wake();
    }

    fn with<R>(
        &mut self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut WebSocket, &mut Context<'_>) -> R,
    ) -> R {
        let Shared { tasks, waker, .. } = &*self.0;
        tasks.writer.register(cx.waker());
        poll(&mut self.0.lock(), &mut Context::from_waker(waker))
    }
}

impl<'m> Sink<Message<'m>> for Writer {
    type Error = Error;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.get_mut().with(cx, WebSocket::poll_room)
    }

    fn start_send(self: Pin<&mut Self>, message: Message<'m>) -> Result<(), Error> {
        Ok(self.0.lock().outgoing().send(message)?)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.get_mut().with(cx, WebSocket::poll_flush)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let writer = self.get_mut();
        writer.begin_close(None);
        writer.with(cx, WebSocket::poll_flush)
    }
}
