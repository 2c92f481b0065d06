//! A connection whose messages come back.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use ropeway_ws::{CloseCode, CloseFrame, Event, Message, Outgoing, Received, Traffic, WebSocket};

use super::flights::{Arrival, Flights};
use super::payload::Payload;
use super::schedule::Schedule;
use super::stage::{Stage, Watch};
use super::worker::{Job, Pace, Worker};
use crate::bench::measure::{Nanos, Tally, now};

/// Sends as the pace says and measures every answer. A future written by hand: thousands of them are held, and each wake is
/// part of what is measured.
pub(super) struct Echo {
    socket: WebSocket,
    worker: Arc<Worker>,
    flights: Flights,
    /// It was not opened again.
    is_first: bool,
    schedule: Option<Schedule>,
    watch: Watch,
    /// What of the socket's traffic has been counted.
    counted: Traffic,
}

impl Echo {
    pub(super) fn new(socket: WebSocket, worker: Arc<Worker>, index: usize, is_first: bool) -> Self {
        worker.opened();
        let schedule = match worker.load.pace {
            Pace::Open { rate } => Some(Schedule::new(rate, worker.load.connections, index)),
            Pace::Closed { .. } | Pace::Idle => None,
        };
        Self {
            socket,
            worker,
            flights: Flights::default(),
            is_first,
            schedule,
            watch: Watch::default(),
            counted: Traffic::default(),
        }
    }

    /// Queues what is due now.
    fn send(&mut self, cx: &Context<'_>) {
        if !self.worker.progress.has_reached(Stage::Running) || self.worker.is_over() {
            return;
        }
        match self.worker.load.pace {
            Pace::Closed { depth } => {
                let missing = depth.saturating_sub(self.flights.len());
                (0..missing).for_each(|_| self.send_unscheduled());
            }
            Pace::Open { .. } => self.send_scheduled(cx),
            Pace::Idle => {}
        }
    }

    fn send_scheduled(&mut self, cx: &Context<'_>) {
        let Some(schedule) = &mut self.schedule else { return };
        let (worker, flights) = (&self.worker, &mut self.flights);
        schedule.run(worker, cx, &mut self.socket.outgoing(), |due, outgoing| {
            let mut tally = worker.tally();
            Sender { worker, flights, tally: &mut tally }.send(outgoing, Some(due), now());
        });
    }

    fn send_unscheduled(&mut self) {
        let mut tally = self.worker.tally();
        let mut sender = Sender { worker: &self.worker, flights: &mut self.flights, tally: &mut tally };
        sender.send(&mut self.socket.outgoing(), None, now());
    }

    /// Takes in what has come, and in the closed model sends the next for each answer.
    fn receive(&mut self, cx: &mut Context<'_>) -> Poll<Received> {
        let worker = &self.worker;
        let mut tally = worker.tally();
        let refill = matches!(worker.load.pace, Pace::Closed { .. }) && !worker.is_over();
        let flights = &mut self.flights;
        let received = self.socket.poll_receive(cx, |event, outgoing| {
            if let Event::Message(message) = event {
                let now = now();
                let is_answer = land(&message, &worker.load.payload, flights, &mut tally, now);
                if is_answer && refill {
                    let mut sender = Sender { worker, flights, tally: &mut tally };
                    sender.send(outgoing, None, now);
                }
            }
            ControlFlow::Continue(())
        });
        let traffic = self.socket.traffic();
        tally.messages.wire_received += traffic.received - self.counted.received;
        tally.messages.wire_sent += traffic.sent - self.counted.sent;
        self.counted = traffic;
        received
    }

    /// Begins to close when the run says so; tells whether it did.
    fn close(&mut self) -> bool {
        let progress = &self.worker.progress;
        let is_due = progress.has_reached(Stage::Closing)
            || (progress.has_reached(Stage::Finishing) && self.flights.len() == 0);
        let begins = is_due && self.socket.is_open();
        if begins {
            self.socket.outgoing().close(Some(CloseFrame::new(CloseCode::NORMAL, "")));
        }
        begins
    }

    /// In a storm every connection ends without a word when it begins, and comes back.
    fn is_to_break_off(&self) -> bool {
        let progress = &self.worker.progress;
        self.is_first && self.worker.load.job == Job::Storm && progress.has_reached(Stage::Running)
    }

    fn account(&mut self) {
        self.watch.leave(&self.worker.progress);
        self.worker.closed();
        let lost = self.flights.give_up();
        if self.is_to_break_off() {
            return;
        }
        let code = self.socket.outcome().map_or(1006, |outcome| outcome.code);
        let mut tally = self.worker.tally();
        tally.messages.lost += lost;
        *tally.closes.entry(code).or_default() += 1;
        if !self.worker.is_over() {
            tally.count_error(&format!("closed with {code}"), 1);
        }
    }
}

impl Future for Echo {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        this.watch.join(&this.worker.progress, cx);
        loop {
            if this.is_to_break_off() {
                this.account();
                return Poll::Ready(());
            }
            this.send(cx);
            if this.receive(cx).is_ready() {
                this.account();
                return Poll::Ready(());
            }
            if !this.close() {
                return Poll::Pending;
            }
        }
    }
}

/// What it takes to send a message and to remember it.
struct Sender<'a> {
    worker: &'a Worker,
    flights: &'a mut Flights,
    tally: &'a mut Tally,
}

impl Sender<'_> {
    fn send(&mut self, outgoing: &mut Outgoing<'_>, due: Option<Nanos>, now: Nanos) {
        let payload = &self.worker.load.payload;
        let number = self.flights.take_off(due.unwrap_or(now), now, payload.modulus());
        let mut bytes = MESSAGE.take();
        payload.write(number, &mut bytes);
        let text = if self.worker.load.binary { None } else { std::str::from_utf8(&bytes).ok() };
        let message = text.map_or(Message::from(&bytes[..]), Message::from);
        // It fails only when the connection is closing; then the message is counted as lost.
        let _ = outgoing.send(message);
        self.tally.messages.sent += 1;
        self.tally.messages.bytes_sent += bytes.len() as u64;
        if let Some(due) = due {
            self.tally.latency.lag.record(now.saturating_sub(due));
        }
        MESSAGE.set(bytes);
    }
}

thread_local! {
    /// Where messages are written, once for all connections of a thread.
    static MESSAGE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Meets an answer with its message; tells whether it was one.
fn land(
    message: &Message<'_>,
    payload: &Payload,
    flights: &mut Flights,
    tally: &mut Tally,
    now: Nanos,
) -> bool {
    tally.messages.received += 1;
    tally.messages.bytes_received += message.len() as u64;
    let arrival = payload.read(message.as_bytes()).map_or(Arrival::Unknown, |number| flights.land(number));
    match arrival {
        Arrival::Next(flight) | Arrival::Early(flight) => {
            tally.messages.matched += 1;
            tally.messages.reordered += u64::from(matches!(arrival, Arrival::Early(_)));
            tally.latency.record(flight.due, flight.sent, now);
            true
        }
        Arrival::Again => {
            tally.messages.doubled += 1;
            false
        }
        Arrival::Unknown => {
            tally.messages.unexpected += 1;
            false
        }
    }
}
