//! The binary under test.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use crate::log::Log;

/// How long anything may take that should happen at once.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// The key that servers of these tests accept for the HTTP API.
pub(crate) const API_KEY: &str = "key-of-the-system-tests";

/// A running `ropeway serve`, killed when dropped. What it says is kept, and searched for secrets when all tests are done.
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    log: Log,
}

impl Server {
    /// Starts on a free port of the loopback interface with development defaults.
    pub(crate) fn start() -> Self {
        Self::start_with("127.0.0.1:0", &[])
    }

    /// The same for clients that send as fast as they can, which would otherwise be slowed down, by the log, too.
    pub(crate) fn start_without_rates() -> Self {
        let off = ["ROPEWAY_LIMITS_MESSAGES_PER_SECOND", "ROPEWAY_LIMITS_BYTES_PER_SECOND"];
        let mut command = serve("127.0.0.1:0");
        command.envs(off.map(|name| (name, "off")));
        Self::spawn(command)
    }

    /// Starts with settings in the environment and waits until the server says where it listens.
    pub(crate) fn start_with(listen: &str, settings: &[(&str, &str)]) -> Self {
        let mut command = serve(listen);
        command.envs(settings.iter().copied());
        Self::start_command(command)
    }

    /// Starts what [`serve`] has prepared and waits until the server says where it listens.
    pub(crate) fn start_command(mut command: Command) -> Self {
        command.args(["--log", "trace"]);
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Self {
        let log = Log::create("system", &log_name());
        secrets_of(&command).iter().for_each(|secret| log.secret(secret));
        let mut child = command.stdout(log.writer()).stderr(log.writer()).spawn().unwrap();
        let address = log.announced_address(&mut child);
        Self { child, address, log }
    }

    /// Notes what may not stand in any log.
    pub(crate) fn secret(&self, secret: &str) {
        self.log.secret(secret);
    }

    /// All that it has said so far.
    pub(crate) fn log(&self) -> String {
        self.log.text()
    }

    /// What it writes, also after its end.
    pub(crate) fn log_file(&self) -> Log {
        self.log.clone()
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

/// The name of the test, and how many servers it has started.
fn log_name() -> String {
    static STARTED: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());
    let test = thread::current().name().unwrap_or("unnamed").replace("::", "-");
    let mut started = STARTED.lock().unwrap();
    let count = started.entry(test.clone()).or_default();
    *count += 1;
    format!("{test}-{count}")
}

/// Those of the settings.
fn secrets_of(command: &Command) -> Vec<String> {
    let set = command.get_envs().filter_map(|(name, value)| Some((name.to_str()?, value?.to_str()?)));
    let secrets = set.filter(|(name, _)| *name == "ROPEWAY_API_KEY" || name.ends_with("_SECRET"));
    secrets.map(|(_, value)| value.to_owned()).collect()
}

/// Waits until something is true.
pub(crate) fn until(mut is_true: impl FnMut() -> bool, what: &str) {
    let deadline = Instant::now() + SOON;
    while !is_true() {
        assert!(Instant::now() < deadline, "it did not come true in {SOON:?}: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
