//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::abuse::{self, Attack};
use crate::process::Cores;
use crate::servers::Server;
use crate::{compile, counts, generator, memory, process, socketio, throughput};

/// Measures WebSocket echo and broadcast servers against each other.
///
/// Tables go to standard output as Markdown, progress to standard error.
#[derive(Debug, Parser)]
#[command(name = "ropeway-e2e", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Echo: server CPU per message relative to a bare TCP echo.
    Echo,
    /// Echo with permessage-deflate: server CPU and bytes per message.
    Deflate,
    /// Broadcast to 1,000 connections: server CPU per delivery.
    Fanout,
    /// Memory of idle connections.
    Memory,
    /// Socket.IO: server CPU per acknowledged message and per delivery, memory of idle connections.
    Socketio,
    /// Memory of an idle member of a room in `ropeway serve`.
    Members(Members),
    /// `ropeway bench` itself: echoes a second on one core of it, and memory of its idle connections.
    Generator,
    /// Members of a room in `ropeway serve` while others attack it: latency, losses, memory and CPU.
    Abuse,
    /// The attackers of `abuse`, a process of their own.
    #[command(hide = true)]
    Attack { attack: Attack, target: SocketAddr },
    /// User instructions per message, by callgrind.
    Instructions,
    /// System calls per message, by perf or strace.
    Syscalls,
    /// Only builds the servers.
    Build,
    /// All of the above but `members`, `generator` and `abuse`.
    All,
}

/// What every command understands.
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// Servers to measure, by name, comma-separated; `tcp`, the limit, is always there.
    #[arg(long, global = true, value_delimiter = ',', default_values_t = Server::ALL)]
    pub(crate) peers: Vec<Server>,
    /// Cases to measure, by name, comma-separated; all cases of the command when absent.
    #[arg(long, global = true, value_delimiter = ',')]
    pub(crate) cases: Vec<String>,
    /// How often each server is measured, in turns.
    #[arg(long, global = true, default_value_t = 5)]
    pub(crate) rounds: usize,
    /// Seconds measured for each server, case and round.
    #[arg(long, global = true, default_value_t = 2.0)]
    pub(crate) seconds: f64,
    /// Seconds of load before measuring.
    #[arg(long, global = true, default_value_t = 0.5)]
    pub(crate) warm_up: f64,
    /// Connections of the memory cases.
    #[arg(long, global = true, default_value_t = 10_000)]
    pub(crate) connections: usize,
    /// Core of the server.
    #[arg(long, global = true, default_value_t = 0)]
    server_core: usize,
    /// Core of the load.
    #[arg(long, global = true, default_value_t = 1)]
    client_core: usize,
    /// Builds the servers for this CPU, like x86-64-v3. `instructions` takes x86-64-v3 when absent.
    #[arg(long, global = true)]
    target_cpu: Option<String>,
    /// Jobs of Cargo.
    #[arg(long, global = true, default_value_t = 2)]
    pub(crate) jobs: usize,
    /// Keeps callgrind's profiles in this folder.
    #[arg(long, global = true)]
    pub(crate) keep: Option<PathBuf>,
}

/// How `members` joins.
#[derive(Clone, Debug, Args)]
pub(crate) struct Members {
    /// Connections that share a room.
    #[arg(long, default_value_t = 10)]
    pub(crate) room_size: usize,
    /// The rooms' names are this and a number.
    #[arg(long, default_value = "demo:bench-")]
    pub(crate) prefix: String,
    /// Further arguments for `ropeway serve`.
    #[arg(long, value_delimiter = ' ')]
    pub(crate) serve: Vec<String>,
}

impl Cli {
    pub(crate) fn run(mut self) -> anyhow::Result<()> {
        process::raise_file_limit()?;
        self.options.settle_cpu(matches!(self.command, Command::Instructions));
        let o = &self.options;
        match &self.command {
            Command::Echo => throughput::echo(o),
            Command::Deflate => throughput::deflate(o),
            Command::Fanout => throughput::fanout(o),
            Command::Memory => memory::idle(o),
            Command::Socketio => socketio::socketio(o),
            Command::Members(members) => memory::members(o, members),
            Command::Generator => generator::generator(o),
            Command::Abuse => abuse::abuse(o),
            Command::Attack { attack, target } => abuse::attack(*attack, *target),
            Command::Instructions => counts::instructions(o),
            Command::Syscalls => counts::syscalls(o),
            Command::Build => compile::all(o),
            Command::All => all(&mut self.options),
        }
    }
}

fn all(options: &mut Options) -> anyhow::Result<()> {
    throughput::echo(options)?;
    throughput::deflate(options)?;
    throughput::fanout(options)?;
    memory::idle(options)?;
    socketio::socketio(options)?;
    counts::syscalls(options)?;
    options.settle_cpu(true);
    counts::instructions(options)
}

impl Options {
    fn settle_cpu(&mut self, counting: bool) {
        if counting && self.target_cpu.is_none() {
            self.target_cpu = Some("x86-64-v3".into());
        }
    }

    pub(crate) fn cores(&self) -> Cores {
        Cores { server: self.server_core, client: self.client_core }
    }

    pub(crate) fn target_cpu(&self) -> Option<&str> {
        self.target_cpu.as_deref()
    }

    pub(crate) fn measured(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }

    pub(crate) fn warm_up(&self) -> Duration {
        Duration::from_secs_f64(self.warm_up)
    }

    /// Whether the case is wanted. `names` that match nothing are caught by the command.
    pub(crate) fn wants(&self, case: &str) -> bool {
        self.cases.is_empty() || self.cases.iter().any(|name| name == case)
    }
}
