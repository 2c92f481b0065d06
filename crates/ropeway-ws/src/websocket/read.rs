//! Messages in.

use std::future::poll_fn;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use ropeway_proto::{Event, Message, Outcome};

use super::WebSocket;
use super::drive::Received;
use super::write::Outgoing;
use crate::error::Error;

impl WebSocket {
    /// The next message; `None` after a closing handshake that either side began. Any other end is given once as an
    /// error, and then `None`.
    ///
    /// Cancel safe: a message is given out or it stays.
    pub async fn next(&mut self) -> Option<Result<Message<'static>, Error>> {
        poll_fn(|cx| self.poll_message(cx)).await
    }

    /// Hands every event to `on_event` until the connection ends. The fastest way to serve: messages are borrowed from the
    /// read buffer, and all that is sent through [`Outgoing`] while one read is processed leaves in one write.
    ///
    /// Cancel safe: what was not handed out stays, what was queued is written by the next call.
    ///
    /// ```
    /// # async fn echo(mut socket: ropeway_ws::WebSocket) {
    /// use ropeway_ws::Event;
    ///
    /// let outcome = socket
    ///     .serve(|event, outgoing| {
    ///         if let Event::Message(message) = event {
    ///             // Fails only when the connection is closing, which `serve` is about to see.
    ///             let _ = outgoing.send(message);
    ///         }
    ///     })
    ///     .await;
    /// println!("closed with {}", outcome.code);
    /// # }
    /// ```
    pub async fn serve(&mut self, mut on_event: impl FnMut(Event<'_>, &mut Outgoing<'_>)) -> Outcome {
        poll_fn(|cx| {
            self.poll_receive(cx, |event, outgoing| {
                on_event(event, outgoing);
                ControlFlow::Continue(())
            })
        })
        .await;
        self.ended()
    }

    /// What [`next`](Self::next) awaits.
    pub fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message<'static>, Error>>> {
        let mut found = None;
        let received = self.poll_listen(cx, |event| match event {
            Event::Message(message) => {
                found = Some(message.into_owned());
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        });
        match (received, found) {
            (_, Some(message)) => Poll::Ready(Some(Ok(message))),
            (Poll::Ready(Received::Ended), None) => Poll::Ready(self.tell_end().map(Err)),
            _ => Poll::Pending,
        }
    }

    /// How the connection ended, once it has.
    pub(super) fn ended(&self) -> Outcome {
        self.outcome().cloned().unwrap_or_else(Outcome::abnormal)
    }

    /// The error that the end was, the first time.
    fn tell_end(&mut self) -> Option<Error> {
        if std::mem::replace(&mut self.is_end_told, true) {
            return None;
        }
        let error = Error::of(self.outcome()?)?;
        match (error, self.io_error.take()) {
            (Error::EndOfStream, Some(failure)) => Some(Error::Io(failure)),
            (error, _) => Some(error),
        }
    }
}

impl Stream for WebSocket {
    type Item = Result<Message<'static>, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_message(cx)
    }
}
