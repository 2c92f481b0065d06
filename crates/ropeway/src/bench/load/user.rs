//! A user of a scenario: one connection, and steps that are gone through on it.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ropeway_ws::{CloseCode, CloseFrame, Message, WebSocket};
use tokio::time::{Instant, timeout_at};

use super::dialect::Protocol;
use super::worker::Worker;
use crate::bench::measure::{Nanos, now};
use crate::bench::scenario::{Emit, Expect, Publish, Scenario, Step, Template, Variables};

/// Messages that came and were not waited for yet; beyond that the oldest are forgotten.
const INBOX: usize = 1_000;

/// The time for an answer of the server to `join`, `publish` or `emit`, and to the packets of Socket.IO that come first.
const ANSWER: Duration = Duration::from_secs(10);

/// Why a user did not come to the end of its steps: a kind of error to be counted.
pub(super) type Trouble = String;

/// A connected user.
pub(super) struct User<'a> {
    socket: WebSocket,
    worker: &'a Arc<Worker>,
    protocol: Protocol,
    variables: Variables,
    inbox: VecDeque<Heard>,
    /// When the last message was sent.
    sent: Option<Nanos>,
    /// Of the next request that is answered.
    request: u64,
}

/// A message and when it came.
struct Heard {
    at: Nanos,
    text: String,
}

impl<'a> User<'a> {
    /// Goes through the steps of a scenario, and closes.
    pub(super) async fn go(
        socket: WebSocket,
        worker: &'a Arc<Worker>,
        protocol: Protocol,
        scenario: &Scenario,
        variables: Variables,
    ) -> Result<(), Trouble> {
        let inbox = VecDeque::new();
        let mut user = Self { socket, worker, protocol, variables, inbox, sent: None, request: 0 };
        let done = user.pass(scenario).await;
        let traffic = user.socket.traffic();
        let outcome = user.socket.close(Some(CloseFrame::new(CloseCode::NORMAL, ""))).await;
        let mut tally = worker.tally();
        *tally.closes.entry(outcome.code).or_default() += 1;
        tally.messages.wire_sent += traffic.sent;
        tally.messages.wire_received += traffic.received;
        done
    }

    async fn pass(&mut self, scenario: &Scenario) -> Result<(), Trouble> {
        if self.protocol == Protocol::Socketio {
            self.await_packet("0", "the handshake of Engine.IO").await?;
            self.say("40".to_owned()).await?;
            self.await_packet("40", "the handshake of Socket.IO").await?;
        }
        self.steps(&scenario.steps).await.map_err(|trouble| format!("{}: {trouble}", scenario.name))
    }

