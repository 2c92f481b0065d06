//! One connection from its opening to its end.

use std::future::poll_fn;
use std::ops::ControlFlow;
use std::task::Poll;
use std::time::{Duration, Instant};

use ropeway_ws::{Cause, CloseCode, CloseFrame, Deadline, Message, Outcome, Received, Side, WebSocket};

use super::pings::{Due, Pings};
use super::{Command, Direction, What, Worker};
use crate::connect::socketio::{Said, Translator};

/// The time for acknowledgements after the end of input.
const PATIENCE: Duration = Duration::from_secs(5);

/// With so much queued commands wait.
const MUCH: usize = 256 * 1024;

pub(super) struct Session<'w> {
    socket: WebSocket,
    worker: &'w mut Worker,
    pings: Pings,
    /// There in Socket.IO mode.
    translator: Option<Translator>,
    /// Received bytes that events have been told of.
    accounted: u64,
    /// Bytes of messages that belong to a packet of Socket.IO which is not complete.
    partial: u64,
    /// No more commands come.
    is_input_over: bool,
    /// By when to close, whatever is waited for.
    finish_by: Option<Instant>,
    /// The deadline that passed.
    gave_up: Option<Deadline>,
}

enum Step {
    Incoming(Option<Incoming>),
    Command(Option<Command>),
    Stop,
    Due,
}

enum Incoming {
    Message(Message<'static>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
}

impl<'w> Session<'w> {
    pub(super) fn new(socket: WebSocket, worker: &'w mut Worker) -> Self {
        let now = Instant::now();
        Self {
            socket,
            pings: Pings::new(worker.plan.heartbeat, now),
            translator: worker.plan.socketio.clone().map(|settings| Translator::new(settings, now)),
            worker,
            accounted: 0,
            partial: 0,
            is_input_over: false,
            finish_by: None,
            gave_up: None,
        }
    }

    /// Talks until the end.
    pub(super) async fn run(mut self) -> Outcome {
        loop {
            match self.step().await {
                Step::Incoming(Some(incoming)) => self.incoming(incoming).await,
                Step::Incoming(None) => break,
                Step::Command(Some(command)) => self.command(command).await,
                Step::Command(None) => self.is_input_over = true,
                Step::Stop => self.close(Some(normal())),
                Step::Due => self.due().await,
            }
            if self.is_finished() {
                self.finish_by = None;
                self.close(Some(normal()));
            }
            if self.gave_up.is_some() {
                break;
            }
        }
        let outcome = self.outcome();
        if let Some(translator) = self.translator {
            // Namespaces that were connected to meanwhile are those of the next connection.
            self.worker.plan.socketio = Some(translator.into_settings());
        }
        outcome
    }

    async fn step(&mut self) -> Step {
        let is_open = self.socket.is_open();
        let is_ready = self.translator.as_ref().is_none_or(Translator::is_ready);
        let takes = is_open && is_ready && !self.is_input_over && self.socket.queued() < MUCH;
        let timeout = self.timeout().map(tokio::time::Instant::from_std);
        tokio::select! {
            incoming = incoming(&mut self.socket) => Step::Incoming(incoming),
            command = self.worker.commands.recv(), if takes => Step::Command(command),
            _ = self.worker.stop.wait_for(|stop| *stop), if is_open => Step::Stop,
            () = tokio::time::sleep_until(timeout.unwrap_or_else(tokio::time::Instant::now)), if is_open && timeout.is_some() => Step::Due,
        }
    }

    fn timeout(&self) -> Option<Instant> {
        let translator = self.translator.as_ref().and_then(Translator::timeout);
        self.pings.timeout().into_iter().chain(translator).chain(self.finish_by).min()
    }

    /// The input is over, and so is all that was asked.
    fn is_finished(&self) -> bool {
        let is_settled = self.translator.as_ref().is_none_or(Translator::is_settled);
        self.finish_by.is_some_and(|by| is_settled || Instant::now() >= by)
    }

    async fn incoming(&mut self, incoming: Incoming) {
        let received = self.socket.traffic().received;
        let wire = received - std::mem::replace(&mut self.accounted, received);
        let direction = Direction::In;
        match incoming {
            Incoming::Message(message) if self.translator.is_some() => self.translate(message, wire).await,
            Incoming::Message(message) => {
                self.worker.tell(What::Message { direction, message, wire }).await;
            }
            Incoming::Ping(payload) => self.worker.tell(What::Ping { direction, payload, wire }).await,
            Incoming::Pong(payload) => {
                let latency = self.pings.answered(&payload, Instant::now());
                self.worker.tell(What::Pong { direction, payload, wire, latency }).await;
            }
        }
    }

