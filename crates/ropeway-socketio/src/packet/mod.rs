//! The packets of Socket.IO v5.

pub(crate) mod decode;
pub mod encode;
pub(crate) mod name;

use std::borrow::Cow;

use bytes::Bytes;

/// A packet of Socket.IO v5, in either direction.
///
/// Payloads are JSON text, borrowed from the message that they came in where that is possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Begins with `/`. What follows a `?` is part of it, as for the reference parser.
    pub namespace: Cow<'a, str>,
    /// What it says.
    pub body: Body<'a>,
}

/// What a packet says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// CONNECT: a client asks for a namespace, or a server lets it in. An object, if anything.
    Connect(Option<Cow<'a, str>>),
    /// DISCONNECT: the socket leaves the namespace, or is put out of it.
    Disconnect,
    /// EVENT, or BINARY_EVENT when it has attachments.
    Event {
        /// Present when the sender waits for an acknowledgement.
        id: Option<u64>,
        /// The first element of the payload, unescaped. A number is its text.
        name: Cow<'a, str>,
        /// The rest of the payload: JSON values with commas between them, without the brackets, perhaps none.
        arguments: Cow<'a, str>,
        /// `{"_placeholder":true,"num":0}` in `arguments` stands for the first one. Without attachments such an
        /// object means nothing.
        attachments: Cow<'a, [Bytes]>,
    },
    /// ACK, or BINARY_ACK when it has attachments.
    Ack {
        /// That of the event.
        id: u64,
        /// As those of an event.
        arguments: Cow<'a, str>,
        /// As those of an event.
        attachments: Cow<'a, [Bytes]>,
    },
    /// CONNECT_ERROR: the namespace is refused. An object, or a string for clients of Engine.IO v3.
    ConnectError(Cow<'a, str>),
}

impl Packet<'_> {
    /// Appends the text of the packet, without the type of the Engine.IO packet. Each attachment follows as a binary
    /// message of its own.
    pub fn encode(&self, out: &mut String) {
        let namespace = &self.namespace;
        match &self.body {
            Body::Connect(payload) => encode::connect(out, namespace, payload.as_deref()),
            Body::Disconnect => encode::disconnect(out, namespace),
            Body::Event { id, name, arguments, attachments } => {
                encode::event(out, namespace, *id, name, &[arguments], attachments.len());
            }
            Body::Ack { id, arguments, attachments } => {
                encode::ack(out, namespace, *id, arguments, attachments.len());
            }
            Body::ConnectError(payload) => encode::connect_error(out, namespace, payload),
        }
    }

    /// The attachments that follow.
    pub fn attachments(&self) -> &[Bytes] {
        match &self.body {
            Body::Event { attachments, .. } | Body::Ack { attachments, .. } => attachments,
            _ => &[],
        }
    }

    /// The arguments of an event or an acknowledgement: JSON values with commas between them, perhaps none.
    pub fn arguments(&self) -> &str {
        match &self.body {
            Body::Event { arguments, .. } | Body::Ack { arguments, .. } => arguments,
            _ => "",
        }
    }

    /// The namespace's path, and the query that clients of Engine.IO v3 put behind it to authenticate. For others the
    /// query is a part of the name.
    pub fn path_and_query(&self) -> (&str, Option<&str>) {
        match self.namespace.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (&self.namespace, None),
        }
    }

    /// The packet without what it borrows.
    pub fn into_owned(self) -> Packet<'static> {
        Packet { namespace: owned(self.namespace), body: self.body.into_owned() }
    }
}

impl Body<'_> {
    fn into_owned(self) -> Body<'static> {
        match self {
            Body::Connect(payload) => Body::Connect(payload.map(owned)),
            Body::Disconnect => Body::Disconnect,
            Body::Event { id, name, arguments, attachments } => Body::Event {
                id,
                name: owned(name),
                arguments: owned(arguments),
                attachments: Cow::Owned(attachments.into_owned()),
            },
            Body::Ack { id, arguments, attachments } => Body::Ack {
                id,
                arguments: owned(arguments),
                attachments: Cow::Owned(attachments.into_owned()),
            },
            Body::ConnectError(payload) => Body::ConnectError(owned(payload)),
        }
    }
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}
