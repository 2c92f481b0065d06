//! What is measured.

use crate::load::wire::{BINARY, TEXT};
use crate::servers::Deflate;

/// An echo without compression.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EchoCase {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) payload: Payload,
    pub(crate) connections: usize,
    pub(crate) outstanding: usize,
}

/// What a message is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Payload {
    Binary(usize),
    /// Mostly outside of ASCII.
    Text(usize),
}

impl Payload {
    pub(crate) fn opcode(self) -> u8 {
        match self {
            Payload::Binary(_) => BINARY,
            Payload::Text(_) => TEXT,
        }
    }

    pub(crate) fn bytes(self) -> Vec<u8> {
        match self {
            Payload::Binary(len) => payloads::binary(len),
            Payload::Text(len) => payloads::text(len),
        }
    }
}

const fn echo(
    name: &'static str,
    title: &'static str,
    payload: Payload,
    connections: usize,
    outstanding: usize,
) -> EchoCase {
    EchoCase { name, title, payload, connections, outstanding }
}

/// Measured in time.
pub(crate) const ECHO: [EchoCase; 6] = [
    echo("20", "20 B, 100 connections, 1 outstanding", Payload::Binary(20), 100, 1),
    echo("20x16", "20 B, 10 connections, 16 outstanding", Payload::Binary(20), 10, 16),
    echo("1k", "1 KiB, 16 connections, 16 outstanding", Payload::Binary(1024), 16, 16),
    echo("16k", "16 KiB, 50 connections, 1 outstanding", Payload::Binary(16 * 1024), 50, 1),
    echo(
        "16k-text",
        "16 KiB of non-ASCII text, 50 connections, 1 outstanding",
        Payload::Text(16 * 1024),
        50,
        1,
    ),
    echo("1m", "1 MiB, 4 connections, 1 outstanding", Payload::Binary(1024 * 1024), 4, 1),
];

/// Measured in instructions and system calls.
pub(crate) const COUNTED: [EchoCase; 5] = [
    echo("20", "20 B, 100 connections, 1 outstanding", Payload::Binary(20), 100, 1),
    echo("20x16", "20 B, 10 connections, 16 outstanding", Payload::Binary(20), 10, 16),
    echo("1k", "1 KiB binary, 16 connections, 1 outstanding", Payload::Binary(1024), 16, 1),
    echo("1k-text", "1 KiB of non-ASCII text, 16 connections, 1 outstanding", Payload::Text(1024), 16, 1),
    echo("16k", "16 KiB binary, 16 connections, 1 outstanding", Payload::Binary(16 * 1024), 16, 1),
];

/// Socket.IO over its WebSocket transport.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SocketIoCase {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) shape: Shape,
    /// Of the payload, a text.
    pub(crate) bytes: usize,
    pub(crate) connections: usize,
    pub(crate) outstanding: usize,
}

/// Who gets what.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// The sender gets an acknowledgement.
    Acks,
    /// One publishes, all get the event.
    Room,
}

/// Measured in time, in instructions and system calls.
pub(crate) const SOCKETIO: [SocketIoCase; 4] = [
    SocketIoCase {
        name: "ack",
        title: "20 B acknowledged, 100 connections, 1 outstanding",
        shape: Shape::Acks,
        bytes: 20,
        connections: 100,
        outstanding: 1,
    },
    SocketIoCase {
        name: "ackx16",
        title: "20 B acknowledged, 10 connections, 16 outstanding",
        shape: Shape::Acks,
        bytes: 20,
        connections: 10,
        outstanding: 16,
    },
    SocketIoCase {
        name: "room",
        title: "64 B to a room of 1,000, 1 publish outstanding",
        shape: Shape::Room,
        bytes: 64,
        connections: 1000,
        outstanding: 1,
    },
    SocketIoCase {
        name: "roomx16",
        title: "64 B to a room of 1,000, 16 publishes outstanding",
        shape: Shape::Room,
        bytes: 64,
        connections: 1000,
        outstanding: 16,
    },
];

/// The name of the case of idle connections of Socket.IO.
pub(crate) const SOCKETIO_IDLE: &str = "idle";

/// An echo of JSON documents of 1 KiB with permessage-deflate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DeflateCase {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) deflate: Deflate,
    pub(crate) connections: usize,
}

pub(crate) const DEFLATE: [DeflateCase; 2] = [
    DeflateCase {
        name: "no-takeover",
        title: "deflate 1 KiB JSON, no takeover, 16 connections",
        deflate: Deflate::NoTakeover,
        connections: 16,
    },
    DeflateCase {
        name: "takeover",
        title: "deflate 1 KiB JSON, takeover, 16 connections",
        deflate: Deflate::Takeover,
        connections: 16,
    },
];

/// A broadcast of messages of `FANOUT_BYTES`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FanoutCase {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) connections: usize,
    pub(crate) outstanding: usize,
}

pub(crate) const FANOUT_BYTES: usize = 64;

pub(crate) const FANOUT: [FanoutCase; 2] = [
    FanoutCase {
        name: "one",
        title: "64 B to 1,000, 1 publish outstanding",
        connections: 1000,
        outstanding: 1,
    },
    FanoutCase {
        name: "sixteen",
        title: "64 B to 1,000, 16 publishes outstanding",
        connections: 1000,
        outstanding: 16,
    },
];
