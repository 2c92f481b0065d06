//! Words about events, for standard error and for the terminal.

use std::fmt::Write;
use std::time::Duration;

use ropeway_socketio::{Body, Packet};
use ropeway_ws::client::Details;
use ropeway_ws::{Cause, CloseCode, Deadline, Outcome, Side};

use super::engine::Open;
use crate::failure::{Failure, Kind};
use crate::harmless;

/// One line about a connection that has opened.
pub(crate) fn connected(open: &Open) -> String {
    let mut line = "Connected".to_owned();
    let mut say = |text: &str| {
        line.push_str(if line.len() == "Connected".len() { ": " } else { ", " });
        line.push_str(&harmless::line(text));
    };
    if let Some(peer) = open.details.peer {
        say(&peer.to_string());
    }
    match &open.subprotocol {
        Some(subprotocol) => say(&format!("subprotocol {subprotocol}")),
        None => say("no subprotocol"),
    }
    match open.response.headers().get("sec-websocket-extensions") {
        Some(extensions) => say(&String::from_utf8_lossy(extensions.as_bytes())),
        None => say("no extensions"),
    }
    if let Some(tls) = open.details.tls {
        say(&format!("{} {}", tls_version(tls.version), cipher(tls.cipher)));
    }
    say(&format!("round trip {}", short(open.details.timings.upgrade)));
    line
}

fn tls_version(version: impl std::fmt::Debug) -> String {
    format!("{version:?}").replace("TLSv1_", "TLS 1.")
}

fn cipher(cipher: impl std::fmt::Debug) -> String {
    format!("{cipher:?}")
}

/// The names that `--jsonl` gives TLS.
pub(crate) fn tls(details: &Details) -> Option<(String, String)> {
    details.tls.map(|tls| (tls_version(tls.version), cipher(tls.cipher)))
}

/// Request and response, a line each header, as they went.
pub(crate) fn handshake(open: &Open) -> Vec<String> {
    let request = &open.details.request;
    let mut lines = vec![format!("> {} {} HTTP/1.1", request.method(), request.uri())];
    lines.extend(headers('>', request.headers()));
    lines.push(format!("< HTTP/1.1 {}", open.response.status()));
    lines.extend(headers('<', open.response.headers()));
    lines
}

fn headers(arrow: char, headers: &http::HeaderMap) -> impl Iterator<Item = String> {
    headers.iter().map(move |(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        format!("{arrow} {name}: {}", harmless::line(&value))
    })
}

/// How long each step to a connection took; those that were not needed are left out.
pub(crate) fn timings(open: &Open) -> String {
    let timings = &open.details.timings;
    let steps = [
        ("name", timings.resolve),
        ("connection", timings.connect),
        ("proxy", timings.proxy),
        ("TLS", timings.tls),
        ("handshake", timings.upgrade),
    ];
    let steps = steps.iter().filter(|(_, took)| !took.is_zero());
    steps.map(|(step, took)| format!("{step} {}", short(*took))).collect::<Vec<_>>().join(", ")
}

/// One line about the end.
pub(crate) fn closed(outcome: &Outcome) -> String {
    let by = if outcome.by == Side::Us { "from this side" } else { "by the server" };
    let mut line = match (&outcome.cause, outcome.code) {
        (Cause::Violation(violation), _) => format!("Closed: the server broke the protocol: {violation}"),
        (Cause::Deadline(Deadline::Close), _) => "Closed; the server did not answer that".to_owned(),
        (Cause::Deadline(_), _) => "Closed: the server did not answer a ping in time".to_owned(),
        (Cause::EndOfStream, _) => "The server ended the stream without a close frame".to_owned(),
        (_, CloseCode::NO_STATUS) => format!("Closed {by} without a code"),
        (_, code) => format!("Closed {by} with {code}{}", meaning(code)),
    };
    if outcome.cause == Cause::Close && !outcome.reason.is_empty() {
        let _ = write!(line, ": {}", harmless::line(&outcome.reason));
    }
    line
}