    /// In a box, since steps may have steps.
    fn steps<'s>(
        &'s mut self,
        steps: &'s [Step],
    ) -> Pin<Box<dyn Future<Output = Result<(), Trouble>> + Send + 's>> {
        Box::pin(async move {
            for step in steps {
                self.step(step).await?;
            }
            Ok(())
        })
    }

    async fn step(&mut self, step: &Step) -> Result<(), Trouble> {
        match step {
            Step::Send(text) => self.say(self.render(text)).await,
            Step::Expect(expect) => self.expect(expect).await,
            Step::Think(time) => self.think(*time).await,
            Step::Loop(inner) => {
                for _ in 0..inner.times {
                    self.steps(&inner.steps).await?;
                }
                Ok(())
            }
            Step::Join(room) => self.join(room).await,
            Step::Publish(publish) => self.publish(publish).await,
            Step::Emit(emit) => self.emit(emit).await,
        }
    }

    fn render(&self, template: &Template) -> String {
        template.render(&self.variables)
    }

    async fn say(&mut self, text: String) -> Result<(), Trouble> {
        let len = text.len() as u64;
        self.socket.send(text).await.map_err(|_| self.ended())?;
        self.sent = Some(now());
        let mut tally = self.worker.tally();
        tally.messages.sent += 1;
        tally.messages.bytes_sent += len;
        Ok(())
    }

    /// Takes the first message that fits, of those that came already or of those to come.
    async fn expect(&mut self, expect: &Expect) -> Result<(), Trouble> {
        let deadline = Instant::now() + expect.within;
        let variables = self.variables;
        self.wait_for(deadline, "expected", |text| expect.message.fits(text, &variables)).await.map(drop)
    }

    /// Waits for a message, and measures the time since the last one was sent.
    async fn wait_for(
        &mut self,
        deadline: Instant,
        what: &str,
        fits: impl Fn(&str) -> bool,
    ) -> Result<String, Trouble> {
        let kept = self.inbox.iter().position(|heard| fits(&heard.text));
        if let Some(heard) = kept.and_then(|at| self.inbox.remove(at)) {
            return Ok(self.meet(heard));
        }
        while let Some(heard) = self.hear(deadline).await? {
            if fits(&heard.text) {
                return Ok(self.meet(heard));
            }
            self.keep(heard);
        }
        Err(format!("no {what} message in time"))
    }

    fn meet(&self, heard: Heard) -> String {
        let mut tally = self.worker.tally();
        tally.messages.matched += 1;
        if let Some(sent) = self.sent.filter(|sent| *sent <= heard.at) {
            tally.latency.record(sent, sent, heard.at);
        }
        heard.text
    }

    fn keep(&mut self, heard: Heard) {
        if self.inbox.len() == INBOX {
            self.inbox.pop_front();
            self.worker.tally().messages.unexpected += 1;
        }
        self.inbox.push_back(heard);
    }

    /// Listens meanwhile, so that messages have the time at which they came.
    async fn think(&mut self, time: Duration) -> Result<(), Trouble> {
        let deadline = Instant::now() + time;
        while let Some(heard) = self.hear(deadline).await? {
            self.keep(heard);
        }
        Ok(())
    }

    /// The next message; nothing when it does not come in time.
    async fn hear(&mut self, deadline: Instant) -> Result<Option<Heard>, Trouble> {
        loop {
            let Ok(next) = timeout_at(deadline, self.socket.next()).await else { return Ok(None) };
            let Some(Ok(message)) = next else { return Err(self.ended()) };
            let at = now();
            self.count(&message);
            let text = text_of(&message);
            if self.protocol == Protocol::Socketio && text == "2" {
                self.socket.send("3").await.map_err(|_| self.ended())?;
                continue;
            }
            return Ok(Some(Heard { at, text }));
        }
    }

    fn count(&self, message: &Message<'_>) {
        let mut tally = self.worker.tally();
        tally.messages.received += 1;
        tally.messages.bytes_received += message.len() as u64;
    }

    async fn join(&mut self, room: &Template) -> Result<(), Trouble> {
        let room = quoted(&self.render(room));
        let id = self.next_request();
        let (request, answer) = match self.protocol {
            Protocol::Socketio => (format!("42{id}[\"join\",{{\"room\":{room}}}]"), format!("43{id}[")),
            _ => {
                (format!("{{\"type\":\"join\",\"room\":{room},\"id\":\"{id}\"}}"), format!("\"id\":\"{id}\""))
            }
        };
        self.ask(request, &answer).await
    }

    async fn publish(&mut self, publish: &Publish) -> Result<(), Trouble> {
        let (room, event) = (quoted(&self.render(&publish.room)), quoted(&self.render(&publish.event)));
        let data = self.render(&publish.data);
        let id = self.next_request();
        let body = format!("\"room\":{room},\"event\":{event},\"data\":{data}");
        let (request, answer) = match self.protocol {
            Protocol::Socketio => (format!("42{id}[\"publish\",{{{body}}}]"), format!("43{id}[")),
            _ => (format!("{{\"type\":\"publish\",\"id\":\"{id}\",{body}}}"), format!("\"id\":\"{id}\"")),
        };
        self.ask(request, &answer).await
    }

    async fn emit(&mut self, emit: &Emit) -> Result<(), Trouble> {
        let (event, data) = (quoted(&self.render(&emit.event)), self.render(&emit.data));
        let id = self.next_request();
        let shown = if emit.ack { id.to_string() } else { String::new() };
        let (request, answer) = match self.protocol {
            Protocol::Socketio => (format!("42{shown}[{event},{data}]"), format!("43{id}[")),
            _ if emit.ack => (
                format!("{{\"type\":\"emit\",\"id\":\"{id}\",\"event\":{event},\"data\":{data}}}"),
                format!("\"id\":\"{id}\""),
            ),
            _ => (format!("{{\"type\":\"emit\",\"event\":{event},\"data\":{data}}}"), String::new()),
        };
        if emit.ack { self.ask(request, &answer).await } else { self.say(request).await }
    }

    /// Sends a request and waits for its answer, which must not be an error.
    async fn ask(&mut self, request: String, answer: &str) -> Result<(), Trouble> {
        self.say(request).await?;
        let deadline = Instant::now() + ANSWER;
        let answer = self.wait_for(deadline, "answering", |text| text.contains(answer)).await?;
        let is_refused = answer.contains("\"type\":\"error\"");
        if is_refused { Err("a request was answered with an error".to_owned()) } else { Ok(()) }
    }

    async fn await_packet(&mut self, prefix: &str, what: &str) -> Result<(), Trouble> {
        self.wait_for(Instant::now() + ANSWER, what, |text| text.starts_with(prefix)).await.map(drop)
    }

    fn next_request(&mut self) -> u64 {
        self.request += 1;
        self.request
    }

    fn ended(&self) -> Trouble {
        let code = self.socket.outcome().map_or(1006, |outcome| outcome.code);
        format!("the connection ended with {code}")
    }
}

/// Binary messages as text, as far as they are: what is looked for in them is text.
fn text_of(message: &Message<'_>) -> String {
    String::from_utf8_lossy(message.as_bytes()).into_owned()
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
