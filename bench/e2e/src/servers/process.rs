//! A server process: spawned on its core, awaited, read and ended by its handle.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};
use rustix::thread::{CpuSet, sched_setaffinity};

use super::{Deflate, Job, Server};
use crate::options::{Cores, Options};

/// Valgrind takes its time.
const READY: Duration = Duration::from_secs(30);

/// A running server.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Running {
    /// Starts `server` on the server core, under `wrapper` (like valgrind) when there is one, and waits
    /// until it accepts connections.
    pub(crate) fn start(
        options: &Options,
        (server, binary): (Server, &Path),
        job: Job,
        lean: bool,
        wrapper: &[String],
    ) -> anyhow::Result<Self> {
        let mut words = wrapper.to_vec();
        if server == Server::SocketioNode {
            words.push("node".into());
        }
        words.push(binary.display().to_string());
        match job {
            Job::Echo(Deflate::Off) | Job::SocketIo => {}
            Job::Echo(deflate) => words.extend(["--deflate".into(), deflate.flag().into()]),
            // Ours is a program of its own, the others have a mode.
            Job::Broadcast if server == Server::Ropeway => {}
            Job::Broadcast => words.extend(["--mode".into(), "broadcast".into()]),
        }
        if lean && !matches!(server, Server::Tcp | Server::Ropeway) {
            words.push("--lean".into());
        }
        Self::spawn(options.cores(), &words).with_context(|| format!("{server}: cannot start"))
    }

    /// Starts a program that takes `--listen ADDR:PORT`.
    pub(crate) fn spawn(cores: Cores, words: &[String]) -> anyhow::Result<Self> {
        let address = free_address()?;
        let (program, arguments) = words.split_first().context("no program")?;
        let mut command = Command::new(program);
        command.args(arguments).args(["--listen", &address.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
        // What is measured is how fast it is, not how fast it lets one client be.
        let rates = ["ROPEWAY_LIMITS_MESSAGES_PER_SECOND", "ROPEWAY_LIMITS_BYTES_PER_SECOND"];
        command.envs(rates.map(|name| (name, "off")));
        // A child inherits the affinity of the thread that spawns it.
        pin(cores.server)?;
        let child = command.spawn();
        pin(cores.client)?;
        let mut running = Running { child: child.with_context(|| program.clone())?, address };
        running.await_ready()?;
        Ok(running)
    }

    fn await_ready(&mut self) -> anyhow::Result<()> {
        let start = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("ended before it listened: {status}");
            }
            ensure!(start.elapsed() < READY, "does not listen on {}", self.address);
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// CPU time of all living threads, user and system.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        let mut nanoseconds = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.pid()))? {
            let text = fs::read_to_string(task?.path().join("schedstat"))?;
            nanoseconds += text.split(' ').next().context("empty schedstat")?.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// Resident bytes.
    pub(crate) fn resident(&self) -> anyhow::Result<u64> {
        let text = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.pid()))?;
        let line = text.lines().find_map(|line| line.strip_prefix("Rss:")).context("no Rss")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
    }

    /// Asks the process to end and waits: its tools (callgrind) write their results then.
    pub(crate) fn terminate(mut self) -> anyhow::Result<()> {
        let start = Instant::now();
        if let Some(pid) = Pid::from_raw(i32::try_from(self.pid())?) {
            kill_process(pid, Signal::TERM)?;
        }
        while self.child.try_wait()?.is_none() {
            ensure!(start.elapsed() < READY, "does not end on SIGTERM");
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that was free a moment ago; nothing else on this machine takes ports in between.
fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}

/// Pins this thread.
pub(crate) fn pin(core: usize) -> anyhow::Result<()> {
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(None, &set).with_context(|| format!("there is no core {core}"))
}

/// Takes all the files this process, and so the servers, may have.
pub(crate) fn raise_file_limit() -> anyhow::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })?)
}