/// What RFC 6455 section 7.4.1 and the registry of IANA say.
fn meaning(code: u16) -> &'static str {
    match code {
        1000 => " (normal)",
        1001 => " (going away)",
        1002 => " (protocol error)",
        1003 => " (unsupported data)",
        1007 => " (invalid data)",
        1008 => " (policy violation)",
        1009 => " (message too big)",
        1010 => " (extension required)",
        1011 => " (internal error)",
        1012 => " (service restart)",
        1013 => " (try again later)",
        1014 => " (bad gateway)",
        _ => "",
    }
}

/// The failure that an end was, if it was one.
pub(crate) fn failure(outcome: &Outcome) -> Option<Failure> {
    let kind = match &outcome.cause {
        Cause::Violation(_) => Kind::Protocol,
        Cause::Deadline(Deadline::Heartbeat) => Kind::Timeout,
        Cause::Close if matches!(outcome.code, 1000 | 1001 | CloseCode::NO_STATUS) => return None,
        _ => Kind::Broken,
    };
    Some(Failure::new(kind, "the connection did not end well", closed(outcome)))
}

/// The failure that a packet tells of: the namespace is refused.
pub(crate) fn refusal(packet: &Packet<'_>) -> Option<Failure> {
    let Body::ConnectError(why) = &packet.body else { return None };
    let what = format!("the server refused the namespace {}", harmless::line(&packet.namespace));
    Some(
        Failure::new(Kind::Refused, what, harmless::line(why)).hint("`--auth-payload JSON` says who you are"),
    )
}

/// A duration with three digits.
pub(crate) fn short(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        _ if seconds < 0.000_999_5 => format!("{:.0} µs", seconds * 1e6),
        _ if seconds < 0.009_995 => format!("{:.2} ms", seconds * 1e3),
        _ if seconds < 0.099_95 => format!("{:.1} ms", seconds * 1e3),
        _ if seconds < 0.999_5 => format!("{:.0} ms", seconds * 1e3),
        _ if seconds < 60.0 => format!("{seconds:.1} s"),
        _ => humantime::format_duration(Duration::from_secs(time.as_secs())).to_string(),
    }
}

/// A number of bytes.
pub(crate) fn bytes(count: u64) -> String {
    const KIB: f64 = 1024.0;
    let size = count as f64;
    match count {
        0..1024 => format!("{count} B"),
        1024..1_048_576 => format!("{:.1} KiB", size / KIB),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", size / KIB / KIB),
        _ => format!("{:.1} GiB", size / KIB / KIB / KIB),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_short() {
        let times = [5, 999_600, 1_234_000, 56_780_000, 999_000_000, 1_500_000_000, 90_000_000_000];
        let shown = times.map(|nanos| short(Duration::from_nanos(nanos)));
        assert_eq!(shown, ["0 µs", "1.00 ms", "1.23 ms", "56.8 ms", "999 ms", "1.5 s", "1m 30s"]);
        assert_eq!([0, 1023, 1536, 67_108_864].map(bytes), ["0 B", "1023 B", "1.5 KiB", "64.0 MiB"]);
    }

    #[test]
    fn an_end_is_good_or_a_failure_of_its_kind() {
        let outcome =
            |code, cause| Outcome { code, cause, reason: "x\x1b".into(), by: Side::Peer, clean: true };
        let kind = |outcome: &Outcome| failure(outcome).map(|failure| failure.kind);
        for good in [1000, 1001, 1005] {
            assert_eq!(kind(&outcome(good, Cause::Close)), None);
        }
        assert_eq!(kind(&outcome(1011, Cause::Close)), Some(Kind::Broken));
        assert_eq!(kind(&Outcome::abnormal()), Some(Kind::Broken));
        let violated = Cause::Violation(ropeway_ws::Violation::CloseReason);
        assert_eq!(kind(&outcome(1007, violated.clone())), Some(Kind::Protocol));
        assert_eq!(kind(&outcome(1006, Cause::Deadline(Deadline::Heartbeat))), Some(Kind::Timeout));
        assert_eq!(
            closed(&outcome(1011, Cause::Close)),
            "Closed by the server with 1011 (internal error): x\\x1b"
        );
        assert!(closed(&outcome(1007, violated)).contains("the reason of a close frame is not UTF-8"));
    }
}
