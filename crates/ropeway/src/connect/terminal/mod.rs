//! The face for people.

mod editor;
mod hex;
mod json;
mod keep;
mod render;
mod replay;
mod scribe;
mod slash;
mod stats;
mod style;
mod tty;
mod turn;

use std::fs;
use std::process::ExitCode;
use std::time::Instant;

use ropeway_ws::{CloseFrame, Message};

use super::engine::{Command, Engine, Event, What};
use super::{socketio, talk};
use crate::connect::flags::Connect;
use crate::failure::{Failure, Kind};
use crate::network;
use crate::signals::Signals;
use editor::{Typed, Typing};
use keep::Keep;
use render::Renderer;
use slash::{Bytes, COMMANDS, Line, Slash};
use stats::Stats;
use style::{Role, Style};

/// Talks until the person or the server ends it.
///
/// # Errors
/// No connection, and an end that is none.
pub(crate) async fn run(mut engine: Engine, options: &Connect) -> Result<ExitCode, Failure> {
    let signals = Signals::listen();
    let signals = signals.map_err(|error| Failure::new(Kind::System, "cannot listen for signals", error))?;
    let mut face = Face::new(&engine, options);
    let mut signal = std::pin::pin!(signals.first_number());
    let mut signalled = None;
    loop {
        let room = face.room();
        tokio::select! {
            event = async { room.await; engine.next().await } => {
                let Some(event) = event else { break };
                face.event(&event)?;
            }
            typed = typed(&mut face.typing) => match typed {
                Some(Typed::Line(line)) => face.line(&line, &engine).await,
                Some(Typed::Leave) | None => face.leave(&engine),
            },
            number = &mut signal, if signalled.is_none() => {
                signalled = Some(number);
                engine.stop();
            }
        }
    }
    // What follows, the failure of the command, is for the terminal as it was.
    face.typing = None;
    match (signalled, face.end) {
        (Some(number), _) => Ok(ExitCode::from(u8::try_from(128 + number).unwrap_or(u8::MAX))),
        (None, Some(failure)) => Err(failure),
        (None, None) => Ok(ExitCode::SUCCESS),
    }
}

/// The next line; never comes before there is an editor.
async fn typed(typing: &mut Option<Typing>) -> Option<Typed> {
    match typing {
        Some(typing) => typing.lines.recv().await,
        None => std::future::pending().await,
    }
}

struct Face<'o> {
    options: &'o Connect,
    commands: tokio::sync::mpsc::Sender<Command>,
    renderer: Renderer<'o>,
    /// There from the first connection on.
    typing: Option<Typing>,
    keep: Keep,
    stats: Stats,
    start: Instant,
    /// How the last connection ended, or why there was none.
    end: Option<Failure>,
    is_open: bool,
    /// The person wants to go.
    is_leaving: bool,
}

impl<'o> Face<'o> {
    fn new(engine: &Engine, options: &'o Connect) -> Self {
        Self {
            options,
            commands: engine.commands(),
            renderer: Renderer::new(Style::new(options.color), options.verbose, options.filter.as_ref()),
            typing: None,
            keep: Keep::default(),
            stats: Stats::default(),
            start: Instant::now(),
            end: None,
            is_open: false,
            is_leaving: false,
        }
    }

    fn event(&mut self, event: &Event) -> Result<(), Failure> {
        self.stats.event(event);
        if let Err(error) = self.keep.event(event) {
            self.complain(&format!("/save: the file cannot be written: {error}"));
        }
        let end = self.end_of(&event.what);
        if let What::Open(_) = &event.what {
            self.is_open = true;
            self.begin()?;
        }
        // What ends all is told as the failure of the command.
        if (end.is_none() || self.options.reconnect)
            && let Some(text) = self.renderer.event(event)
        {
            self.show(&text);
        }
        if end.is_some() || matches!(event.what, What::Open(_)) {
            self.end = end;
        }
        Ok(())
    }

    fn end_of(&mut self, what: &What) -> Option<Failure> {
        match what {
            What::Closed(outcome) => {
                self.is_open = false;
                self.end.take().or_else(|| talk::failure(outcome)).filter(|_| !self.is_leaving)
            }
            What::Failed(error) => Some(network::failure(error)),
            What::Broke(rule) => Some(Failure::new(
                Kind::Protocol,
                "the connection did not end well",
                crate::harmless::line(rule),
            )),
            _ => None,
        }
    }

    /// Begins to read what is typed.
    fn begin(&mut self) -> Result<(), Failure> {
        if self.typing.is_some() {
            return Ok(());
        }
        let host = self.options.url.split("://").last().unwrap_or_default();
        let host = host.split(['/', '?']).next().unwrap_or_default();
        let host = host.rsplit('@').next().unwrap_or_default();
        let history = if self.options.no_history { None } else { editor::history_of(host) };
        let typing = Typing::start(self.options.socketio.enabled, history);
        let typing =
            typing.map_err(|error| Failure::new(Kind::System, "the terminal cannot be used", error))?;
        self.typing = Some(typing);
        Ok(())
    }

    #[expect(clippy::print_stdout, reason = "this is where the program talks")]
    fn show(&mut self, text: &str) {
        match &self.typing {
            Some(typing) => typing.show(text),
            None => println!("{text}"),
        }
    }

