//! The loop that all reading methods share.

use std::io;
use std::ops::ControlFlow;
use std::task::{Context, Poll, ready};

use ropeway_proto::{Event, Output};

use super::write::{Outgoing, WriteThrough};
use super::{Backlog, HIGH_WATER, WebSocket};
use crate::scratch;

/// What [`WebSocket::poll_receive`] came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// The closure asked to stop. What was read behind the event is kept for the next call.
    Stopped,
    /// The connection is over: see [`WebSocket::outcome`].
    Ended,
}

/// Who is told of events.
struct Handler<F> {
    on_event: F,
    /// With this many bytes queued it is told of no more.
    high_water: usize,
}

impl WebSocket {
    /// Reads, and hands each event to `on_event`, borrowed from the read buffer when it lies there as a whole. All that
    /// one read brought is processed, then what was queued meanwhile leaves in one write, then the next read follows.
    ///
    /// Gives `Pending` when there is nothing to read, with the task registered for more, for the deadlines, and for the
    /// stream to take what could not be written. While much is queued nothing is read: a peer that does not read is not
    /// read from either.
    pub fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        on_event: impl FnMut(Event<'_>, &mut Outgoing<'_>) -> ControlFlow<()>,
    ) -> Poll<Received> {
        self.poll_events(cx, &mut Handler { on_event, high_water: HIGH_WATER })
    }

    /// As [`poll_receive`](Self::poll_receive), for a closure that queues nothing: it reads however much is queued. If it
    /// waited, two ends that have much to send would wait for each other to read.
    pub fn poll_listen(
        &mut self,
        cx: &mut Context<'_>,
        mut on_event: impl FnMut(Event<'_>) -> ControlFlow<()>,
    ) -> Poll<Received> {
        let on_event = |event: Event<'_>, _: &mut Outgoing<'_>| on_event(event);
        self.poll_events(cx, &mut Handler { on_event, high_water: usize::MAX })
    }

    fn poll_events(
        &mut self,
        cx: &mut Context<'_>,
        handler: &mut Handler<impl FnMut(Event<'_>, &mut Outgoing<'_>) -> ControlFlow<()>>,
    ) -> Poll<Received> {
        loop {
            self.poll_deadline(cx);
            if self.backlog.is_some() && self.out.len() < handler.high_water {
                if self.process_backlog(cx, handler).is_break() {
                    return Poll::Ready(Received::Stopped);
                }
                continue;
            }
            let flushed = self.poll_output(cx);
            if self.connection.is_finished(&self.out) {
                return Poll::Ready(Received::Ended);
            }
            if flushed.is_pending() && self.out.len() >= handler.high_water {
                return Poll::Pending;
            }
            if self.backlog.is_none() && ready!(self.poll_input(cx, handler)).is_break() {
                return Poll::Ready(Received::Stopped);
            }
        }
    }

    /// Writes what is queued; with nothing more to come, ends our side of the stream. A failure ends the connection.
    #[inline]
    pub(super) fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.out.is_empty() && !self.connection.is_done_sending() && !self.needs_flush {
            return Poll::Ready(());
        }
        match self.poll_write(cx) {
            Poll::Ready(Ok(())) => Poll::Ready(()),
            Poll::Ready(Err(error)) => {
                self.fail(error);
                Poll::Ready(())
            }
            Poll::Pending => {
                self.out.park();
                Poll::Pending
            }
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.needs_flush = true;
        let before = self.out.len();
        let written = self.transport.poll_write_all(cx, &mut self.out);
        self.traffic.sent += (before - self.out.len()) as u64;
        ready!(written)?;
        self.needs_flush = false;
        if self.connection.is_done_sending() && !self.is_shut_down {
            ready!(self.transport.poll_shutdown(cx))?;
            self.is_shut_down = true;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads once and processes what came.
    #[inline]
    fn poll_input(
        &mut self,
        cx: &mut Context<'_>,
        handler: &mut Handler<impl FnMut(Event<'_>, &mut Outgoing<'_>) -> ControlFlow<()>>,
    ) -> Poll<ControlFlow<()>> {
        scratch::with(|buffer| {
            let flow = match ready!(self.transport.poll_read(cx, buffer)) {
                Ok(0) => {
                    self.connection.end_of_stream();
                    ControlFlow::Continue(())
                }
                Ok(len) => {
                    let (flow, left) = self.process(cx, &mut buffer[..len], handler);
                    if left > 0 {
                        self.backlog = Backlog::of(buffer[len - left..len].to_vec());
                    }
                    flow
                }
                Err(error) => {
                    self.fail(error);
                    ControlFlow::Continue(())
                }
            };
            Poll::Ready(flow)
        })
    }

    fn process_backlog(
        &mut self,
        cx: &Context<'_>,
        handler: &mut Handler<impl FnMut(Event<'_>, &mut Outgoing<'_>) -> ControlFlow<()>>,
    ) -> ControlFlow<()> {
        let Some(mut backlog) = self.backlog.take() else { return ControlFlow::Continue(()) };
        let (flow, left) = self.process(cx, &mut backlog.bytes[backlog.taken..], handler);
        backlog.taken = backlog.bytes.len() - left;
        if left > 0 {
            self.backlog = Some(backlog);
        }
        flow
    }

    /// Hands out the events in `input` until it is used up, the closure stops, or too much is queued; tells how many bytes
    /// are left.
    #[inline]
    fn process(
        &mut self,
        cx: &Context<'_>,
        mut input: &mut [u8],
        handler: &mut Handler<impl FnMut(Event<'_>, &mut Outgoing<'_>) -> ControlFlow<()>>,
    ) -> (ControlFlow<()>, usize) {
        let stream = Some(WriteThrough { transport: &mut self.transport, waker: cx.waker() });
        let mut outgoing = Outgoing {
            connection: &mut self.connection,
            out: &mut self.out,
            traffic: &mut self.traffic,
            stream,
        };
        let end = outgoing.traffic.received + input.len() as u64;
        while let Ok(Some(event)) = outgoing.connection.receive(&mut input, outgoing.out) {
            outgoing.traffic.received = end - input.len() as u64;
            if (handler.on_event)(event, &mut outgoing).is_break() {
                return (ControlFlow::Break(()), input.len());
            }
            if outgoing.queued() >= handler.high_water {
                break;
            }
        }
        // What belongs to a frame that is not complete yet.
        outgoing.traffic.received = end - input.len() as u64;
        (ControlFlow::Continue(()), input.len())
    }

    /// The stream has failed: nothing can be read or written any more.
    fn fail(&mut self, error: io::Error) {
        self.connection.end_of_stream();
        self.io_error.get_or_insert(error);
        self.out = Output::default();
    }
}
