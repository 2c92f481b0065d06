//! A session on a WebSocket: from the beginning, or since its upgrade.

use std::ops::ControlFlow;
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use ropeway_hub::{Close, DisconnectReason};
use ropeway_socketio::engine::session::{Due, Reason, Received, Session as Machine};
use ropeway_socketio::engine::{Message as EngineMessage, Packet, PacketError};
use ropeway_ws::{Event, Message, Outgoing, Received as Read, WebSocket};

use super::frames::{PING, PONG, Unframed, unframe};
use super::registry::Lease;
use crate::carrier::attend::Peer;
use crate::carrier::timer::Timer;
use crate::carrier::websocket::{Moved, ending, move_batch, move_frames, send_frame};
use crate::clock::now;
use crate::limits::{Pace, Verdict};
use crate::protocol::Session;

/// One packet a frame. As the [carrier](crate::carrier::websocket::Carrier) of protocols without Engine.IO, with the
/// machine of the session between the socket and the protocol.
pub(super) struct EngineSocket<S> {
    socket: WebSocket,
    session: S,
    machine: Machine,
    timer: Timer,
    pace: Pace,
    lease: Lease,
    /// The session has been told its end, which may be before that of the closing handshake.
    has_ended: bool,
    send: fn(&mut Outgoing<'_>, Bytes),
}

impl<S: Session> EngineSocket<S> {
    /// A session that began on this WebSocket, or one that comes to it. `first` are frames that go before all others.
    pub(super) fn new(
        mut socket: WebSocket,
        session: S,
        machine: Machine,
        lease: Lease,
        first: impl IntoIterator<Item = Bytes>,
    ) -> Self {
        first.into_iter().for_each(|frame| send_frame(&mut socket.outgoing(), frame));
        let pace = Pace::new(lease.shared().rates.clone());
        let timer = Timer::default();
        Self { socket, session, machine, timer, pace, lease, has_ended: false, send: send_frame }
    }

    /// Compresses here, where permessage-deflate was agreed on: what comes from the session is plain, since it began
    /// before the WebSocket.
    pub(super) fn compressing(mut self) -> Self {
        if self.socket.connection().deflate_params().is_some() {
            self.send = send_message;
        }
        self
    }

    /// Whether packets go in and out.
    fn is_live(&self) -> bool {
        self.socket.is_open() && self.machine.end().is_none()
    }

    /// Whether the session wants nothing more for now.
    fn is_held(&self) -> bool {
        self.session.is_busy() && self.is_live()
    }

    /// Reads, hands in what came and queues the answers, until there is nothing to read or the session has to wait.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Read> {
        if self.is_held() {
            return Poll::Pending;
        }
        if self.is_live() && ready!(self.pace.poll(cx)) {
            self.machine.excuse_silence(now());
        }
        let Self { socket, session, machine, pace, send, .. } = self;
        let waker = cx.waker().clone();
        socket.poll_receive(cx, |event, outgoing| {
            let verdict = pace.event(&event, outgoing.traffic().received);
            match verdict {
                Verdict::Exceeded => session.close(Pace::close()),
                Verdict::Within | Verdict::Delayed => hand_in(machine, session, &event, outgoing),
            }
            if machine.end().is_some() {
                return ControlFlow::Break(());
            }
            let moved = move_batch(session, &mut Context::from_waker(&waker), outgoing, *send);
            let is_closing = moved == ControlFlow::Break(Moved::Close);
            if is_closing || verdict != Verdict::Within || session.is_busy() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
    }

    /// Moves frames of the session to the stream. Tells whether there is more to do at once.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.is_live() {
            return false;
        }
        let moved = move_frames(&mut self.session, cx, &mut self.socket.outgoing(), self.send);
        let is_written = self.socket.queued() == 0 || self.socket.poll_flush(cx).is_ready();
        moved == Moved::Close || (moved == Moved::Some && is_written)
    }

    fn poll_timers(&mut self, cx: &mut Context<'_>) {
        if self.pace.is_delayed() {
            self.machine.excuse_silence(now());
        }
        while let Poll::Ready(now) = self.timer.poll(cx, self.due()) {
            while let Some(due) = self.machine.handle_timeout(now) {
                if due == Due::Ping {
                    send_frame(&mut self.socket.outgoing(), PING);
                }
            }
            if self.session.poll_timeout().is_some_and(|due| due <= now) {
                self.session.handle_timeout(now);
            }
        }
    }

