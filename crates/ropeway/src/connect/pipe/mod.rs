//! The face for scripts: input is sent, messages are printed, the exit status says how it went.

mod goal;
mod input;
mod output;

use std::process::ExitCode;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::engine::{Direction, Engine, Event, What};
use super::talk;
use crate::connect::flags::Connect;
use crate::failure::{Failure, Kind};
use crate::network;
use crate::signals::Signals;
use goal::{Goal, Progress};
use output::Output;

/// The time for a closing handshake that nobody waits for any more.
const GRACE: Duration = Duration::from_secs(1);

/// A time that does not come.
const NEVER: Duration = Duration::from_secs(86_400 * 365);

/// Talks until one side ends it, or all that was wanted is there.
///
/// # Errors
/// No connection, an end that is none, and what was expected and did not come.
pub(crate) async fn run(mut engine: Engine, options: &Connect) -> Result<ExitCode, Failure> {
    let signals = Signals::listen();
    let signals = signals.map_err(|error| Failure::new(Kind::System, "cannot listen for signals", error))?;
    let mut face = Face::new(options);
    let input = input::start(engine.commands(), options, face.goal.is_set());
    let mut signal = std::pin::pin!(signals.first_number());
    let start = Instant::now();
    let (mut deadline, mut signalled) = (start + options.timeout.unwrap_or(NEVER), None);
    loop {
        tokio::select! {
            event = engine.next() => {
                let Some(event) = event else { break };
                let is_quiet = engine.is_quiet();
                if face.event(&event, is_quiet)? {
                    engine.stop();
                }
            }
            number = &mut signal, if signalled.is_none() => {
                signalled = Some(number);
                engine.stop();
            }
            () = sleep_until(deadline) => {
                if !face.time_is_over() {
                    break;
                }
                engine.stop();
                deadline = Instant::now() + GRACE;
            }
        }
    }
    match signalled {
        Some(number) => Ok(ExitCode::from(u8::try_from(128 + number).unwrap_or(u8::MAX))),
        None => face.verdict(options, input.failure()),
    }
}

struct Face<'o> {
    options: &'o Connect,
    output: Output<'o>,
    goal: Goal<'o>,
    /// How the last connection ended, or why there was none.
    end: Option<Failure>,
    is_late: bool,
}

impl<'o> Face<'o> {
    fn new(options: &'o Connect) -> Self {
        Self { options, output: Output::new(options), goal: Goal::new(options), end: None, is_late: false }
    }

    /// Tells whether to stop.
    fn event(&mut self, event: &Event, is_last: bool) -> Result<bool, Failure> {
        self.end(&event.what);
        self.talk(&event.what);
        if self.goal.is_decided() {
            // What comes during the closing handshake is nobody's.
            return self.output.after(event, is_last);
        }
        let shown = self.output.event(event, is_last)?;
        if let Some(text) = goal::text(&event.what)
            && shown > 0
        {
            self.goal.message(&text);
        }
        Ok(self.goal.is_decided() || self.is_shut_out(&event.what) || self.output.is_closed())
    }

    fn end(&mut self, what: &What) {
        match what {
            What::Open(_) => self.end = None,
            What::Closed(outcome) => self.end = self.end.take().or_else(|| talk::failure(outcome)),
            What::Failed(error) => self.end = Some(network::failure(error)),
            What::Broke(rule) => {
                self.end = Some(Failure::new(Kind::Protocol, "the connection did not end well", rule));
            }
            What::Packet { direction: Direction::In, packet, .. } => {
                if let Some(failure) = talk::refusal(packet) {
                    self.end = Some(failure);
                }
            }
            _ => {}
        }
    }

    /// A namespace was refused, and nothing else is there to talk with.
    fn is_shut_out(&self, what: &What) -> bool {
        matches!(what, What::Packet { packet, .. } if talk::refusal(packet).is_some())
            && self.options.socketio.namespaces.len() == 1
    }

    #[expect(clippy::print_stderr, reason = "this is where the program talks")]
    fn talk(&self, what: &What) {
        match what {
            What::Open(open) if self.options.verbose => {
                talk::handshake(open).iter().for_each(|line| eprintln!("{line}"));
                eprintln!("{} ({})", talk::connected(open), talk::timings(open));
            }
            What::Closed(outcome) if self.options.verbose => eprintln!("{}", talk::closed(outcome)),
            What::Retry(pause) => {
                let why = self.end.as_ref().map(|failure| format!("{}: {}\n", failure.what, failure.why));
                eprint!("{}", why.unwrap_or_default());
                eprintln!("connecting again in {}", talk::short(*pause));
            }
            _ => {}
        }
    }

    /// The first time: there may be a closing handshake yet.
    fn time_is_over(&mut self) -> bool {
        !std::mem::replace(&mut self.is_late, true)
    }

    fn verdict(self, options: &Connect, input: Option<Failure>) -> Result<ExitCode, Failure> {
        let late = options.timeout.filter(|_| self.is_late);
        match (self.goal.progress(), self.end, late) {
            (Progress::Reached, ..) => Ok(ExitCode::SUCCESS),
            _ if input.is_some() => input.map_or(Ok(ExitCode::SUCCESS), Err),
            (Progress::Failed(why), ..) => Err(unexpected(&why)),
            (Progress::Open(why), _, Some(time)) => Err(Failure::new(
                Kind::Timeout,
                format!("not done after {}", humantime::format_duration(time)),
                why,
            )),
            (_, Some(failure), None) => Err(failure),
            (Progress::Open(why), None, None) if !why.is_empty() => Err(unexpected(&why)),
            (Progress::Open(_), None, None) => Ok(ExitCode::SUCCESS),
        }
    }
}

fn unexpected(why: &str) -> Failure {
    Failure::new(Kind::Unexpected, "what was expected did not come", why)
}