    async fn translate(&mut self, message: Message<'static>, wire: u64) {
        let Some(translator) = &mut self.translator else { return };
        let said = translator.message(message, Instant::now());
        let wire = wire + std::mem::take(&mut self.partial);
        if translator.is_partial() {
            self.partial = wire;
        }
        for message in said.answers {
            self.send(message);
        }
        if let Some((packet, latency)) = said.packet {
            self.worker.tell(What::Packet { direction: Direction::In, packet, wire, latency }).await;
        }
        if let Some(rule) = said.broken {
            self.close(Some(CloseFrame::new(CloseCode::PROTOCOL_ERROR, rule.as_str())));
            self.worker.tell(What::Broke(rule)).await;
        }
    }

    async fn command(&mut self, command: Command) {
        let now = Instant::now();
        match (command, &mut self.translator) {
            (Command::Close(frame), _) => self.close(frame),
            (Command::Finish, _) => self.finish_by = Some(now + PATIENCE),
            (Command::Ping(payload), _) => self.ping(payload).await,
            (Command::Send(message), _) => {
                let wire = self.send(message.clone());
                self.worker.tell(What::Message { direction: Direction::Out, message, wire }).await;
            }
            (Command::Ack { id, arguments }, Some(translator)) => {
                let said = translator.ack(id, arguments);
                self.say(said).await;
            }
            (Command::Emit(emit), Some(translator)) => {
                let said = translator.emit(emit, now);
                self.say(said).await;
            }
            (Command::Join(namespace), Some(translator)) => {
                let said = translator.join(namespace);
                self.say(said).await;
            }
            (Command::Leave(namespace), Some(translator)) => {
                let said = translator.leave(&namespace);
                self.say(said).await;
            }
            // Faces offer these in Socket.IO mode only.
            (Command::Ack { .. } | Command::Emit(_) | Command::Join(_) | Command::Leave(_), None) => {}
        }
    }

    /// Sends a packet of ours, and tells of it.
    async fn say(&mut self, said: Said) {
        let wire = said.answers.into_iter().map(|message| self.send(message)).sum();
        if let Some((packet, latency)) = said.packet {
            self.worker.tell(What::Packet { direction: Direction::Out, packet, wire, latency }).await;
        }
    }

    async fn ping(&mut self, payload: Vec<u8>) {
        let before = self.sent();
        if self.socket.outgoing().ping(&payload).is_ok() {
            self.pings.sent(payload.clone(), Instant::now());
            let wire = self.sent() - before;
            self.worker.tell(What::Ping { direction: Direction::Out, payload, wire }).await;
        }
    }

    async fn due(&mut self) {
        let now = Instant::now();
        if self.translator.as_ref().and_then(Translator::timeout).is_some_and(|timeout| now >= timeout) {
            return self.give_up(Deadline::Heartbeat);
        }
        match self.pings.due(now, self.socket.traffic().received) {
            Due::Nothing => {}
            Due::Ping(payload) => self.ping(payload).await,
            Due::GiveUp => self.give_up(Deadline::Heartbeat),
        }
    }

    /// Nobody is there to answer a close frame.
    fn give_up(&mut self, deadline: Deadline) {
        self.gave_up = Some(deadline);
    }

    fn close(&mut self, frame: Option<CloseFrame>) {
        self.socket.outgoing().close(frame);
    }

    /// Queues a message; gives the bytes of its frame. A connection that is closing sends nothing.
    fn send(&mut self, message: Message<'static>) -> u64 {
        let before = self.sent();
        let _ = self.socket.outgoing().send(message);
        self.sent() - before
    }

    /// Bytes that were sent, or wait to be.
    fn sent(&self) -> u64 {
        self.socket.traffic().sent + self.socket.queued() as u64
    }

    fn outcome(&self) -> Outcome {
        if let Some(deadline) = self.gave_up {
            let cause = Cause::Deadline(deadline);
            return Outcome { by: Side::Us, cause, ..Outcome::abnormal() };
        }
        self.socket.outcome().cloned().unwrap_or_else(Outcome::abnormal)
    }
}

fn normal() -> CloseFrame {
    CloseFrame::new(CloseCode::NORMAL, "")
}

/// The next event of the socket; nothing when it is over. Cancel safe.
async fn incoming(socket: &mut WebSocket) -> Option<Incoming> {
    poll_fn(|cx| {
        let mut found = None;
        let received = socket.poll_listen(cx, |event| {
            found = match event {
                ropeway_ws::Event::Message(message) => Some(Incoming::Message(message.into_owned())),
                ropeway_ws::Event::Ping(payload) => Some(Incoming::Ping(payload.into_owned())),
                ropeway_ws::Event::Pong(payload) => Some(Incoming::Pong(payload.into_owned())),
                ropeway_ws::Event::Close(_) => None,
            };
            if found.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        match received {
            Poll::Ready(Received::Ended) => Poll::Ready(None),
            Poll::Ready(Received::Stopped) => Poll::Ready(found),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
