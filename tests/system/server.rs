//! The binary under test.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take that should happen at once.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// The key that servers of these tests accept for the HTTP API.
pub(crate) const API_KEY: &str = "key-of-the-system-tests";

/// A running `ropeway serve`, killed when dropped.
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    /// Starts on a free port of the loopback interface with development defaults.
    pub(crate) fn start() -> Self {
        Self::start_with("127.0.0.1:0", &[])
    }

    /// The same for clients that send as fast as they can, which would otherwise be slowed down.
    pub(crate) fn start_without_rates() -> Self {
        let off = ["ROPEWAY_LIMITS_MESSAGES_PER_SECOND", "ROPEWAY_LIMITS_BYTES_PER_SECOND"];
        Self::start_with("127.0.0.1:0", &off.map(|name| (name, "off")))
    }

    /// Starts with settings in the environment and waits until the server says where it listens.
    pub(crate) fn start_with(listen: &str, settings: &[(&str, &str)]) -> Self {
        let mut command = serve(listen);
        command.envs(settings.iter().copied());
        Self::start_command(command)
    }

    /// Starts what [`serve`] has prepared and waits until the server says where it listens.
    pub(crate) fn start_command(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = lines_of(&mut child);
        let address = announced_address(&lines);
        Self { child, address }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of a WebSocket endpoint.
    pub(crate) fn ws(&self, path: &str) -> String {
        format!("ws://{}{path}", self.address)
    }

    /// Sends a signal by name, as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for the end of the process.
    pub(crate) fn exit_status(mut self) -> ExitStatus {
        let deadline = Instant::now() + SOON;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("the server still runs after {SOON:?}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only for a child that is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `ropeway serve`, free of settings that the surroundings of the test may have.
pub(crate) fn serve(listen: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ropeway"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ROPEWAY_")) {
        command.env_remove(name);
    }
    command.args(["serve", "--listen", listen]).env("ROPEWAY_API_KEY", API_KEY).stdin(Stdio::null());
    // No ropeway.toml may lie there.
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

/// Both outputs are read to their end, so that the server never blocks on a full pipe.
pub(crate) fn lines_of(child: &mut Child) -> Receiver<String> {
    let (lines, said) = mpsc::channel();
    let streams: [Box<dyn Read + Send>; 2] =
        [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
    for stream in streams {
        let lines = lines.clone();
        thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                let _ = lines.send(line);
            }
        });
    }
    said
}

pub(crate) fn announced_address(lines: &Receiver<String>) -> SocketAddr {
    let mut said = Vec::new();
    while let Ok(line) = lines.recv_timeout(SOON) {
        if let Some(address) = address_in(&line) {
            return address;
        }
        said.push(line);
    }
    panic!("the server named no address; it said: {said:#?}");
}

/// The address in a line that contains a URL, as `http://127.0.0.1:8080/`.
fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("://")?;
    let end = rest.find(|c: char| c != '.' && c != ':' && !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

/// Waits until something is true.
pub(crate) fn until(mut is_true: impl FnMut() -> bool, what: &str) {
    let deadline = Instant::now() + SOON;
    while !is_true() {
        assert!(Instant::now() < deadline, "it did not come true in {SOON:?}: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
