//! Standard input, cut into messages.

use std::io::{self, BufRead, stdin};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use ropeway_ws::Message;
use tokio::sync::mpsc::Sender;

use crate::connect::engine::Command;
use crate::connect::flags::{Connect, Cut};
use crate::connect::socketio;
use crate::failure::{Failure, Kind};

/// The thread that reads.
pub(super) struct Input {
    /// Set by the thread when it cannot go on, read when all is over.
    failure: Arc<Mutex<Option<Failure>>>,
}

impl Input {
    pub(super) fn failure(&self) -> Option<Failure> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// How messages are made.
#[derive(Clone, Copy)]
struct Form {
    cut: Cut,
    binary: bool,
    /// Lines are events, and whether they ask for acknowledgements.
    socketio: Option<bool>,
}

/// What happens after the end of input.
#[derive(Clone, Copy)]
enum After {
    Close,
    Wait(Duration),
    GoOn,
}

/// Reads in a thread, which waits as long as the engine takes nothing more.
pub(super) fn start(commands: Sender<Command>, options: &Connect, has_goal: bool) -> Input {
    let form = Form {
        cut: options.input,
        binary: options.binary,
        socketio: options.socketio.enabled.then_some(!options.socketio.no_ack),
    };
    let after = match options.keep_open {
        None if has_goal => After::GoOn,
        None => After::Close,
        Some(Duration::ZERO) => After::GoOn,
        Some(time) => After::Wait(time),
    };
    let failure: Arc<Mutex<Option<Failure>>> = Arc::default();
    let shared = Arc::clone(&failure);
    thread::spawn(move || {
        if let Err(failure) = form.send_all(&commands) {
            *shared.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
            return close(&commands);
        }
        match after {
            After::GoOn => {}
            After::Close => close(&commands),
            After::Wait(time) => {
                thread::sleep(time);
                close(&commands);
            }
        }
    });
    Input { failure }
}

fn close(commands: &Sender<Command>) {
    // An engine that is gone needs no closing.
    let _ = commands.blocking_send(Command::Finish);
}

impl Form {
    fn send_all(self, commands: &Sender<Command>) -> Result<(), Failure> {
        let mut input = stdin().lock();
        while let Some(bytes) = self.read(&mut input).map_err(unreadable)? {
            if commands.blocking_send(self.command(bytes)?).is_err() {
                break;
            }
        }
        Ok(())
    }

    fn read(self, input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        let len = match self.cut {
            Cut::Lines => input.read_until(b'\n', &mut bytes)?,
            Cut::Nul => input.read_until(0, &mut bytes)?,
            Cut::Whole => input.read_to_end(&mut bytes)?,
        };
        let ends: &[&[u8]] = match self.cut {
            Cut::Lines => &[b"\n", b"\r"],
            Cut::Nul => &[b"\0"],
            Cut::Whole => &[],
        };
        for end in ends {
            strip(&mut bytes, end);
        }
        Ok((len > 0).then_some(bytes))
    }

    fn command(self, bytes: Vec<u8>) -> Result<Command, Failure> {
        if self.binary {
            return Ok(Command::Send(Message::binary(bytes)));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let failure = Failure::new(Kind::Input, "the input cannot be sent", error);
            failure.hint("`--binary` sends what is not UTF-8")
        })?;
        match self.socketio {
            None => Ok(Command::Send(Message::text(text))),
            Some(wants_ack) => {
                let emit = socketio::parse(&text, wants_ack);
                emit.map(Command::Emit)
                    .map_err(|why| Failure::new(Kind::Input, "the input cannot be sent", why))
            }
        }
    }
}

fn unreadable(error: io::Error) -> Failure {
    Failure::new(Kind::Input, "the input cannot be read", error)
}

fn strip(bytes: &mut Vec<u8>, end: &[u8]) {
    if bytes.ends_with(end) {
        bytes.truncate(bytes.len() - end.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(cut: Cut, mut input: &[u8]) -> Vec<Vec<u8>> {
        let form = Form { cut, binary: true, socketio: None };
        std::iter::from_fn(|| form.read(&mut input).unwrap()).collect()
    }

    #[test]
    fn input_is_cut_into_messages() {
        assert_eq!(cut(Cut::Lines, b"a\r\n\nb\nc"), [&b"a"[..], b"", b"b", b"c"]);
        assert_eq!(cut(Cut::Nul, b"a\nb\0\0c"), [&b"a\nb"[..], b"", b"c"]);
        assert_eq!(cut(Cut::Whole, b"a\nb\n"), [b"a\nb\n"]);
        assert!(cut(Cut::Lines, b"").is_empty());
    }
}
