//! The WebSocket carrier of a protocol session.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use ropeway_hub::{Close, DisconnectReason, Drained};
use ropeway_ws::{
    Cause, CloseCode, CloseFrame, Deadline, Event, Message, Outcome, Outgoing, Received, Side, WebSocket,
};

use super::attend::{Peer, is_end_of_server};
use super::timer::Timer;
use crate::limits::{Pace, Place, Verdict};
use crate::protocol::Session;

/// With this many bytes queued in the socket it stops reading, and what else there is waits in the outbox, where it is
/// counted and bounded. As much as the socket itself takes before it stops.
const HIGH_WATER: usize = 256 * 1024;

/// A connection of a protocol that has WebSockets to itself: messages go to the session, and what the session has for
/// the peer is queued behind each, so that all answers to one read leave with one write.
pub(super) struct Carrier<S> {
    socket: WebSocket,
    session: S,
    /// Of the deadlines of the session, if it has any; those of the WebSocket are its own.
    timer: Timer,
    pace: Pace,
    /// Held until the end.
    _place: Place,
}

impl<S: Session> Carrier<S> {
    pub(super) fn new(socket: WebSocket, session: S, place: Place, pace: Pace) -> Self {
        Self { socket, session, timer: Timer::default(), pace, _place: place }
    }

    /// Lets the session do what is due.
    fn poll_timer(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(now) = self.timer.poll(cx, self.session.poll_timeout()) {
            self.session.handle_timeout(now);
        }
    }

    /// Whether what was moved since has given the session a deadline that the timer does not know.
    fn has_new_deadline(&self) -> bool {
        self.timer.misses(self.session.poll_timeout())
    }

    /// Whether the session wants nothing more for now. What closes is read from on, to its end.
    fn is_held(&self) -> bool {
        self.session.is_busy() && self.socket.is_open()
    }

    /// Reads, hands in what came and queues the answers, until there is nothing to read, the session has to wait, or the
    /// peer brings more than it may.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Received> {
        if self.is_held() {
            return Poll::Pending;
        }
        if self.socket.is_open() && ready!(self.pace.poll(cx)) {
            self.socket.excuse_silence();
        }
        let Self { socket, session, pace, .. } = self;
        let waker = cx.waker().clone();
        socket.poll_receive(cx, |event, outgoing| {
            let verdict = pace.event(&event, outgoing.traffic().received);
            match verdict {
                Verdict::Exceeded => session.close(Pace::close()),
                Verdict::Within | Verdict::Delayed => hand_in(session, &event),
            }
            let moved = move_batch(session, &mut Context::from_waker(&waker), outgoing, send_frame);
            let is_closing = moved == ControlFlow::Break(Moved::Close);
            if is_closing || verdict != Verdict::Within || session.is_busy() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
    }

    /// Moves frames from the outbox to the socket and from there to the stream. Tells whether there is more to do at
    /// once.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.socket.is_open() {
            return false;
        }
        let moved = move_frames(&mut self.session, cx, &mut self.socket.outgoing(), send_frame);
        let is_written = self.socket.queued() == 0 || self.socket.poll_flush(cx).is_ready();
        // Reading on is what sets the deadline for the peer's close frame.
        moved == Moved::Close || (moved == Moved::Some && is_written)
    }
}

impl<S: Session> Peer for Carrier<S> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let was_held = self.is_held();
            let may_go_on = match self.poll_receive(cx) {
                Poll::Ready(Received::Ended) => {
                    self.session.end(ending(self.socket.outcome()));
                    return Poll::Ready(());
                }
                Poll::Ready(Received::Stopped) => true,
                Poll::Pending => was_held,
            };
            self.poll_timer(cx);
            let has_more = self.poll_send(cx);
            let may_read = may_go_on && !self.is_held();
            if !has_more && !may_read && !self.has_new_deadline() {
                return Poll::Pending;
            }
        }
    }

    fn close(&mut self, close: Close, reconnect: Duration) {
        self.session.tell_reconnect(reconnect);
        self.session.close(close);
    }

    fn abandon(&mut self) {
        self.session.end(DisconnectReason::ServerShuttingDown);
    }
}

fn hand_in(session: &mut impl Session, event: &Event<'_>) {
    match event {
        Event::Message(Message::Text(text)) => session.text(text),
        Event::Message(Message::Binary(data)) => session.binary(Bytes::copy_from_slice(data)),
        // Pings are answered and a close is finished by the socket.
        _ => {}
    }
}

/// What [`move_frames`] came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moved {
    /// All there was; the task is woken when there is more.
    All,
    /// As much as the socket may hold.
    Some,
    /// All, and the close that came last.
    Close,
}

