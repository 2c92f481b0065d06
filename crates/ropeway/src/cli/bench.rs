//! The flags of `ropeway bench`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::network::Network;
use super::parse::duration;
use crate::bench::{Protocol, Threshold};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Bench {
    #[command(subcommand)]
    pub(crate) command: Option<BenchCommand>,
    #[command(flatten)]
    pub(crate) run: Run,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// Put two reports side by side
    Compare {
        /// What `--json` wrote of one run
        before: PathBuf,
        /// And of the other
        after: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The server, such as ws://localhost:8080/echo
    #[arg(required_unless_present = "scenario")]
    pub(crate) url: Option<String>,
    /// What the connections do
    #[arg(long, short, value_enum, default_value_t = Profile::Echo)]
    pub(crate) profile: Profile,
    /// Do what a scenario file (TOML) says: stages of users, and their steps
    #[arg(long, value_name = "FILE", conflicts_with_all = ["profile", "duration", "warmup", "rate", "depth"])]
    pub(crate) scenario: Option<PathBuf>,
    /// Connections held open; for `connect` those under way at one time
    #[arg(long, short, value_name = "COUNT", default_value_t = 100)]
    pub(crate) connections: usize,
    /// How long to measure
    #[arg(long, short, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub(crate) duration: Duration,
    /// Time before that in which nothing is counted
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    pub(crate) warmup: Duration,
    /// Messages under way on each connection (closed model)
    #[arg(long, value_name = "COUNT", default_value_t = 1, conflicts_with = "rate")]
    pub(crate) depth: usize,
    /// Messages a second over all connections, whatever the server does (open model); for `fanout` those that are
    /// published, 100 where nothing is said; for `limit` those of the first run
    #[arg(long, value_name = "PER-SECOND")]
    pub(crate) rate: Option<f64>,
    /// What `fanout` and `slow-consumer` speak
    #[arg(long, value_enum, default_value_t = Protocol::Plain)]
    pub(crate) protocol: Protocol,
    /// The room of `fanout` and `slow-consumer`
    #[arg(long, value_name = "NAME", default_value = "demo:bench")]
    pub(crate) room: String,
    /// Connections that publish in `fanout` and `slow-consumer`; all others, and they themselves, hear it
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    pub(crate) publishers: u16,
    /// Connections that do not read; a tenth in `slow-consumer`
    #[arg(long, value_name = "COUNT")]
    pub(crate) slow: Option<usize>,
    /// What `limit` has to keep
    #[arg(long, value_name = "MEASURE<BOUND", default_value = "p99<50ms")]
    pub(crate) objective: Threshold,
    /// The server's process on this machine, to tell its memory a connection
    #[arg(long)]
    pub(crate) pid: Option<u32>,
    /// Bytes of a message
    #[arg(long, value_name = "BYTES", default_value_t = 128)]
    pub(crate) size: usize,
    /// Send binary messages rather than text
    #[arg(long)]
    pub(crate) binary: bool,
    /// Connections to open a second; without it as fast as they come
    #[arg(long, value_name = "PER-SECOND")]
    pub(crate) connect_rate: Option<f64>,
    /// Threads that make the load
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    pub(crate) workers: usize,
    /// Exit with 99 unless this holds, such as "p99<50ms", "errors<0.1%" or "rate>1000"; may be given several times
    #[arg(long, value_name = "MEASURE<BOUND")]
    pub(crate) fail: Vec<Threshold>,
    /// Show nothing while the run goes on
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Write the report as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Write the report as one HTML file with charts
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) network: Network,
}

/// What the connections of a run do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// Send messages that come back
    Echo,
    /// Publish to a room and hear what is published: delivery latency, lost, doubled, out of order
    Fanout,
    /// Connect and close, again and again: handshakes a second, by phase
    Connect,
    /// Hold connections and send nothing
    Idle,
    /// Hold connections, break all of them off, and come back at once
    ReconnectStorm,
    /// As `fanout`, with members that do not read
    SlowConsumer,
    /// As `echo`, again and again: the highest rate that keeps `--objective`
    Limit,
}

impl std::fmt::Display for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.to_possible_value().map_or(Ok(()), |value| f.write_str(value.get_name()))
    }
}
