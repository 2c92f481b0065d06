//! The flags of `ropeway bench`.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::crew::Part;
use super::load::Protocol;
use super::report::Threshold;
use crate::network::Network;
use crate::values::{above_nought, at_least_one, bytes, duration};

const AFTER: &str = "\
Examples:
  ropeway bench ws://localhost:8080/echo -c 1000 -d 30s --size 20       one message under way on each connection
  ropeway bench ws://localhost:8080/echo --rate 5000 --fail 'p99<50ms'  a fixed schedule, and a bound to keep
  ropeway bench ws://localhost:8080/ws -p fanout --protocol native      one publishes, all hear
  ropeway bench http://localhost:3000 --protocol socketio --event echo  events that are acknowledged
  ropeway bench --scenario users.toml --html report.html                users that do one thing after the other
  ropeway bench compare before.json after.json                          what changed

A closed model (`--depth`) sends the next message when an answer has come, so a server that stalls is sent less and the \
figures hide it; an open one (`--rate`) keeps its schedule and measures from when a message was due.

Exit status:
  0    measured, and every `--fail` holds
  2    wrong usage
  60   TLS failed
  66   a file cannot be read
  69   the server, its name or the proxy cannot be reached
  71   the system has not files, ports, threads or processes enough
  73   a report cannot be written
  74   the stream ended during the handshake
  75   no connection in time
  76   the server broke the protocol of the handshake
  77   the server refused
  78   the scenario file is wrong
  99   a `--fail` does not hold
  130  interrupted; the report is of the time until then";

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true, after_long_help = AFTER)]
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
#[command(next_help_heading = "Load")]
pub(crate) struct Run {
    /// The server, such as ws://localhost:8080/echo
    #[arg(required_unless_present = "scenario")]
    pub(crate) url: Option<String>,
    /// What the connections do
    #[arg(long, short, value_enum, default_value_t = Profile::Echo)]
    pub(crate) profile: Profile,
    /// Do what a scenario file (TOML) says: stages of users, and their steps
    #[arg(long, value_name = "FILE", conflicts_with_all = ["profile", "duration", "warmup", "rate", "depth", "protocol"])]
    pub(crate) scenario: Option<PathBuf>,
    /// Connections held open; for `connect` those under way at one time
    #[arg(long, short, value_name = "COUNT", default_value_t = 100, value_parser = at_least_one)]
    pub(crate) connections: usize,
    /// How long to measure
    #[arg(long, short, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub(crate) duration: Duration,
    /// Time before that in which nothing is counted
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    pub(crate) warmup: Duration,
    /// Messages under way on each connection (closed model)
    #[arg(long, value_name = "COUNT", default_value_t = 1, conflicts_with = "rate", value_parser = at_least_one)]
    pub(crate) depth: usize,
    /// Messages a second over all connections, whatever the server does (open model); for `fanout` those that are
    /// published, 100 where nothing is said; for `limit` those of the first run
    #[arg(long, value_name = "PER-SECOND", value_parser = above_nought)]
    pub(crate) rate: Option<f64>,
    /// Connections to open a second; without it as fast as they come
    #[arg(long, value_name = "PER-SECOND", value_parser = above_nought)]
    pub(crate) connect_rate: Option<f64>,
    /// Bytes of a message, such as 20 or 64KiB
    #[arg(long, value_name = "SIZE", default_value = "128", value_parser = bytes)]
    pub(crate) size: usize,
    /// Send binary messages rather than text
    #[arg(long)]
    pub(crate) binary: bool,
    /// What `limit` has to keep
    #[arg(long, value_name = "MEASURE<BOUND", default_value = "p99<50ms")]
    pub(crate) objective: Threshold,
    /// What is spoken with the server
    #[arg(long, value_enum, default_value_t = Protocol::Plain, help_heading = "Protocol")]
    pub(crate) protocol: Protocol,
    /// The event of Socket.IO that the server acknowledges
    #[arg(long, value_name = "NAME", default_value = "echo", help_heading = "Protocol")]
    pub(crate) event: String,
    /// The room of `fanout` and `slow-consumer`; with `--protocol native` each connection of the others has one of its
    /// own, whose name is this and a number
    #[arg(long, value_name = "NAME", default_value = "demo:bench", help_heading = "Protocol")]
    pub(crate) room: String,
    /// Connections that publish in `fanout` and `slow-consumer`; all others, and they themselves, hear it
    #[arg(long, value_name = "COUNT", default_value_t = 1, help_heading = "Protocol")]
    pub(crate) publishers: u16,
    /// Connections that do not read; a tenth in `slow-consumer`
    #[arg(long, value_name = "COUNT", help_heading = "Protocol")]
    pub(crate) slow: Option<usize>,
    /// Exit with 99 unless this holds, such as "p99<50ms", "errors<0.1%" or "rate>1000"; may be given several times
    #[arg(long, value_name = "MEASURE<BOUND", help_heading = "Report")]
    pub(crate) fail: Vec<Threshold>,
    /// Write the report as JSON
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub(crate) json: Option<PathBuf>,
    /// Write the report as one HTML file with charts
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub(crate) html: Option<PathBuf>,
    /// Show nothing while the run goes on
    #[arg(long, short, help_heading = "Report")]
    pub(crate) quiet: bool,
    /// The server's process on this machine, to tell its memory a connection
    #[arg(long, help_heading = "Report")]
    pub(crate) pid: Option<u32>,
    /// Threads that make the load, in each process
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = at_least_one, help_heading = "Generator")]
    pub(crate) workers: usize,
    /// Processes that share the connections; without it as many as the limit of open files makes necessary
    #[arg(long, value_name = "COUNT", value_parser = at_least_one, help_heading = "Generator")]
    pub(crate) processes: Option<usize>,
    /// Addresses of this machine that connections come from in turn, as each has ports for some 28,000; for a server on
    /// 127.0.0.1 more are taken when one is not enough
    #[arg(long = "local-address", value_name = "ADDRESS", value_delimiter = ',', help_heading = "Generator")]
    pub(crate) local_addresses: Vec<IpAddr>,
    /// The part of the load that a child process makes
    #[arg(long, hide = true)]
    pub(crate) share: Option<Part>,
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
