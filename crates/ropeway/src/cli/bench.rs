//! The flags of `ropeway bench`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::network::Network;
use super::parse::duration;
use crate::bench::Threshold;

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
    #[arg(required = true)]
    pub(crate) url: Option<String>,
    /// Connections held open
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
    /// Messages a second over all connections, whatever the server does (open model)
    #[arg(long, value_name = "PER-SECOND")]
    pub(crate) rate: Option<f64>,
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
    /// Write the report as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Write the report as one HTML file with charts
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) network: Network,
}

impl Run {
    /// Where to; clap has asked for it.
    pub(crate) fn url(&self) -> &str {
        self.url.as_deref().unwrap_or_default()
    }
}
