//! The flags of `ropeway connect`.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::expect::{Expectation, Path};
use crate::network::Network;
use crate::values::duration;

/// What ends a conversation, and with which exit status.
const ENDS: &str = "\
On a terminal type messages; a line that begins with a slash is a command, `/help` lists them. Ctrl-C, Ctrl-D and \
`/close` close the connection.

Otherwise standard input is sent, a message a line, once the connection is open, and messages are printed to standard \
output, nothing else. At the end of input the connection is closed, after the messages that come before the server's \
answer to that; `--keep-open`, `-n` and `--expect` go on. Ctrl-C closes with 1000 and exits with 130.

Exit status:
  0    closed as it should be (1000, 1001 or no code), or all that was expected came
  1    what was said with -n or --expect did not come
  2    wrong usage
  60   TLS failed: no trust, or no common version
  66   a file cannot be read
  69   nobody is reached: name, address, proxy
  73   the output cannot be written
  74   the connection ended without a closing handshake, or with a code that says something went wrong
  75   a timeout: of the handshake, of a ping, or --timeout
  76   the other side broke the protocol
  77   the server refused; its status, headers and body are told
  130  Ctrl-C or SIGINT; 143 is SIGTERM";

#[derive(Debug, Args)]
#[command(after_help = ENDS)]
pub(crate) struct Connect {
    /// The server, such as ws://localhost:8080/echo; ws:// may be left out
    pub(crate) url: String,
    /// Tell more: the handshake of both sides and its timings; on a terminal pings, too
    #[arg(long, short)]
    pub(crate) verbose: bool,
    /// Print every event as a JSON object a line: open, message, ping, pong, close, error
    #[arg(long)]
    pub(crate) jsonl: bool,
    /// Show only what this JSON path finds in messages, such as `$.data.text`
    #[arg(long, value_name = "JSONPATH")]
    pub(crate) filter: Option<Path>,
    /// End after so many messages
    #[arg(long, short = 'n', value_name = "COUNT")]
    pub(crate) count: Option<u64>,
    /// Succeed once a message matches, and fail when none does; may be given several times
    #[arg(long, value_name = "REGEX|JSONPATH[=VALUE]")]
    pub(crate) expect: Vec<Expectation>,
    /// Fail with 75 when it is not done after this time
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// How standard input is cut into messages
    #[arg(long, value_name = "HOW", value_enum, default_value = "lines")]
    pub(crate) input: Cut,
    /// Send what is read as binary messages
    #[arg(long, conflicts_with = "enabled")]
    pub(crate) binary: bool,
    /// End each printed message with NUL rather than with a newline
    #[arg(long)]
    pub(crate) print0: bool,
    /// After the end of input go on until the server closes, or for this time
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true, default_missing_value = "0s", value_parser = duration)]
    pub(crate) keep_open: Option<Duration>,
    /// Connect again when the connection is lost, after growing random pauses of at most 30 s
    #[arg(long)]
    pub(crate) reconnect: bool,
    /// Send a ping in this interval
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) ping_interval: Option<Duration>,
    /// The time that the server has to answer such a ping
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration, requires = "ping_interval")]
    pub(crate) ping_timeout: Duration,
    /// Colours
    #[arg(long, value_name = "WHEN", value_enum, default_value = "auto")]
    pub(crate) color: Color,
    /// Keep no history of what was typed
    #[arg(long)]
    pub(crate) no_history: bool,
    #[command(flatten)]
    pub(crate) socketio: SocketIo,
    #[command(flatten)]
    pub(crate) network: Network,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Socket.IO")]
pub(crate) struct SocketIo {
    /// Speak Socket.IO; lines are events, `message {"text":"hi"}` or `["message",{"text":"hi"}]`
    #[arg(long = "socketio")]
    pub(crate) enabled: bool,
    /// Connect to this namespace; may be given several times
    #[arg(long = "namespace", value_name = "NAME", requires = "enabled", default_value = "/")]
    pub(crate) namespaces: Vec<String>,
    /// What a namespace is asked with, a JSON object
    #[arg(long = "auth-payload", value_name = "JSON", requires = "enabled")]
    pub(crate) auth_payload: Option<String>,
    /// Ask for no acknowledgements
    #[arg(long, requires = "enabled")]
    pub(crate) no_ack: bool,
}

/// How input is cut into messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Cut {
    /// A message a line
    Lines,
    /// A NUL behind each message
    Nul,
    /// All of it is one message
    Whole,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}
