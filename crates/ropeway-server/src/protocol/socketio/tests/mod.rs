//! Conversations with a session, packet by packet, without I/O.

mod application;
mod packets;
mod recovery;
mod rooms;

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use ropeway_hub::{Close, Drained, Hub, Payload, Publish};
use ropeway_socketio::engine::Version;

use super::{Protocol, Session};
use crate::config::{Config, Sources};
use crate::handshake::Handshake;
use crate::policy::Rules;
use crate::protocol::Session as _;

/// The rooms of the development profile, and a namespace besides `/`.
fn config() -> Config {
    Sources::new().flag("-", "socketio.namespaces", "/, /other").load().unwrap()
}

fn hub() -> Hub {
    Hub::builder(Rules::new(&config())).namespace("/other").build()
}

/// A client and its session, with what it is told as literal packets.
struct Client {
    session: Session,
}

impl Client {
    fn new(hub: &Hub) -> Self {
        Self::of_version(hub, Version::V4)
    }

    fn of_version(hub: &Hub, version: Version) -> Self {
        Self::of(Arc::new(Protocol::new(hub.clone(), None, &config().socketio)), version)
    }

    fn of(protocol: Arc<Protocol>, version: Version) -> Self {
        let request = http::Request::get("/socket.io/?EIO=4&transport=websocket").body(()).unwrap();
        let handshake = Arc::new(Handshake::new(&request, SystemTime::UNIX_EPOCH));
        Self { session: Session::new(protocol, handshake, version, None, None, Instant::now()) }
    }

    /// A client in `/`.
    fn connected(hub: &Hub) -> Self {
        let mut client = Self::new(hub);
        client.session.text("0");
        assert!(client.told().starts_with("40{\"sid\":\""));
        client
    }

    /// Says something and returns what is told then.
    fn says(&mut self, packet: &str) -> String {
        self.session.text(packet);
        self.told()
    }

    /// Everything that waits, a line for each frame; binary frames in hexadecimal.
    fn told(&mut self) -> String {
        let (frames, end) = self.drain();
        let mut lines = frames.iter().flat_map(|frame| lines(frame)).collect::<Vec<_>>();
        if let Some(close) = end {
            lines.push(format!("close {} {}", close.code, close.reason));
        }
        lines.join("\n")
    }

    fn drain(&mut self) -> (Vec<Bytes>, Option<Close>) {
        let mut frames = Vec::new();
        let mut cx = Context::from_waker(Waker::noop());
        loop {
            match self.session.poll_drain(&mut cx, &mut frames, usize::MAX) {
                Poll::Ready(Drained::Frames) => {}
                Poll::Ready(Drained::Closed(close)) => return (frames, Some(close)),
                Poll::Pending => return (frames, None),
            }
        }
    }
}

/// The payloads of frames that stand back to back.
fn lines(mut frames: &[u8]) -> Vec<String> {
    let mut lines = Vec::new();
    while let [opcode, len, rest @ ..] = frames {
        let (len, rest) = match len {
            126 => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), &rest[2..]),
            len => (usize::from(*len), rest),
        };
        let (payload, rest) = rest.split_at(len);
        frames = rest;
        lines.push(match opcode {
            0x81 => String::from_utf8(payload.to_vec()).unwrap(),
            0x82 => payload.iter().map(|byte| format!("{byte:02x}")).collect(),
            other => panic!("a whole message instead of {other:#x}"),
        });
    }
    lines
}

/// What stands between two texts.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("{before:?} in {text:?}")).1;
    rest.split_once(after).unwrap_or_else(|| panic!("{after:?} in {text:?}")).0
}

fn publish(hub: &Hub, event: &str, data: &str) {
    let data = Payload::text(data);
    let _ = hub.publish("/", &Publish { room: "demo:a", event, data, ..Publish::default() });
}
