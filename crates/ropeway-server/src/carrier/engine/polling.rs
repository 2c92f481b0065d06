//! The task of a polling session.

use std::mem;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use ropeway_hub::{Close, DisconnectReason, Drained};
use ropeway_socketio::engine::payload::Writer;
use ropeway_socketio::engine::session::{Due, Probed, Reason, Received, Session as Machine};
use ropeway_socketio::engine::{Message, Packet};
use ropeway_ws::{Event, Outgoing, Received as Read, WebSocket};

use super::answer::Payload;
use super::desk::Desk;
use super::frames::{PING, PONG, binary_payload, has_binary, push};
use super::posted::Posted;
use super::registry::Lease;
use super::websocket::{EngineSocket, disconnect_reason, dismiss};
use crate::carrier::attend::{Attended, Peer, is_end_of_server};
use crate::carrier::timer::Timer;
use crate::clock::now;
use crate::limits::{Pace, Verdict};
use crate::protocol::Session;

/// Bytes of frames that wait here for a GET; what else there is waits in the outbox, where it is counted and bounded.
const HIGH_WATER: usize = 64 * 1024;

/// A session on polling: what POSTs bring goes to the protocol, what the protocol has for the peer goes out with the
/// next GET, and a WebSocket may take over.
pub(super) struct Polling<S> {
    desk: Arc<Desk>,
    /// Gone with an upgrade, and at the end.
    live: Option<Live<S>>,
    timer: Timer,
    /// The body that is being handed in.
    posted: Option<Posted>,
    /// The WebSocket beside polling.
    probe: Option<Box<WebSocket>>,
    /// A pending GET returns now, even with nothing.
    is_hurried: bool,
    /// How the session is closed, once it closes.
    closing: Option<Close>,
}

/// What goes along when a session changes its transport.
struct Live<S> {
    session: S,
    lease: Lease,
    /// Taken from the session, for the next GET.
    waiting: Vec<Bytes>,
    pace: Pace,
}

impl<S: Session> Polling<S> {
    pub(super) fn new(desk: Arc<Desk>, session: S, lease: Lease) -> Self {
        let pace = Pace::new(lease.shared().rates.clone());
        Self {
            desk,
            live: Some(Live { session, lease, waiting: Vec::new(), pace }),
            timer: Timer::default(),
            posted: None,
            probe: None,
            is_hurried: false,
            closing: None,
        }
    }

    /// Does all there is to do once. Tells whether there is more.
    fn advance(&mut self, cx: &mut Context<'_>) -> bool {
        self.take(cx);
        self.hand_in(cx);
        let has_moved = self.poll_probe(cx);
        self.poll_timers(cx);
        self.collect(cx);
        self.begin_close();
        let has_answered = self.answer();
        let may_read = self.live.as_ref().is_some_and(|live| !live.is_held()) && self.posted.is_some();
        has_moved || has_answered || may_read
    }

    /// Takes what requests have brought.
    fn take(&mut self, cx: &mut Context<'_>) {
        let (posted, socket) = self.desk.take(cx);
        self.posted = posted.or(self.posted.take());
        self.probe = socket.or(self.probe.take());
    }

    /// Hands in the packets of a body, as long as the session takes them and the client may bring them. Its POST waits
    /// for the rest.
    fn hand_in(&mut self, cx: &mut Context<'_>) {
        let (Some(mut posted), Some(live)) = (self.posted.take(), &mut self.live) else { return };
        // Whoever is made to wait is not to be blamed for what waits behind.
        if live.pace.is_delayed() {
            self.desk.excuse_silence();
        }
        while live.pace.poll(cx).is_ready() && !live.session.is_busy() {
            match posted.next(self.desk.version()) {
                Some(Ok(packet)) => {
                    let received = self.desk.receive(packet);
                    match live.pace.take(len(&received)) {
                        Verdict::Exceeded => live.session.close(Pace::close()),
                        Verdict::Within | Verdict::Delayed => live.receive(received),
                    }
                }
                Some(Err(_)) => {
                    self.desk.fail(Reason::ParseError);
                    return;
                }
                None => {
                    if let Some(machine) = &mut self.desk.lock().machine {
                        machine.post_ended();
                    }
                    // Nobody may wait for it any more.
                    let _ = posted.reply.send(true);
                    return;
                }
            }
        }
        self.posted = Some(posted);
    }

