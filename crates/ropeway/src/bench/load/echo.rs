//! A connection whose messages come back.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use ropeway_ws::{CloseCode, CloseFrame, Event, Message, Outgoing, Received, Traffic, WebSocket};

use super::dialect::Reaction;
use super::exchange::Heard;
use super::flights::{Arrival, Flights};
use super::job::{Job, Pace};
use super::schedule::Schedule;
use super::stage::{Stage, Watch};
use super::worker::{Unsettled, Worker};
use crate::bench::measure::{Nanos, Tally, now};

/// Sends as the pace says and measures every answer. A future written by hand: thousands of them are held, and each wake is
/// part of what is measured.
pub(super) struct Echo {
    socket: WebSocket,
    worker: Arc<Worker>,
    index: usize,
    flights: Flights,
    /// It was not opened again.
    is_first: bool,
    /// The protocol lets messages be sent.
    is_ready: bool,
    /// Until then.
    unsettled: Option<Unsettled>,
    schedule: Option<Schedule>,
    watch: Watch,
    /// What of the socket's traffic has been counted.
    counted: Traffic,
}

impl Echo {
    /// `unsettled` is there when it was opened for the first time.
    pub(super) fn new(
        mut socket: WebSocket,
        worker: Arc<Worker>,
        index: usize,
        unsettled: Option<Unsettled>,
    ) -> Self {
        worker.opened();
        let exchange = &worker.load.exchange;
        if let Some(greeting) = exchange.greeting(index) {
            // It fails only when the connection is closing, which is seen at once.
            let _ = socket.outgoing().send(greeting);
        }
        let is_ready = exchange.is_plain();
        let schedule = match worker.load.pace {
            Pace::Open { rate } => Some(Schedule::new(rate, worker.load.connections, index)),
            Pace::Closed { .. } | Pace::Idle => None,
        };
        Self {
            is_first: unsettled.is_some(),
            is_ready,
            unsettled: unsettled.filter(|_| !is_ready),
            socket,
            worker,
            index,
            flights: Flights::default(),
            schedule,
            watch: Watch::default(),
            counted: Traffic::default(),
        }
    }

