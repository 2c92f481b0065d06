//! The command line.

use std::net::SocketAddr;

use clap::{Parser, Subcommand};

use crate::abuse::{self, Attack};
use crate::options::{Members, Options};
use crate::servers::{compile, process};
use crate::{counts, generator, memory, socketio, throughput};

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