    /// Reads what the WebSocket beside polling says. Tells whether that changed something.
    fn poll_probe(&mut self, cx: &mut Context<'_>) -> bool {
        // What came by a POST comes before what follows on the WebSocket.
        let Some(mut socket) = self.probe.take_if(|_| self.posted.is_none()) else { return false };
        let desk = &self.desk;
        let (mut probed, mut has_asked) = (None, false);
        let read = socket.poll_receive(cx, |event, outgoing| match judge(desk, &event, outgoing) {
            None => ControlFlow::Continue(()),
            Some(Probed::Pong) => {
                has_asked = true;
                ControlFlow::Continue(())
            }
            Some(other) => {
                probed = Some(other);
                ControlFlow::Break(())
            }
        });
        match (probed, read) {
            (Some(Probed::Upgraded), _) => self.upgrade(*socket),
            (Some(_), _) => dismiss(socket),
            (None, Poll::Ready(Read::Ended)) => self.end_probe(),
            (None, _) => self.probe = Some(socket),
        }
        has_asked || probed.is_some()
    }

    fn end_probe(&mut self) {
        if let Some(machine) = &mut self.desk.lock().machine {
            machine.probe_ended();
        }
    }

    /// The session goes on in a task of its own, which is small.
    fn upgrade(&mut self, socket: WebSocket) {
        let Some(mut live) = self.live.take() else { return };
        // Without the machine nobody can leave anything at the desk any more.
        let (late, machine) = self.desk.lock().hand_over(packet(Packet::Noop, &self.desk));
        let Some(mut machine) = machine else { return };
        if let Some(late) = late {
            live.hand_in_late(late, &mut machine);
        }
        live.lease.upgraded(machine.version());
        let shared = live.lease.shared().clone();
        let socket = EngineSocket::new(socket, live.session, machine, live.lease, live.waiting);
        tokio::spawn(Attended::new(socket.compressing(), shared));
    }

    fn poll_timers(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(now) = self.timer.poll(cx, self.due()) {
            while let Some(due) = self.handle_timeout(now) {
                match (due, &mut self.live) {
                    (Due::Ping, Some(live)) => live.waiting.push(PING),
                    (Due::Noop, _) => self.is_hurried = true,
                    (Due::ProbeTimeout, _) => self.probe.take().into_iter().for_each(dismiss),
                    (Due::Ping | Due::End, _) => {}
                }
            }
            let session = self.live.as_mut().map(|live| &mut live.session);
            if let Some(session) =
                session.filter(|session| session.poll_timeout().is_some_and(|due| due <= now))
            {
                session.handle_timeout(now);
            }
        }
    }

    fn handle_timeout(&self, now: Instant) -> Option<Due> {
        self.desk.lock().machine.as_mut()?.handle_timeout(now)
    }

    fn due(&self) -> Option<Instant> {
        let machine = self.desk.lock().machine.as_ref()?.poll_timeout()?;
        let session = self.live.as_ref().and_then(|live| live.session.poll_timeout());
        Some(session.map_or(machine, |session| session.min(machine)))
    }

    /// Takes frames from the session, until some wait or the close has come.
    fn collect(&mut self, cx: &mut Context<'_>) {
        let Some(live) = self.live.as_mut().filter(|_| self.closing.is_none()) else { return };
        loop {
            let room = HIGH_WATER.saturating_sub(live.waiting.iter().map(Bytes::len).sum());
            if room == 0 {
                return;
            }
            match live.session.poll_drain(cx, &mut live.waiting, room) {
                Poll::Ready(Drained::Frames) => {}
                Poll::Ready(Drained::Closed(close)) => {
                    self.closing = Some(close);
                    return;
                }
                Poll::Pending => return,
            }
        }
    }

    /// A close waits for a GET of its own: the stock clients act on it before the messages in front of it, and would take
    /// for a broken transport what the server ends. At the end of the server nothing waits: nobody can connect any more.
    fn begin_close(&mut self) {
        let (Some(close), Some(live)) = (&self.closing, &self.live) else { return };
        let is_last_chance = is_end_of_server(close.code);
        if !live.waiting.is_empty() && !is_last_chance {
            return;
        }
        if let Some(machine) = &mut self.desk.lock().machine {
            machine.close(now());
            if is_last_chance && !machine.has_get() {
                machine.fail(Reason::ForcedClose);
            }
        }
    }

    /// Answers a pending GET, if there is something to say. Tells whether it did.
    fn answer(&mut self) -> bool {
        let is_hurried = mem::take(&mut self.is_hurried);
        let Some(live) = &mut self.live else { return false };
        let mut inner = self.desk.lock();
        let has_something = !live.waiting.is_empty() || self.closing.is_some() || is_hurried;
        if !has_something
            || !inner.machine.as_ref().is_some_and(|machine| machine.has_get() && machine.end().is_none())
        {
            return false;
        }
        let waiting = mem::take(&mut live.waiting);
        let last = match (&self.closing, waiting.is_empty()) {
            (Some(_), true) => Some(Packet::Close),
            (Some(close), false) if is_end_of_server(close.code) => Some(Packet::Close),
            (None, true) => Some(Packet::Noop),
            (_, false) => None,
        };
        if !inner.answer(payload_of(waiting, last, &self.desk))
            && let Some(machine) = &mut inner.machine
        {
            machine.fail(Reason::TransportError);
        }
        true
    }

