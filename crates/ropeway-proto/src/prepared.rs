//! A message that is encoded once and sent to many.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;

use crate::Role;
use crate::config::Config;
use crate::deflate::{self, Deflater, Params};
use crate::frame::{Header, OpCode};
use crate::message::Message;

/// A message whose frame is made once, and deflated once for each set of parameters, however many connections of a
/// server it goes to. A clone is another reference to the same frames.
#[derive(Clone, Debug)]
pub struct Prepared(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    message: Message<'static>,
    plain: OnceLock<Bytes>,
    /// One frame for each window and level. Held while a frame is made, so that it is made once.
    deflated: Mutex<Vec<((u8, u8), Bytes)>>,
}

impl Prepared {
    /// Prepares a message.
    pub fn new(message: impl Into<Message<'static>>) -> Self {
        Self(Arc::new(Inner {
            message: message.into(),
            plain: OnceLock::new(),
            deflated: Mutex::new(Vec::new()),
        }))
    }

    /// The message itself.
    pub fn message(&self) -> Message<'_> {
        match &self.0.message {
            Message::Text(text) => Message::Text(Cow::Borrowed(text)),
            Message::Binary(bytes) => Message::Binary(Cow::Borrowed(bytes)),
        }
    }

    /// The frame that a server sends: for connections without permessage-deflate, or for those that agreed on `Params`.
    /// A compressed frame refers to nothing sent before, so it suits any of them; it is plain where compression does not
    /// make it smaller.
    pub fn frame(&self, deflate: Option<(&Params, &Config)>) -> Bytes {
        let wanted = deflate.and_then(|(params, config)| Some((params, config.deflate.as_ref()?)));
        match wanted {
            Some((params, config)) if self.0.message.len() >= config.threshold => {
                self.deflated_frame(params, config)
            }
            _ => self.plain_frame(),
        }
    }

    fn plain_frame(&self) -> Bytes {
        let message = &self.0.message;
        self.0.plain.get_or_init(|| encode(message.opcode(), false, message.as_bytes())).clone()
    }

    fn deflated_frame(&self, params: &Params, config: &deflate::Config) -> Bytes {
        let key = (params.server_max_window_bits, config.level);
        let mut frames = self.0.deflated.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, frame)) = frames.iter().find(|(made_for, _)| *made_for == key) {
            return frame.clone();
        }
        let frame = self.deflate(params, config).unwrap_or_else(|| self.plain_frame());
        frames.push((key, frame.clone()));
        frame
    }

    fn deflate(&self, params: &Params, config: &deflate::Config) -> Option<Bytes> {
        let message = &self.0.message;
        let mut deflater = Deflater::new(params, Role::Server, config)?;
        let mut compressed = Vec::new();
        deflater.compress(message.as_bytes(), &mut compressed).ok()?;
        (compressed.len() < message.len()).then(|| encode(message.opcode(), true, &compressed))
    }
}

/// The frame of a whole message as a server sends it.
fn encode(opcode: OpCode, compressed: bool, payload: &[u8]) -> Bytes {
    let mut frame = Vec::with_capacity(payload.len() + 10);
    Header { fin: true, compressed, opcode, mask: None, payload_len: payload.len() as u64 }
        .encode(&mut frame);
    frame.extend_from_slice(payload);
    frame.into()
}
