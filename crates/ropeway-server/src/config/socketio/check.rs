//! Values of `[socketio]` that are allowed, but not together.

use std::time::Duration;

use super::super::value::ByteSize;
use super::{Config, SocketIo, Transport};

/// What is wrong, each with what to do about it.
pub(in super::super) fn problems(config: &Config) -> Vec<(String, String)> {
    let socketio = &config.socketio;
    if !socketio.enabled {
        return Vec::new();
    }
    [taken(socketio), upgrade(socketio), size(socketio), timers(socketio), outbox(config)]
        .into_iter()
        .flatten()
        .collect()
}

type Problem = Option<(String, String)>;

/// Paths that the server serves itself; some of them only if it is told to.
const OWN: &[&str] = &["/ws", "/echo", "/api", "/chat", "/healthz", "/readyz", "/ropeway.js"];

fn taken(socketio: &SocketIo) -> Problem {
    let path = socketio.path.as_str();
    let below =
        |own: &str| path.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    OWN.iter().any(|own| below(own)).then(|| {
        let what = format!("`socketio.path` is {path:?}, which the server uses itself");
        (what, "take another path, such as the default \"/socket.io\"".to_owned())
    })
}

/// Without polling nothing is upgraded, and every client knows that; with polling alone the wish cannot be fulfilled.
fn upgrade(socketio: &SocketIo) -> Problem {
    (socketio.allow_upgrades && !socketio.allows(Transport::WebSocket)).then(|| {
        let what =
            "`socketio.allow_upgrades` is on, but `socketio.transports` has no \"websocket\" to upgrade to";
        (
            what.to_owned(),
            "add \"websocket\" to the transports, or set `socketio.allow_upgrades = false`".to_owned(),
        )
    })
}

/// Below the least no CONNECT with a token gets through; over the most a message is a download.
const SIZES: std::ops::RangeInclusive<ByteSize> = ByteSize::new(128)..=ByteSize::mib(256);

fn size(socketio: &SocketIo) -> Problem {
    let size = socketio.max_http_buffer_size;
    (!SIZES.contains(&size)).then(|| {
        let what = format!(
            "`socketio.max_http_buffer_size` is {size}: it must be {} to {}",
            SIZES.start(),
            SIZES.end()
        );
        (what, "the default is 1000000B; send larger things in parts, or by HTTP".to_owned())
    })
}

/// Timers of browsers count milliseconds in 31 bits, and end at once when they are given more.
const LONGEST: Duration = Duration::from_millis(0x7fff_ffff);

fn timers(socketio: &SocketIo) -> Problem {
    let times = [
        (
            "ping_interval` and `socketio.ping_timeout` together are",
            socketio.ping_interval.saturating_add(socketio.ping_timeout),
        ),
        ("upgrade_timeout` is", socketio.upgrade_timeout),
        ("connect_timeout` is", socketio.connect_timeout),
        ("max_disconnection_duration` is", socketio.max_disconnection_duration),
    ];
    let (name, _) = times.into_iter().find(|(_, time)| *time > LONGEST)?;
    Some((
        format!("`socketio.{name} over 24 days"),
        "timers of browsers go no further; take a shorter time".to_owned(),
    ))
}

fn outbox(config: &Config) -> Problem {
    let (outbox, size) = (config.outbox(), config.socketio.max_http_buffer_size);
    (outbox < size).then(|| {
        let what = format!("`limits.outbox` ({outbox}) is below `socketio.max_http_buffer_size` ({size})");
        (what, "an outbox must hold at least one message".to_owned())
    })
}
