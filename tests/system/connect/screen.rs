//! A terminal for the command, and what a person sees on it.

use std::io::{Read, Write};
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long something may take to appear on a machine that is busy.
const LONG: Duration = Duration::from_secs(30);

const SIZE: PtySize = PtySize { rows: 40, cols: 110, pixel_width: 0, pixel_height: 0 };

/// The command on a terminal; killed when dropped.
pub(crate) struct Screen {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    /// Written by a thread that reads what the command shows.
    shown: Arc<(Mutex<Shown>, Condvar)>,
    master: Box<dyn MasterPty + Send>,
    /// The modes before the command was started.
    found: Modes,
}

/// How a terminal takes keys and shows them, as text.
type Modes = String;

struct Shown {
    parser: vt100::Parser,
    /// All bytes, colours and all.
    raw: Vec<u8>,
    /// Nobody writes any more.
    is_complete: bool,
}

impl Screen {
    /// Starts `ropeway connect` with these arguments and variables.
    pub(crate) fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::start_command("connect", arguments, variables)
    }

    /// Starts a command of `ropeway` with these arguments and variables.
    pub(crate) fn start_command(name: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let pty = native_pty_system().openpty(SIZE).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_ropeway"));
        command.env_clear();
        command.env("TERM", "xterm-256color");
        command.env("HOME", env!("CARGO_TARGET_TMPDIR"));
        command.env("TZ", "UTC");
        for (name, value) in variables {
            command.env(name, value);
        }
        command.arg(name);
        command.args(arguments);
        command.cwd(env!("CARGO_TARGET_TMPDIR"));
        let found = modes(&*pty.master);
        let child = pty.slave.spawn_command(command).unwrap();
        let keys = pty.master.take_writer().unwrap();
        let shown = watch(pty.master.try_clone_reader().unwrap());
        Self { child, keys, shown, master: pty.master, found }
    }

    /// Presses keys.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Types a line.
    pub(crate) fn enter(&mut self, line: &str) {
        self.press(&format!("{line}\r"));
    }

    /// Waits until the screen has this text.
    #[track_caller]
    pub(crate) fn wait_for(&self, text: &str) {
        self.wait(|screen, _| screen.contains(text), text);
    }

    /// Waits until these bytes have been written, colours and all.
    #[track_caller]
    pub(crate) fn wait_for_raw(&self, text: &str) {
        self.wait(|_, raw| raw.contains(text), text);
    }

    #[track_caller]
    fn wait(&self, is_there: impl Fn(&str, &str) -> bool, text: &str) {
        let shown = self.shown.0.lock().unwrap();
        let is_missing = |shown: &mut Shown| {
            !is_there(&shown.parser.screen().contents(), &String::from_utf8_lossy(&shown.raw))
        };
        let (shown, wait) = self.shown.1.wait_timeout_while(shown, LONG, is_missing).unwrap();
        assert!(!wait.timed_out(), "no {text:?} on the screen:\n{}", shown.parser.screen().contents());
    }

    pub(crate) fn contents(&self) -> String {
        self.shown.0.lock().unwrap().parser.screen().contents()
    }

    pub(crate) fn raw(&self) -> String {
        String::from_utf8_lossy(&self.shown.0.lock().unwrap().raw).into_owned()
    }

    /// Whether the terminal has the modes that it had before the command.
    pub(crate) fn is_as_found(&self) -> bool {
        modes(&*self.master) == self.found
    }

    /// The line on the screen that has this text.
    #[track_caller]
    pub(crate) fn line(&self, text: &str) -> String {
        self.wait_for(text);
        self.contents().lines().find(|line| line.contains(text)).unwrap().to_owned()
    }

    /// Sends a signal to the command.
    pub(crate) fn signal(&self, name: &str) {
        let process = self.child.process_id().unwrap().to_string();
        assert!(Command::new("kill").args(["-s", name, &process]).status().unwrap().success());
    }

    /// Waits for the end, and until all that was written is on the screen; gives the exit status.
    #[track_caller]
    pub(crate) fn end(&mut self) -> u32 {
        let shown = self.shown.0.lock().unwrap();
        let (shown, wait) = self.shown.1.wait_timeout_while(shown, LONG, |shown| !shown.is_complete).unwrap();
        assert!(!wait.timed_out(), "it does not end:\n{}", shown.parser.screen().contents());
        drop(shown);
        self.child.wait().unwrap().exit_code()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Both fail only for a child that is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn modes(terminal: &dyn MasterPty) -> Modes {
    format!("{:?}", terminal.get_termios().unwrap())
}

fn watch(mut reader: Box<dyn Read + Send>) -> Arc<(Mutex<Shown>, Condvar)> {
    let size = |cells: u16| std::num::NonZero::new(cells).unwrap();
    let parser = vt100::Parser::new(size(SIZE.rows), size(SIZE.cols), 1000);
    let shown = Arc::new((Mutex::new(Shown { parser, raw: Vec::new(), is_complete: false }), Condvar::new()));
    let shared = Arc::clone(&shown);
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(len @ 1..) = reader.read(&mut buffer) {
            let mut shown = shared.0.lock().unwrap();
            shown.parser.process(&buffer[..len]);
            shown.raw.extend_from_slice(&buffer[..len]);
            shared.1.notify_all();
        }
        shared.0.lock().unwrap().is_complete = true;
        shared.1.notify_all();
    });
    shown
}