    /// How the session has ended, once it has.
    fn end(&self) -> Option<DisconnectReason> {
        let reason = self.desk.lock().machine.as_ref()?.end()?;
        Some(match (reason, &self.closing) {
            (Reason::ForcedClose, Some(close)) if is_end_of_server(close.code) => {
                DisconnectReason::ServerShuttingDown
            }
            (Reason::ForcedClose, Some(_)) => DisconnectReason::ForcedServerClose,
            (reason, _) => disconnect_reason(reason),
        })
    }

    /// Tells everybody that the session has ended.
    fn finish(&mut self, ending: DisconnectReason) {
        let Some(mut live) = self.live.take() else { return };
        live.lease.retire();
        let mut inner = self.desk.lock();
        if let Some(machine) = &mut inner.machine {
            machine.fail(Reason::ForcedClose);
            let farewell = packet(machine.farewell(), &self.desk);
            inner.answer(farewell);
        }
        let socket = inner.clear();
        drop(inner);
        if let Some(posted) = self.posted.take() {
            let _ = posted.reply.send(ending == DisconnectReason::TransportClose);
        }
        socket.into_iter().chain(self.probe.take()).for_each(dismiss);
        live.session.end(ending);
    }
}

impl<S: Session> Peer for Polling<S> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let has_more = self.advance(cx);
            if let Some(ending) = self.end() {
                self.finish(ending);
            }
            if self.live.is_none() {
                return Poll::Ready(());
            }
            if !has_more {
                return Poll::Pending;
            }
        }
    }

    fn close(&mut self, close: Close, _reconnect: Duration) {
        if let Some(live) = &mut self.live {
            live.session.close(close);
        }
    }

    fn abandon(&mut self) {
        self.finish(DisconnectReason::ServerShuttingDown);
    }
}

/// Bytes of a message.
fn len(received: &Received<'_>) -> u64 {
    match received {
        Received::Message(Message::Text(text)) => text.len() as u64,
        Received::Message(Message::Binary(data)) => data.len() as u64,
        Received::Ping | Received::Nothing => 0,
    }
}

impl<S: Session> Live<S> {
    /// Whether nothing more is to be handed in for now.
    fn is_held(&self) -> bool {
        self.session.is_busy() || self.pace.is_delayed()
    }

    fn receive(&mut self, received: Received<'_>) {
        match received {
            Received::Message(Message::Text(text)) => self.session.text(&text),
            Received::Message(Message::Binary(data)) => self.session.binary(Bytes::copy_from_slice(&data)),
            Received::Ping => self.waiting.push(PONG),
            Received::Nothing => {}
        }
    }

    /// Hands in a body that has come in the moment of the upgrade, whether the session is busy or not.
    fn hand_in_late(&mut self, mut posted: Posted, machine: &mut Machine) {
        while let Some(packet) = posted.next(machine.version()) {
            match packet {
                Ok(packet) => self.receive(machine.receive(packet, now)),
                Err(_) => return machine.fail(Reason::ParseError),
            }
        }
        // Nobody may wait for it any more.
        let _ = posted.reply.send(true);
    }
}

/// Judges an event of the WebSocket beside polling, and answers a probe.
fn judge(desk: &Desk, event: &Event<'_>, outgoing: &mut Outgoing<'_>) -> Option<Probed> {
    let Event::Message(message) = event else { return None };
    let mut inner = desk.lock();
    let Some(machine) = &mut inner.machine else { return Some(Probed::Refused) };
    let probed = match super::websocket::decode(message, machine) {
        Ok(packet) => machine.receive_probe(&packet, now()),
        // No packet is as good as another packet: polling goes on.
        Err(_) => machine.receive_probe(&Packet::Close, now()),
    };
    if probed == Probed::Pong {
        // It fails only when the connection closes, and then nobody waits for the answer.
        let _ = outgoing.send("3probe");
    }
    Some(probed)
}

/// A payload of one packet.
fn packet(packet: Packet<'_>, desk: &Desk) -> Payload {
    payload_of(Vec::new(), Some(packet), desk)
}

/// A payload of ready frames and perhaps a packet behind them.
fn payload_of(frames: Vec<Bytes>, last: Option<Packet<'_>>, desk: &Desk) -> Payload {
    if desk.takes_binary() && has_binary(&frames) {
        return Payload::Binary(binary_payload(frames, last));
    }
    let mut payload = Writer::new(desk.version());
    frames.into_iter().for_each(|frames| push(&mut payload, frames, desk.version()));
    last.iter().for_each(|packet| payload.push(packet));
    Payload::Text(payload.finish())
}
