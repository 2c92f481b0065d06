//! `ropeway-e2e`: servers on one core, one lean epoll client on another, and what comes out of it.
//!
//! A server is a child process pinned to the server core. The load runs in this process, on one
//! thread pinned to the client core, over raw sockets: no WebSocket library, every byte that comes back
//! is compared with what was sent, and a difference ends the run. What a message costs is the CPU time
//! of the server process (from its schedstat) over the measured interval.
//!
//! ```text
//! cli.rs, options.rs                 what was asked for
//! throughput.rs memory.rs counts.rs
//! generator.rs socketio/ abuse/      the commands; abuse/ brings the attackers along
//! load/      the epoll loop; wire: handshake and frames; what is sent and what must come back
//! servers/   who is measured; compile: built with Cargo (and g++); process: spawned, pinned, read
//! cases.rs   what is measured        report.rs   medians and Markdown
//! ```

mod abuse;
mod cases;
mod cli;
mod counts;
mod generator;
mod load;
mod memory;
mod options;
mod report;
mod servers;
mod socketio;
mod throughput;

use clap::Parser;

fn main() -> anyhow::Result<()> {
    cli::Cli::parse().run()
}
