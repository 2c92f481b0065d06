//! Packets of the server in the dialects of the clients.

use std::borrow::Cow;
use std::cell::Cell;

use bytes::Bytes;
use ropeway_hub::EncoderId;
use ropeway_socketio::{Body, Packet, encode, msgpack};
use ropeway_ws::Message;
use tracing::warn;

use crate::protocol::Framing;

/// What a client understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// JSON in text messages, attachments in binary ones.
    Standard,
    /// npm `socket.io-msgpack-parser`: every packet is a binary message.
    Msgpack,
    /// As `Standard`, for Engine.IO v3, where a binary message begins with the type of its packet.
    Legacy,
}

/// A packet of the server. Arguments are JSON values with commas between them.
pub(super) enum Outgoing<'a> {
    Connect(Option<&'a str>),
    Disconnect,
    /// The parts of `arguments` follow each other.
    Event {
        id: Option<u64>,
        name: &'a str,
        arguments: &'a [&'a str],
        attachments: &'a [Bytes],
    },
    Ack {
        id: u64,
        arguments: &'a str,
        attachments: &'a [Bytes],
    },
    /// An object; a string for Engine.IO v3.
    ConnectError(&'a str),
}

/// Makes frames of packets.
pub(super) struct Packets {
    dialect: Dialect,
    framing: Framing,
}

impl Packets {
    pub(super) fn new(dialect: Dialect, framing: Framing) -> Self {
        Self { dialect, framing }
    }

    /// Above those of the native protocol, which are windows alone.
    pub(super) fn id(&self) -> EncoderId {
        EncoderId(((self.dialect as u64 + 1) << 8) | self.framing.id())
    }

    /// The frames of one packet, back to back: a text and then its attachments, or a single binary message.
    pub(super) fn frame(&self, namespace: &str, packet: &Outgoing<'_>) -> Bytes {
        match self.dialect {
            Dialect::Standard | Dialect::Legacy => self.standard(namespace, packet),
            Dialect::Msgpack => self.msgpack(&packet.to_packet(namespace)),
        }
    }

    fn standard(&self, namespace: &str, packet: &Outgoing<'_>) -> Bytes {
        let mut text = TEXT.take();
        text.push('4');
        packet.push(namespace, &mut text);
        let attachments = packet.attachments();
        let room = attachments.iter().map(|data| Framing::room_for(data.len() + 1)).sum::<usize>();
        let mut frames = Vec::with_capacity(Framing::room_for(text.len()) + room);
        self.framing.append(Message::Text(Cow::Borrowed(&text)), &mut frames);
        for attachment in attachments {
            self.framing.append(Message::Binary(self.binary(attachment)), &mut frames);
        }
        keep(text);
        frames.into()
    }

    fn binary<'a>(&self, attachment: &'a [u8]) -> Cow<'a, [u8]> {
        match self.dialect {
            Dialect::Legacy => Cow::Owned([&[4], attachment].concat()),
            _ => Cow::Borrowed(attachment),
        }
    }

    /// A packet that cannot be expressed is not sent: an application's JSON that is none, or nesting beyond all measure.
    fn msgpack(&self, packet: &Packet<'_>) -> Bytes {
        let mut message = Vec::new();
        if let Err(error) = msgpack::encode(packet, &mut message) {
            warn!(%error, "an event is not sent to clients with the msgpack parser");
            return Bytes::new();
        }
        let mut frame = Vec::with_capacity(Framing::room_for(message.len()));
        self.framing.append(Message::Binary(message.into()), &mut frame);
        frame.into()
    }
}

impl<'a> Outgoing<'a> {
    fn push(&self, namespace: &str, out: &mut String) {
        match self {
            Self::Connect(payload) => encode::connect(out, namespace, *payload),
            Self::Disconnect => encode::disconnect(out, namespace),
            Self::Event { id, name, arguments, attachments } => {
                encode::event(out, namespace, *id, name, arguments, attachments.len());
            }
            Self::Ack { id, arguments, attachments } => {
                encode::ack(out, namespace, *id, arguments, attachments.len());
            }
            Self::ConnectError(payload) => encode::connect_error(out, namespace, payload),
        }
    }

    fn attachments(&self) -> &'a [Bytes] {
        match self {
            Self::Event { attachments, .. } | Self::Ack { attachments, .. } => attachments,
            _ => &[],
        }
    }

    fn to_packet(&'a self, namespace: &'a str) -> Packet<'a> {
        let body = match self {
            Self::Connect(payload) => Body::Connect(payload.map(Cow::Borrowed)),
            Self::Disconnect => Body::Disconnect,
            Self::Event { id, name, arguments, attachments } => Body::Event {
                id: *id,
                name: Cow::Borrowed(name),
                arguments: joined(arguments),
                attachments: Cow::Borrowed(attachments),
            },
            Self::Ack { id, arguments, attachments } => Body::Ack {
                id: *id,
                arguments: Cow::Borrowed(arguments),
                attachments: Cow::Borrowed(attachments),
            },
            Self::ConnectError(payload) => Body::ConnectError(Cow::Borrowed(payload)),
        };
        Packet { namespace: Cow::Borrowed(namespace), body }
    }
}

fn joined<'a>(parts: &[&'a str]) -> Cow<'a, str> {
    match parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>()[..] {
        [] => Cow::Borrowed(""),
        [part] => Cow::Borrowed(part),
        ref parts => Cow::Owned(parts.join(",")),
    }
}

/// Larger ones are given back, so that a thread does not keep what one large packet took.
const KEPT: usize = 64 * 1024;

thread_local! {
    /// Empty between two uses: only its memory is kept, once for all connections of a thread.
    static TEXT: Cell<String> = const { Cell::new(String::new()) };
}

fn keep(mut text: String) {
    if text.capacity() <= KEPT {
        text.clear();
        TEXT.set(text);
    }
}
