//! Ready WebSocket frames for what the hub sends.

use std::sync::Arc;

use bytes::Bytes;
use ropeway_ws::deflate::Params;
use ropeway_ws::{Config, Prepared};

/// How the frames of a connection are made.
#[derive(Clone, Debug)]
pub(crate) struct Framing {
    config: Arc<Config>,
    /// What was agreed on, if permessage-deflate was.
    deflate: Option<Params>,
}

impl Framing {
    pub(crate) fn new(config: Arc<Config>, deflate: Option<Params>) -> Self {
        Self { config, deflate }
    }

    /// The same for all connections that can share frames: a compressed frame that refers to nothing before it depends
    /// on the window alone.
    pub(crate) fn id(&self) -> u64 {
        self.deflate.as_ref().map_or(0, |params| u64::from(params.server_max_window_bits))
    }

    /// A text message in one frame. The empty text makes no frame.
    pub(crate) fn frame(&self, text: String) -> Bytes {
        if text.is_empty() {
            return Bytes::new();
        }
        Prepared::new(text).frame(self.deflate.as_ref().map(|params| (params, &*self.config)))
    }
}

#[cfg(test)]
mod tests {
    use ropeway_ws::deflate;

    use super::*;

    fn framing(bits: Option<u8>) -> Framing {
        let config = Config { deflate: Some(deflate::Config::default()), ..Config::default() };
        let params =
            bits.map(|server_max_window_bits| Params { server_max_window_bits, ..Params::default() });
        Framing::new(Arc::new(config), params)
    }

    #[test]
    fn frames_are_those_of_a_server() {
        assert_eq!(&framing(None).frame("Hello".to_owned())[..], b"\x81\x05Hello");
        assert!(framing(None).frame(String::new()).is_empty());
    }

    #[test]
    fn long_texts_are_compressed_where_that_was_agreed_on() {
        let text = "a".repeat(1000);
        let frame = framing(Some(15)).frame(text.clone());
        assert!(frame[0] == 0xc1 && frame.len() < 100);
        assert_eq!(framing(None).frame(text).len(), 1004);
    }

    #[test]
    fn the_window_tells_framings_apart() {
        assert_eq!(framing(Some(12)).id(), framing(Some(12)).id());
        assert_ne!(framing(Some(12)).id(), framing(Some(15)).id());
        assert_ne!(framing(Some(12)).id(), framing(None).id());
    }
}