    fn due(&self) -> Option<Instant> {
        let machine = self.machine.poll_timeout()?;
        Some(self.session.poll_timeout().map_or(machine, |session| session.min(machine)))
    }

    /// Tells the session that it has ended, once it has: with the stream, or before.
    fn settle(&mut self) {
        if self.has_ended || (self.socket.is_open() && self.machine.end().is_none()) {
            return;
        }
        let end = match self.machine.end() {
            Some(Reason::ForcedClose) | None => ending(self.socket.outcome()),
            Some(reason) => disconnect_reason(reason),
        };
        self.end(end);
    }

    fn end(&mut self, reason: DisconnectReason) {
        if !self.has_ended {
            self.has_ended = true;
            self.machine.fail(Reason::TransportClose);
            self.lease.retire();
            self.session.end(reason);
        }
    }
}

impl<S: Session> Peer for EngineSocket<S> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            self.poll_timers(cx);
            if self.machine.end().is_some() {
                // Nothing happens if it closes already.
                self.socket.outgoing().close(None);
            }
            let was_held = self.is_held();
            let may_go_on = match self.poll_receive(cx) {
                Poll::Ready(Read::Ended) => {
                    self.settle();
                    return Poll::Ready(());
                }
                Poll::Ready(Read::Stopped) => true,
                Poll::Pending => was_held,
            };
            let has_more = self.poll_send(cx);
            self.settle();
            let may_read = may_go_on && !self.is_held();
            // A pong brings the next ping nearer where the timeout is longer than the interval.
            if !has_more && !may_read && !self.timer.oversleeps(self.due()) {
                return Poll::Pending;
            }
        }
    }

    /// Clients of Socket.IO come back by a schedule of their own.
    fn close(&mut self, close: Close, _reconnect: Duration) {
        self.session.close(close);
    }

    fn abandon(&mut self) {
        self.end(DisconnectReason::ServerShuttingDown);
    }
}

fn hand_in(
    machine: &mut Machine,
    session: &mut impl Session,
    event: &Event<'_>,
    outgoing: &mut Outgoing<'_>,
) {
    let Event::Message(message) = event else { return };
    match decode(message, machine) {
        Ok(packet) => match machine.receive(packet, now) {
            Received::Message(EngineMessage::Text(text)) => session.text(&text),
            Received::Message(EngineMessage::Binary(data)) => session.binary(Bytes::copy_from_slice(&data)),
            Received::Ping => send_frame(outgoing, PONG),
            Received::Nothing => {}
        },
        Err(_) => machine.fail(Reason::ParseError),
    }
}

/// The packet of a frame.
pub(super) fn decode<'a>(message: &'a Message<'_>, machine: &Machine) -> Result<Packet<'a>, PacketError> {
    match message {
        Message::Text(text) => Packet::decode(text, machine.version()),
        Message::Binary(data) => Packet::decode_binary(data, machine.version()),
    }
}

/// Sends the messages of plain frames, compressed where that pays.
fn send_message(outgoing: &mut Outgoing<'_>, frames: Bytes) {
    for message in unframe(frames) {
        let message = match &message {
            Unframed::Text(text) => Message::Text(String::from_utf8_lossy(text)),
            Unframed::Binary(data) => Message::Binary(data.as_ref().into()),
        };
        // It fails only when the connection closes, and then nobody waits for the message.
        let _ = outgoing.send(message);
    }
}

/// What the application is told of the end of a session.
pub(super) fn disconnect_reason(reason: Reason) -> DisconnectReason {
    match reason {
        Reason::TransportError => DisconnectReason::TransportError,
        Reason::TransportClose => DisconnectReason::TransportClose,
        Reason::PingTimeout => DisconnectReason::PingTimeout,
        Reason::ParseError => DisconnectReason::ParseError,
        Reason::ForcedClose => DisconnectReason::ForcedClose,
    }
}

/// Closes a WebSocket that is not, or no longer, wanted.
pub(super) fn dismiss(mut socket: Box<WebSocket>) {
    let mut closing = Box::pin(async move { socket.close(None).await });
    // What can be said is said now: the server may be about to end.
    let is_over = closing.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
    if !is_over {
        tokio::spawn(closing);
    }
}
