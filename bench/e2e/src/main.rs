//! `ropeway-e2e`: servers on one core, one lean epoll client on another, and what comes out of it.
//!
//! A server is a child process pinned to the server core. The load runs in this process, on one
//! thread pinned to the client core, over raw sockets: no WebSocket library, every byte that comes back
//! is compared with what was sent, and a difference ends the run. What a message costs is the CPU time
//! of the server process (from its schedstat) over the measured interval.
//!
//! ```text
//! cases.rs    what is measured            compile.rs   builds the servers with Cargo (and g++)
//! servers.rs  who is measured             process.rs   spawns, pins, awaits and reads them
//! load.rs     the epoll loop              wire.rs      handshake and frames
//! echo.rs deflate.rs fanout.rs            what is sent and what must come back
//! socketio/                               the same for Socket.IO, and its command
//! abuse/                                  the server while others attack it, and those others
//! throughput.rs memory.rs counts.rs
//! generator.rs                            one command each
//! report.rs   medians and Markdown
//! ```

mod abuse;
mod cases;
mod cli;
mod compile;
mod counts;
mod deflate;
mod echo;
mod fanout;
mod generator;
mod load;
mod memory;
mod process;
mod report;
mod servers;
mod socketio;
mod throughput;
mod wire;

use clap::Parser;

fn main() -> anyhow::Result<()> {
    cli::Cli::parse().run()
}