    /// Ends when more can be shown.
    fn room(&self) -> impl Future<Output = ()> + use<> {
        let room = self.typing.as_ref().map(Typing::room);
        async move {
            if let Some(room) = room {
                room.await;
            }
        }
    }

    fn complain(&mut self, text: &str) {
        let text = self.renderer.style.paint(Role::Bad, text);
        self.show(&text);
    }

    fn leave(&mut self, engine: &Engine) {
        self.is_leaving = true;
        self.typing = self.typing.take().filter(|typing| !typing.lines.is_closed());
        engine.stop();
    }

    async fn line(&mut self, line: &str, engine: &Engine) {
        let is_socketio = self.options.socketio.enabled;
        let done = match slash::parse(line, is_socketio) {
            Ok(Line::Send(text)) if is_socketio => self.emit(&text, !self.options.socketio.no_ack),
            Ok(Line::Send(text)) => self.command(Command::Send(Message::text(text))),
            Ok(Line::Slash(slash)) => self.slash(slash, engine),
            Err(why) => Err(why),
        };
        if let Err(why) = done {
            self.complain(&why);
        }
    }

    fn slash(&mut self, slash: Slash, engine: &Engine) -> Result<(), String> {
        match slash {
            Slash::Ping(text) => self.command(Command::Ping(text.into_bytes())),
            Slash::Close(frame) => self.close(frame, engine),
            Slash::Text(text) => self.send(Message::text(text)),
            Slash::Binary(Bytes::Here(bytes)) => self.send(Message::binary(bytes)),
            Slash::Binary(Bytes::File(path)) => self.send(Message::binary(read(&path)?)),
            Slash::File(path) => self.send(match String::from_utf8(read(&path)?) {
                Ok(text) => Message::text(text),
                Err(bytes) => Message::binary(bytes.into_bytes()),
            }),
            Slash::Save(path) => self.save(path.as_deref()),
            Slash::Replay(path) => self.replay(&path),
            Slash::Emit { event, wants_ack } => self.emit(&event, wants_ack),
            Slash::Ack { id, arguments } => {
                self.command(Command::Ack { id, arguments: socketio::arguments(&arguments) })
            }
            Slash::Join(namespace) => self.command(Command::Join(socketio::namespace(&namespace))),
            Slash::Leave(namespace) => self.command(Command::Leave(socketio::namespace(&namespace))),
            Slash::Stats => {
                let text = self.stats.text(self.start.elapsed());
                self.show(&text);
                Ok(())
            }
            Slash::Help => {
                let text = help(self.options.socketio.enabled);
                self.show(&text);
                Ok(())
            }
        }
    }

    /// Hands a command on. It is refused rather than waited for: what is typed must not hold up what is shown.
    fn command(&mut self, command: Command) -> Result<(), String> {
        let told = self.commands.try_send(command);
        told.map_err(|_| "not sent: too much waits for the server already".to_owned())
    }

    fn send(&mut self, message: Message<'static>) -> Result<(), String> {
        if self.options.socketio.enabled {
            return Err("messages are events here: `/emit event arguments`".to_owned());
        }
        self.command(Command::Send(message))
    }

    fn emit(&mut self, event: &str, wants_ack: bool) -> Result<(), String> {
        let emit = socketio::parse(event, wants_ack)?;
        self.command(Command::Emit(emit))
    }

    fn close(&mut self, frame: Option<CloseFrame>, engine: &Engine) -> Result<(), String> {
        self.is_leaving = true;
        if self.is_open {
            return self.command(Command::Close(frame));
        }
        engine.stop();
        Ok(())
    }

    fn save(&mut self, path: Option<&str>) -> Result<(), String> {
        let Some(path) = path else {
            let text = if self.keep.stop() { "/save: stopped" } else { "/save: it needs a path" };
            self.show(text);
            return Ok(());
        };
        let saved =
            self.keep.save(path).map_err(|error| format!("/save: {path} cannot be written: {error}"))?;
        self.show(&format!("{saved} events written to {path}; what follows goes there, too"));
        Ok(())
    }

    fn replay(&mut self, path: &str) -> Result<(), String> {
        let recorded = replay::read(path).map_err(|why| format!("/replay: {why}"))?;
        self.show(&format!("sending {} messages of {path}", recorded.len()));
        tokio::spawn(replay::send(recorded, self.commands.clone()));
        Ok(())
    }
}

fn read(path: &str) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{path} cannot be read: {error}"))
}

fn help(is_socketio: bool) -> String {
    let offered = COMMANDS.iter().filter(|about| is_socketio || !about.socketio);
    let lines = offered.map(|about| format!("{:7} {:16} {}", about.name, about.arguments, about.says));
    let typed = match is_socketio {
        true => "A line is an event: name arguments, or [\"name\", arguments].",
        false => "A line is sent as text; // begins one with a slash.",
    };
    let keys =
        "JSON that is not complete and a line that ends with \\ go on; Ctrl-R searches, Ctrl-D leaves.";
    lines.chain([format!("{typed} {keys}")]).collect::<Vec<_>>().join("\n")
}