/// Moves what the session has for the peer to the socket, each piece by `send`.
pub(super) fn move_frames(
    session: &mut impl Session,
    cx: &mut Context<'_>,
    outgoing: &mut Outgoing<'_>,
    send: fn(&mut Outgoing<'_>, Bytes),
) -> Moved {
    loop {
        if let ControlFlow::Break(moved) = move_batch(session, cx, outgoing, send) {
            return moved;
        }
    }
}

/// Moves what is there at one look: for use behind each message that is read, before [`move_frames`] sees to the rest
/// and has the task woken. `Break` when there is no use in looking again.
pub(super) fn move_batch(
    session: &mut impl Session,
    cx: &mut Context<'_>,
    outgoing: &mut Outgoing<'_>,
    send: fn(&mut Outgoing<'_>, Bytes),
) -> ControlFlow<Moved> {
    let room = HIGH_WATER.saturating_sub(outgoing.queued());
    if room == 0 {
        return ControlFlow::Break(Moved::Some);
    }
    let mut frames = FRAMES.take();
    let drained = session.poll_drain(cx, &mut frames, room);
    frames.drain(..).for_each(|frame| send(outgoing, frame));
    FRAMES.set(frames);
    match drained {
        Poll::Ready(Drained::Frames) => ControlFlow::Continue(()),
        Poll::Ready(Drained::Closed(close)) => {
            outgoing.close(Some(close_frame(&close)));
            ControlFlow::Break(Moved::Close)
        }
        Poll::Pending => ControlFlow::Break(Moved::All),
    }
}

pub(super) fn send_frame(outgoing: &mut Outgoing<'_>, frame: Bytes) {
    // It fails only when the connection closes, and then nobody waits for the frame.
    let _ = outgoing.send_encoded(frame);
}

thread_local! {
    /// Always empty between two uses: only its memory is kept, once for all connections of a thread.
    static FRAMES: Cell<Vec<Bytes>> = const { Cell::new(Vec::new()) };
}

/// Why the session of a connection ends.
pub(super) fn ending(outcome: Option<&Outcome>) -> DisconnectReason {
    let Some(outcome) = outcome else { return DisconnectReason::TransportClose };
    match (&outcome.cause, outcome.by) {
        (Cause::Close, Side::Us) if is_end_of_server(outcome.code) => DisconnectReason::ServerShuttingDown,
        (Cause::Close, Side::Us) => DisconnectReason::ForcedServerClose,
        (Cause::Violation(_), _) => DisconnectReason::TransportError,
        (Cause::Deadline(Deadline::Heartbeat), _) => DisconnectReason::PingTimeout,
        _ => DisconnectReason::TransportClose,
    }
}

/// A code that may not be sent, which would be a fault of ours, becomes 1011.
pub(super) fn close_frame(close: &Close) -> CloseFrame {
    let code = CloseCode::new(close.code).unwrap_or(CloseCode::INTERNAL);
    CloseFrame::new(code, close.reason.as_ref())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::channel;

    use ropeway_ws::{Config, Stream};

    use super::*;
    use crate::limits::{Population, Rates};
    use crate::peer::ClientAddress;

    /// Has a request under way that never ends, and is closed.
    struct Stuck;

    impl Session for Stuck {
        fn text(&mut self, _text: &str) {}

        fn binary(&mut self, _data: Bytes) {}

        fn is_busy(&self) -> bool {
            true
        }

        fn poll_drain(
            &mut self,
            _cx: &mut Context<'_>,
            _into: &mut Vec<Bytes>,
            _max: usize,
        ) -> Poll<Drained> {
            Poll::Ready(Drained::Closed(Close { code: 1001, reason: "".into() }))
        }

        fn close(&mut self, _close: Close) {}

        fn end(&mut self, _reason: DisconnectReason) {}
    }

    /// It waits for the peer's close frame, and not in a circle.
    #[test]
    fn a_session_that_is_busy_can_be_closed() {
        let (tell, told) = channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let (ours, _theirs) = tokio::io::duplex(1024);
                let socket = WebSocket::server(
                    Stream::new(ours),
                    Default::default(),
                    Arc::new(Config::default()),
                    Vec::new(),
                );
                let config = crate::config::Config::default();
                let place = Arc::new(Population::new(&config)).enter(&ClientAddress::direct(None)).unwrap();
                let pace = Pace::new(Arc::new(Rates::new(&config, crate::clock::now())));
                let mut carrier = Carrier::new(socket, Stuck, place, pace);
                let is_pending = std::future::poll_fn(|cx| Poll::Ready(carrier.poll(cx).is_pending())).await;
                tell.send(is_pending).unwrap();
            });
        });
        assert_eq!(told.recv_timeout(Duration::from_secs(10)), Ok(true));
    }
}
