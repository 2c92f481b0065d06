//! The flags of `ropeway serve`.

use std::path::PathBuf;

use clap::Args;

use crate::log::LogFormat;

const LAYERS: &str = "\
Settings come from defaults < file < environment < flags. Every key of the file has an environment variable: \
`server.listen` is ROPEWAY_SERVER_LISTEN; room rules are ROPEWAY_ROOMS, a TOML array of tables. \
`ropeway config init` prints all keys.

Without a file the server is for development: it listens on loopback only, rooms named `demo:*` are open to \
everybody, and an API key is made up.

Signals: SIGTERM and SIGINT shut down gracefully, a second one exits at once. SIGHUP reads the files of `[tls]` again.";

/// Values of settings are text here: the configuration reads and refuses them all in the same way.
#[derive(Debug, Args)]
#[command(after_long_help = LAYERS)]
pub(crate) struct Serve {
    /// The configuration file (TOML)
    #[arg(long, short, value_name = "FILE", env = "ROPEWAY_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// What to log: error, warn, info, debug, trace, also by module (`info,ropeway_server=debug`)
    #[arg(long, value_name = "FILTER", env = "ROPEWAY_LOG", default_value = "info")]
    pub(crate) log: String,
    /// How to write the log to standard error
    #[arg(long, value_name = "FORMAT", env = "ROPEWAY_LOG_FORMAT", value_enum, default_value = "text")]
    pub(crate) log_format: LogFormat,
    /// Where to listen; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<String>,
    /// Origins of web pages that may connect, separated by commas
    #[arg(long, value_name = "ORIGINS")]
    origins: Option<String>,
    /// WebSocket connections at one time
    #[arg(long, value_name = "COUNT")]
    max_connections: Option<String>,
    /// The largest message, such as 1MiB
    #[arg(long, value_name = "SIZE")]
    max_message: Option<String>,
    /// permessage-deflate: off, no-takeover or takeover
    #[arg(long, value_name = "MODE")]
    compression: Option<String>,
    /// How long connections have to close on shutdown, such as 10s
    #[arg(long, value_name = "TIME")]
    shutdown_timeout: Option<String>,
    /// Serve TLS with a certificate of its own making for localhost, 127.0.0.1 and ::1
    #[arg(long)]
    pub(crate) dev_tls: bool,
    /// Serve /echo
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    echo: Option<String>,
    /// Serve the chat page
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    chat: Option<String>,
    /// Serve clients of Socket.IO
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    socketio: Option<String>,
}

impl Serve {
    /// Flag, key and value of every setting that was given.
    pub(crate) fn settings(&self) -> impl Iterator<Item = (&'static str, &'static str, &str)> {
        [
            ("--listen", "server.listen", &self.listen),
            ("--origins", "server.origins", &self.origins),
            ("--max-connections", "server.max_connections", &self.max_connections),
            ("--max-message", "limits.message", &self.max_message),
            ("--compression", "compression.mode", &self.compression),
            ("--shutdown-timeout", "shutdown.timeout", &self.shutdown_timeout),
            ("--echo", "server.echo", &self.echo),
            ("--chat", "server.chat", &self.chat),
            ("--socketio", "socketio.enabled", &self.socketio),
        ]
        .into_iter()
        .filter_map(|(flag, key, value)| Some((flag, key, value.as_deref()?)))
    }
}
