//! What messages need of a connection: its encoder and its outbox.

use std::sync::Arc;

use bytes::Bytes;

use super::{Class, Frame, Outbox, wake};
use crate::{Close, Encoder, EncoderId, Limits, Outbound};

/// The part of a connection that rooms hold on to.
pub(crate) struct Link {
    pub(crate) limits: Arc<Limits>,
    encoder: Arc<dyn Encoder>,
    /// As the encoder said; here because fan-out asks for each member.
    pub(crate) encoder_id: EncoderId,
    pub(crate) outbox: Outbox,
}

impl Link {
    pub(crate) fn new(limits: Arc<Limits>, encoder: Arc<dyn Encoder>) -> Self {
        let encoder_id = encoder.id();
        Self { limits, encoder, encoder_id, outbox: Outbox::default() }
    }

    pub(crate) fn encode(&self, namespace: &str, message: &Outbound<'_>) -> Bytes {
        self.encoder.encode(namespace, message)
    }

    pub(crate) fn frame(&self, namespace: &str, message: &Outbound<'_>, class: Class) -> Frame {
        Frame { bytes: self.encode(namespace, message), class }
    }

    /// Queues and wakes: not to be called under a lock that others wait for.
    pub(crate) fn push(&self, frame: Frame) {
        wake(self.outbox.push(frame, false, &self.limits));
    }

    pub(crate) fn close(&self, close: Close) {
        wake(self.outbox.close(close));
    }
}
