//! The command in pipes.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long a conversation may take on a machine that is busy.
const LONG: Duration = Duration::from_secs(60);

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) status: Option<i32>,
    pub(crate) out: Vec<u8>,
    pub(crate) err: String,
}

/// `ropeway connect`, free of what the surroundings of the test may have set.
pub(crate) fn connect(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ropeway"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        let lower = name.to_lowercase();
        if name.starts_with("ROPEWAY_") || lower.ends_with("_proxy") || name == "NO_COLOR" {
            command.env_remove(&name);
        }
    }
    command.arg("connect").args(arguments);
    command
}

/// Runs it with this input to its end.
pub(crate) fn run(arguments: &[&str], input: impl AsRef<[u8]>) -> Done {
    Running::start(connect(arguments), input.as_ref().to_vec(), true).end()
}

/// Runs a command that was changed before.
pub(crate) fn run_command(command: Command, input: &str) -> Done {
    Running::start(command, input.as_bytes().to_vec(), true).end()
}

/// A run that has not ended.
pub(crate) struct Running {
    child: Child,
    out: Collected,
    err: Collected,
    /// Kept open where the input shall not end.
    input: Option<std::process::ChildStdin>,
}

impl Running {
    /// Starts it; its input ends behind `input` when `ends` says so.
    pub(crate) fn start(mut command: Command, input: Vec<u8>, ends: bool) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let (out, err) = (collect(child.stdout.take().unwrap()), collect(child.stderr.take().unwrap()));
        if ends {
            // The command may end before it has read all of it.
            thread::spawn(move || stdin.write_all(&input));
            return Self { child, out, err, input: None };
        }
        stdin.write_all(&input).unwrap();
        Self { child, out, err, input: Some(stdin) }
    }

    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Goes on with the input, where it was left open.
    pub(crate) fn say(&mut self, input: &str) {
        self.input.as_mut().unwrap().write_all(input.as_bytes()).unwrap();
    }

    /// Waits until standard output has this text.
    pub(crate) fn until_printed(&self, text: &str) {
        self.out.until(text);
    }

    pub(crate) fn end(mut self) -> Done {
        let deadline = Instant::now() + LONG;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if Instant::now() > deadline {
                self.child.kill().unwrap();
                self.child.wait().unwrap();
                let (out, err) = (self.out.all(), self.err.all());
                panic!(
                    "it does not end: {:?} {:?}",
                    String::from_utf8_lossy(&out),
                    String::from_utf8_lossy(&err)
                );
            }
            thread::sleep(Duration::from_millis(5));
        };
        let err = String::from_utf8(self.err.all()).unwrap();
        Done { status: status.code(), out: self.out.all(), err }
    }
}

/// What a stream has said so far, filled by a thread.
struct Collected {
    said: Arc<(Mutex<Vec<u8>>, Condvar)>,
    thread: JoinHandle<()>,
}

fn collect(mut stream: impl Read + Send + 'static) -> Collected {
    let said: Arc<(Mutex<Vec<u8>>, Condvar)> = Arc::default();
    let shared = Arc::clone(&said);
    let thread = thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(len @ 1..) = stream.read(&mut buffer) {
            shared.0.lock().unwrap().extend_from_slice(&buffer[..len]);
            shared.1.notify_all();
        }
    });
    Collected { said, thread }
}

impl Collected {
    fn until(&self, text: &str) {
        let is_missing = |said: &mut Vec<u8>| !String::from_utf8_lossy(said).contains(text);
        let said = self.said.0.lock().unwrap();
        let (said, wait) = self.said.1.wait_timeout_while(said, LONG, is_missing).unwrap();
        assert!(!wait.timed_out(), "no {text:?} in {:?}", String::from_utf8_lossy(&said));
    }

    fn all(self) -> Vec<u8> {
        self.thread.join().unwrap();
        std::mem::take(&mut *self.said.0.lock().unwrap())
    }
}

impl Done {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.out).unwrap()
    }

    /// Standard output, when it ended well.
    #[track_caller]
    pub(crate) fn succeeded(&self) -> &str {
        assert_eq!(self.status, Some(0), "{}\n{}", String::from_utf8_lossy(&self.out), self.err);
        self.text()
    }

    /// Exit status and standard error.
    #[track_caller]
    pub(crate) fn failed(&self, status: i32, text: &str) {
        assert_eq!(self.status, Some(status), "{}\n{}", String::from_utf8_lossy(&self.out), self.err);
        assert!(self.err.contains(text), "{}", self.err);
    }

    /// The lines of `--jsonl` for an event.
    pub(crate) fn events(&self, name: &str) -> Vec<Value> {
        let lines = self.text().lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["event"] == name).collect()
    }
}
