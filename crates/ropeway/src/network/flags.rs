//! How to reach a server and what to tell it: the same flags in every command that connects.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use ropeway_ws::client::Proxy;

use crate::values::{Resolve, duration, size};

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Network {
    /// Send a header along, such as "X-Trace: 7"
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE")]
    pub(crate) headers: Vec<String>,
    /// Send an Origin, as a page of a browser would
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) origin: Option<String>,
    /// Offer a subprotocol; the first is liked best
    #[arg(long = "subprotocol", value_name = "NAME", value_delimiter = ',')]
    pub(crate) subprotocols: Vec<String>,
    /// Authenticate with a name and a password (HTTP Basic)
    #[arg(long, short = 'u', value_name = "USER:PASSWORD", conflicts_with = "token")]
    pub(crate) auth: Option<String>,
    /// Authenticate with a token (HTTP Bearer)
    #[arg(long, value_name = "TOKEN", env = "ROPEWAY_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// Send a cookie
    #[arg(long = "cookie", short = 'b', value_name = "NAME=VALUE")]
    pub(crate) cookies: Vec<String>,
    /// Trust the certificates of this PEM file rather than those of the system
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Show the server this certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) cert: Option<PathBuf>,
    /// The private key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(crate) key: Option<PathBuf>,
    /// Trust every certificate: anybody on the way can read and change what is said
    #[arg(long, short = 'k', conflicts_with = "ca")]
    pub(crate) insecure: bool,
    /// Go to an address instead of asking for the name
    #[arg(long, value_name = "HOST:PORT:ADDRESS")]
    pub(crate) resolve: Vec<Resolve>,
    /// Connect through a proxy (http, socks5 or socks5h) rather than what HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and
    /// NO_PROXY say
    #[arg(long, value_name = "URL")]
    pub(crate) proxy: Option<Proxy>,
    /// Use no proxy, whatever the environment says
    #[arg(long, conflicts_with = "proxy")]
    pub(crate) no_proxy: bool,
    /// Connect to a Unix socket in place of TCP
    #[arg(long, value_name = "PATH", conflicts_with_all = ["proxy", "resolve"])]
    pub(crate) unix_socket: Option<PathBuf>,
    /// Offer permessage-deflate, such as `--compress=server_no_context_takeover,client_max_window_bits=12`
    #[arg(long, value_name = "PARAMS", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub(crate) compress: Option<String>,
    /// Follow so many redirects
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub(crate) redirects: u8,
    /// The time for name, address, TLS and handshake
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub(crate) connect_timeout: Duration,
    /// The largest message to take
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = size)]
    pub(crate) max_message: usize,
    /// What `curl` needs and a WebSocket does not, so that "copy as cURL" of a browser can be pasted
    #[arg(long, hide = true)]
    compressed: bool,
    /// As above
    #[arg(long = "request", short = 'X', hide = true, value_name = "METHOD")]
    request: Option<String>,
}

/// The address of `--resolve`.
impl Resolve {
    pub(crate) fn parts(&self) -> (&str, u16, SocketAddr) {
        (&self.host, self.port, self.address)
    }
}