    /// Queues what is due now.
    fn send(&mut self, cx: &Context<'_>) {
        if !self.is_ready || !self.worker.progress.has_reached(Stage::Running) || self.worker.is_over() {
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
        let (worker, flights, index) = (&self.worker, &mut self.flights, self.index);
        schedule.run(worker, cx, &mut self.socket.outgoing(), |due, outgoing| {
            let mut tally = worker.tally();
            Sender { worker, index, flights, tally: &mut tally }.send(outgoing, Some(due), now());
        });
    }

    fn send_unscheduled(&mut self) {
        let mut tally = self.worker.tally();
        let (worker, index, flights) = (&self.worker, self.index, &mut self.flights);
        let mut sender = Sender { worker, index, flights, tally: &mut tally };
        sender.send(&mut self.socket.outgoing(), None, now());
    }

    /// Takes in what has come, and in the closed model sends the next for each answer.
    fn receive(&mut self, cx: &mut Context<'_>) -> Poll<Received> {
        let worker = &self.worker;
        let mut tally = worker.tally();
        let refill = matches!(worker.load.pace, Pace::Closed { .. }) && !worker.is_over();
        let (index, flights, mut is_ready) = (self.index, &mut self.flights, self.is_ready);
        let received = self.socket.poll_receive(cx, |event, outgoing| {
            if let Event::Message(message) = event {
                let now = now();
                let mut sender = Sender { worker, index, flights: &mut *flights, tally: &mut tally };
                match sender.land(&message, now) {
                    Landed::Answer if refill => sender.send(outgoing, None, now),
                    Landed::Answer | Landed::Nothing => {}
                    Landed::Protocol(reaction) => is_ready |= worker.react(reaction, &mut tally, outgoing),
                }
            }
            ControlFlow::Continue(())
        });
        if is_ready != self.is_ready {
            (self.is_ready, self.unsettled) = (is_ready, None);
            // What is to be sent now is sent by the next poll.
            cx.waker().wake_by_ref();
        }
        tally.messages.count_wire(&mut self.counted, self.socket.traffic());
        received
    }

    /// Begins to close when the run says so; tells whether it did.
    fn close(&mut self) -> bool {
        let progress = &self.worker.progress;
        let is_due = progress.has_reached(Stage::Closing)
            || (progress.has_reached(Stage::Finishing) && self.flights.len() == 0);
        let begins = is_due && self.socket.is_open();
        if begins {
            // Now rather than at the end of the connection, for which the server may take its time.
            self.worker.tally().messages.lost += self.flights.give_up();
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
        let lost = self.flights.give_up();
        if !self.is_to_break_off() {
            self.worker.tally().messages.lost += lost;
            self.worker.count_end(&self.socket);
        }
        self.worker.closed();
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

/// What it takes to send a message, to remember it, and to meet it with its answer.
struct Sender<'a> {
    worker: &'a Worker,
    index: usize,
    flights: &'a mut Flights,
    tally: &'a mut Tally,
}

impl Sender<'_> {
    fn send(&mut self, outgoing: &mut Outgoing<'_>, due: Option<Nanos>, now: Nanos) {
        let load = &self.worker.load;
        let (number, given_up) = self.flights.take_off(due.unwrap_or(now), now, load.payload.modulus());
        self.tally.messages.lost += u64::from(given_up);
        let mut bytes = MESSAGE.take();
        load.exchange.write(self.index, number, &load.payload, &mut bytes);
        let text = if load.binary { None } else { std::str::from_utf8(&bytes).ok() };
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

    /// Counts what has come, and meets an answer with its message.
    fn land(&mut self, message: &Message<'_>, now: Nanos) -> Landed {
        let load = &self.worker.load;
        if self.worker.progress.has_reached(Stage::Closing) {
            return Landed::Nothing;
        }
        self.tally.messages.received += 1;
        self.tally.messages.bytes_received += message.len() as u64;
        match load.exchange.read(message.as_bytes(), &load.payload) {
            Heard::Answer(number) => self.meet(number, now),
            Heard::Protocol(reaction) => Landed::Protocol(reaction),
            Heard::Error(number) => self.fail(number),
            Heard::Unknown => self.unexpected(),
        }
    }

    fn meet(&mut self, number: u64, now: Nanos) -> Landed {
        let arrival = self.flights.land(number, self.worker.load.payload.modulus());
        match arrival {
            Arrival::InOrder(flight) | Arrival::Late(flight) => {
                self.tally.messages.matched += 1;
                self.tally.messages.reordered += u64::from(matches!(arrival, Arrival::Late(_)));
                self.tally.latency.record(flight.due, flight.sent, now);
                Landed::Answer
            }
            Arrival::Again => {
                self.tally.messages.doubled += 1;
                Landed::Nothing
            }
            Arrival::Unknown => self.unexpected(),
        }
    }

    /// The message is under way no more, and no latency comes of it.
    fn fail(&mut self, number: Option<u64>) -> Landed {
        self.tally.count_error("answered with an error", 1);
        let modulus = self.worker.load.payload.modulus();
        match number.map(|number| self.flights.land(number, modulus)) {
            Some(Arrival::InOrder(_) | Arrival::Late(_)) => Landed::Answer,
            _ => Landed::Nothing,
        }
    }

    fn unexpected(&mut self) -> Landed {
        self.tally.messages.unexpected += 1;
        Landed::Nothing
    }
}

/// What a message was good for.
enum Landed {
    /// It is the first answer to one of ours.
    Answer,
    /// It is part of the protocol.
    Protocol(Reaction),
    /// It is counted, and that is all.
    Nothing,
}

thread_local! {
    /// Where messages are written, once for all connections of a thread.
    static MESSAGE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}
