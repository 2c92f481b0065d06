//! Encode once.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroU64;

use bytes::Bytes;

use super::{Class, Frame, Link};
use crate::{EncoderId, Limits, Outbound, SlowConsumer};

/// One message on its way to many connections: encoded at the first of each encoding, shared by the others.
pub(crate) struct Frames<'a> {
    namespace: &'a str,
    message: &'a Outbound<'a>,
    class: Class,
    /// One for each encoding; there are few, so they are looked at in turn.
    made: Vec<(EncoderId, Bytes)>,
}

impl<'a> Frames<'a> {
    pub(crate) fn new(namespace: &'a str, message: &'a Outbound<'a>, class: Class) -> Self {
        Self { namespace, message, class, made: Vec::new() }
    }

    #[inline]
    pub(crate) fn for_link(&mut self, link: &Link) -> Frame {
        let bytes = match self.made.iter().find(|(id, _)| *id == link.encoder_id) {
            Some((_, bytes)) => bytes.clone(),
            None => self.make(link),
        };
        Frame { bytes, class: self.class }
    }

    #[inline(never)]
    fn make(&mut self, link: &Link) -> Bytes {
        let bytes = link.encode(self.namespace, self.message);
        self.made.push((link.encoder_id, bytes.clone()));
        bytes
    }
}

/// The class of an event: the same for all of one room and name.
pub(crate) fn class_of(limits: &Limits, namespace: &str, room: Option<&str>, event: &str) -> Class {
    if limits.slow_consumer != SlowConsumer::Conflate {
        return Some(NonZeroU64::MIN);
    }
    let mut hasher = DefaultHasher::new();
    (namespace, room, event).hash(&mut hasher);
    Some(NonZeroU64::new(hasher.finish()).unwrap_or(NonZeroU64::MIN))
}
