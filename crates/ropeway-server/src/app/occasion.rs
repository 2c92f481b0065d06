//! What happens to a socket, borrowed for as long as it can be handled at once and owned when it has to wait.

use ropeway_hub::{Answer, DisconnectReason, OwnedPayload, Payload};

/// What handlers are called for.
pub(super) enum Occasion<'a> {
    Connected,
    Event { name: &'a str, data: Payload<'a>, answer: Option<Answer> },
    Disconnected(DisconnectReason),
}

/// An [`Occasion`] that waits.
pub(super) enum Job {
    Connected,
    Event { name: Box<str>, data: OwnedPayload, answer: Option<Answer> },
    Disconnected(DisconnectReason),
}

impl Occasion<'_> {
    pub(super) fn into_job(self) -> Job {
        match self {
            Self::Connected => Job::Connected,
            Self::Event { name, data, answer } => {
                Job::Event { name: name.into(), data: data.to_owned(), answer }
            }
            Self::Disconnected(reason) => Job::Disconnected(reason),
        }
    }
}

impl Job {
    /// The answer is taken along.
    pub(super) fn as_occasion(&mut self) -> Occasion<'_> {
        match self {
            Self::Connected => Occasion::Connected,
            Self::Event { name, data, answer } => {
                Occasion::Event { name, data: data.as_payload(), answer: answer.take() }
            }
            Self::Disconnected(reason) => Occasion::Disconnected(*reason),
        }
    }

    /// Bytes that the client made us hold.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Event { name, data, .. } => size_of::<Self>() + name.len() + data.as_payload().size(),
            Self::Connected | Self::Disconnected(_) => size_of::<Self>(),
        }
    }
}
