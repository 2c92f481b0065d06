//! The engine below every face: a task that owns the connection.
//!
//! ```text
//!   face ── Command ──► Worker ──► Session ──► WebSocket        one session after the other with `--reconnect`
//!   face ◄─── Event ───────┴──────────┘
//! ```
//!
//! Both channels are bounded: a server that sends faster than a face shows is not read from, and input that comes faster
//! than the server takes it waits where it comes from. Commands wait until a connection is open.

mod backoff;
mod event;
mod pings;
mod session;

use std::time::{Duration, Instant, SystemTime};

use ropeway_ws::client::{Connect, ConnectError, Details};
use ropeway_ws::{Cause, Outcome, Side, WebSocket};
use tokio::sync::{mpsc, watch};

use super::socketio;
use backoff::Backoff;
pub(crate) use event::{Command, Direction, Event, Open, What};
pub(crate) use pings::Heartbeat;
use session::Session;

/// Commands and events that wait. Messages may be large, so these are few.
const WAITING: usize = 16;

/// What to do.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) connect: Connect,
    pub(crate) reconnect: bool,
    pub(crate) heartbeat: Option<Heartbeat>,
    pub(crate) socketio: Option<socketio::Settings>,
}

/// The face's end of a running engine.
#[derive(Debug)]
pub(crate) struct Engine {
    commands: mpsc::Sender<Command>,
    events: mpsc::Receiver<Event>,
    stop: watch::Sender<bool>,
}

impl Engine {
    /// Begins to connect. Must be called within a runtime.
    pub(crate) fn start(plan: Plan) -> Self {
        let (commands, commanded) = mpsc::channel(WAITING);
        let (told, events) = mpsc::channel(WAITING);
        let (stop, stopped) = watch::channel(false);
        let worker = Worker { plan, start: Instant::now(), commands: commanded, events: told, stop: stopped };
        tokio::spawn(worker.run());
        Self { commands, events, stop }
    }

    /// Where commands go. When all senders are gone nothing more is sent; the connection stays.
    pub(crate) fn commands(&self) -> mpsc::Sender<Command> {
        self.commands.clone()
    }

    /// The next event; nothing when all is over. Cancel safe.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// Whether no event waits.
    pub(crate) fn is_quiet(&self) -> bool {
        self.events.is_empty()
    }

    /// Closes with 1000, ahead of all commands that wait, or leaves off connecting. Events go on until all is over.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }
}

/// The engine's end.
#[derive(Debug)]
struct Worker {
    plan: Plan,
    start: Instant,
    /// From the faces and their readers of input; over when they are.
    commands: mpsc::Receiver<Command>,
    /// To the face; the engine ends when it is gone.
    events: mpsc::Sender<Event>,
    /// Turns true once.
    stop: watch::Receiver<bool>,
}

impl Worker {
    async fn run(mut self) {
        let mut backoff = Backoff::default();
        while let Some(pause) = self.one_connection(&mut backoff).await {
            self.tell(What::Retry(pause)).await;
            let _ = tokio::time::timeout(pause, self.stopped()).await;
            if *self.stop.borrow() {
                break;
            }
        }
    }

    /// Connects, talks until the end, and says when to try again.
    async fn one_connection(&mut self, backoff: &mut Backoff) -> Option<Duration> {
        let connect = self.plan.connect.clone();
        let opened = tokio::select! {
            opened = connect.open() => opened,
            () = self.stopped() => return None,
        };
        let (again, hint) = match opened {
            Ok((socket, response)) => {
                backoff.opened(Instant::now());
                let outcome = self.talk(socket, response).await;
                let again = is_worth_a_new_connection(&outcome);
                let hint = backoff::hint(outcome.code, &outcome.reason);
                self.tell(What::Closed(outcome)).await;
                (again, hint)
            }
            Err(error) => {
                let again = is_worth_another_try(&error);
                self.tell(What::Failed(error)).await;
                (again, None)
            }
        };
        let again = again && self.plan.reconnect && !*self.stop.borrow();
        again.then(|| hint.unwrap_or_else(|| backoff.next(Instant::now())))
    }

    async fn talk(&mut self, socket: WebSocket, mut response: http::Response<()>) -> Outcome {
        let open = Open {
            details: response.extensions_mut().remove::<Details>().unwrap_or_default(),
            subprotocol: socket.subprotocol().map(str::to_owned),
            deflate: socket.connection().deflate_params().cloned(),
            response,
        };
        self.tell(What::Open(Box::new(open))).await;
        Session::new(socket, self).run().await
    }

    /// Tells the face. When it is gone there is nobody to go on for.
    async fn tell(&mut self, what: What) {
        let event = Event { at: SystemTime::now(), elapsed: self.start.elapsed(), what };
        if self.events.send(event).await.is_err() {
            self.commands.close();
        }
    }

    async fn stopped(&mut self) {
        // A face that is gone without a word has stopped, too.
        let _ = self.stop.wait_for(|stop| *stop).await;
    }
}

/// What we ended ourselves stays closed.
fn is_worth_a_new_connection(outcome: &Outcome) -> bool {
    outcome.by == Side::Peer || matches!(outcome.cause, Cause::Deadline(_))
}

/// What would fail in the same way is not tried again.
fn is_worth_another_try(error: &ConnectError) -> bool {
    match error {
        ConnectError::Dial { .. }
        | ConnectError::Proxy { .. }
        | ConnectError::Io(_)
        | ConnectError::Timeout(_) => true,
        ConnectError::Refused(refused) => {
            refused.status.is_server_error() || matches!(refused.status.as_u16(), 408 | 425 | 429)
        }
        _ => false,
    }
}
