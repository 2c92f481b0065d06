//! The server under attack: `ropeway serve` with a configuration of its own, its log at the level `trace` in a file.

use std::fs;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::http::SOON;
use crate::log::Log;

/// The key of the HTTP API. It must not be found in any log.
pub(crate) const API_KEY: &str = "api-key-of-the-hostile-suite-Zq7+/x";

const CONFIGURATION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/hostile/server.toml");

/// A running server, killed when dropped.
pub(crate) struct Subject {
    child: Child,
    address: SocketAddr,
    log: Log,
}

impl Subject {
    /// Starts with further settings (`limits.outbox` and its value).
    pub(crate) fn start(name: &str, settings: &[(&str, String)]) -> Self {
        let log = Log::create("hostile", name);
        log.secret(API_KEY);
        let mut command = Command::new(env!("CARGO_BIN_EXE_ropeway"));
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ROPEWAY_"))
        {
            command.env_remove(name);
        }
        command.args(["serve", "--config", CONFIGURATION, "--log", "trace"]);
        command.env("ROPEWAY_API_KEY", API_KEY);
        for (key, value) in settings {
            command.env(format!("ROPEWAY_{}", key.replace('.', "_").to_ascii_uppercase()), value);
        }
        let streams = (log.writer(), log.writer());
        let mut child = command.stdin(Stdio::null()).stdout(streams.0).stderr(streams.1).spawn().unwrap();
        let address = log.announced_address(&mut child);
        Self { child, address, log }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// Resident bytes now.
    pub(crate) fn resident(&self) -> usize {
        self.memory("VmRSS:")
    }

    /// The most bytes that were resident since [`Self::forget_peak`].
    pub(crate) fn peak(&self) -> usize {
        self.memory("VmHWM:")
    }

    /// Resets the peak to what is resident now (proc(5), `clear_refs`).
    pub(crate) fn forget_peak(&self) {
        fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5").unwrap();
    }

    /// Open descriptors.
    pub(crate) fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    /// Ends the server with SIGTERM; it must go in order.
    pub(crate) fn end(mut self) -> Log {
        let status =
            Command::new("kill").args(["-s", "TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
        let deadline = Instant::now() + SOON;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                assert!(status.success(), "the server ended with {status}");
                return self.log.clone();
            }
            assert!(Instant::now() < deadline, "the server still runs");
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn memory(&self, field: &str) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        // Both fail only for a child that is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
