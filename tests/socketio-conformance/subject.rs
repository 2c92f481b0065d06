//! The server under test: a child process that serves the application once for each [`Profile`].

use std::collections::HashMap;
use std::env;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// One server with its own settings; the others are the defaults of the npm `socket.io` server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Profile {
    /// Nothing but defaults.
    Default,
    /// `pingInterval` 500 ms; `pingTimeout`, `upgradeTimeout` and `connectTimeout` 4 s: on a machine that is busy a client
    /// may not have answered sooner.
    Short,
    /// `maxHttpBufferSize` 10,000 bytes, `cookie` on, `allowUpgrades` off.
    Limited,
    /// As `Short`, and `allowEIO3` on.
    Version3,
    /// As `Short`, and connection state recovery on for disconnections of 5 s at most.
    Recovery,
    /// `perMessageDeflate` on.
    Deflate,
    /// Talks with the parser of npm `socket.io-msgpack-parser`.
    Msgpack,
}

/// The times of the profiles in which time matters, as [`Profile::Short`] has them.
pub(crate) const PING_INTERVAL: Duration = Duration::from_millis(500);
pub(crate) const PING_TIMEOUT: Duration = Duration::from_secs(4);
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);
/// That of [`Profile::Recovery`].
pub(crate) const LONGEST_DISCONNECTION: Duration = Duration::from_secs(5);

/// The command, split at blanks, that starts another server than ours.
const COMMAND: &str = "SOCKETIO_SERVER";

/// A running server. It is told to end by the end of its standard input, so that it never outlives this program.
pub(crate) struct Subject {
    child: Child,
    _input: ChildStdin,
    /// Held open: a server that cannot write its log may stop.
    _output: BufReader<ChildStdout>,
    addresses: HashMap<String, SocketAddr>,
    is_ours: bool,
}

impl Subject {
    /// Starts the server of the environment or ours and waits until it says where it listens.
    pub(crate) fn start() -> Self {
        let foreign = env::var(COMMAND).ok();
        let mut command = foreign.as_deref().map_or_else(ours, split);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        Self {
            child,
            _input: input,
            _output: output,
            addresses: addresses(&line),
            is_ours: foreign.is_none(),
        }
    }

    /// Where the server with these settings listens.
    pub(crate) fn at(&self, profile: Profile) -> SocketAddr {
        let name = format!("{profile:?}").to_lowercase();
        *self.addresses.get(&name).unwrap_or_else(|| panic!("the server has no profile {name}"))
    }

    /// Whether it is ours and not another.
    pub(crate) fn is_ours(&self) -> bool {
        self.is_ours
    }

    /// What the server holds in memory now, in bytes.
    pub(crate) fn resident(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
    }
}

/// This program once more, as a server.
fn ours() -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.arg(crate::SERVE);
    command
}

fn split(words: &str) -> Command {
    let mut words = words.split_whitespace();
    let mut command = Command::new(words.next().unwrap());
    command.args(words);
    command
}

/// `default=127.0.0.1:4711 short=...`
fn addresses(line: &str) -> HashMap<String, SocketAddr> {
    let entry = |word: &str| {
        let (name, address) = word.split_once('=')?;
        Some((name.to_owned(), address.parse().ok()?))
    };
    let addresses: HashMap<_, _> = line.split_whitespace().filter_map(entry).collect();
    assert!(!addresses.is_empty(), "the server names no address but says {line:?}");
    addresses
}
