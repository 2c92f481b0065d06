//! What is measured, how often, and where.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::servers::Server;

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

/// Which core is whose.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cores {
    pub(crate) server: usize,
    pub(crate) client: usize,
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

impl Options {
    /// Counts are of a CPU that everybody has, unless another was asked for.
    pub(crate) fn settle_cpu(&mut self, counting: bool) {
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
