//! What the sessions of a server share.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ropeway_hub::Hub;
use ropeway_socketio::Limits;
use ropeway_ws::deflate::{self, Params};

use super::encoder::SocketIoEncoder;
use super::packet::Dialect;
use crate::app::App;
use crate::config::{Namespace, SocketIo};
use crate::protocol::Framing;

/// The protocol as this server speaks it; one for all its sessions.
pub(crate) struct Protocol {
    pub(super) hub: Hub,
    /// Namespaces that it does not know are served without it.
    pub(super) app: Option<App>,
    /// Namespaces without an application: there the reserved events are understood.
    bare: Arc<[Box<str>]>,
    pub(super) limits: Limits,
    /// Time in which a client has to connect to a namespace.
    pub(super) connect_timeout: Duration,
    /// Sockets that come back are recovered.
    pub(super) recovery: bool,
    /// Middleware is not run for them.
    pub(super) skip_middlewares: bool,
    /// By which frames are made.
    config: Arc<ropeway_ws::Config>,
    /// For each dialect one for each window that may be agreed on (8 to 15 bits), and the first for connections without
    /// compression.
    encoders: [[OnceLock<Arc<SocketIoEncoder>>; 9]; 3],
}

impl Protocol {
    /// The one of a server with these settings.
    pub(crate) fn new(hub: Hub, app: Option<App>, settings: &SocketIo) -> Self {
        let mut deflate = deflate::Config::without_takeover();
        deflate.threshold = settings.per_message_deflate_threshold.bytes();
        let names = settings.namespaces.iter().map(Namespace::as_str);
        let handled = |name: &str| app.as_ref().is_some_and(|app| app.has_namespace(name));
        Self {
            bare: names.filter(|name| !handled(name)).map(Into::into).collect(),
            hub,
            app,
            limits: Limits::default(),
            connect_timeout: settings.connect_timeout,
            recovery: settings.recovery,
            skip_middlewares: settings.skip_middlewares,
            config: Arc::new(ropeway_ws::Config { deflate: Some(deflate), ..ropeway_ws::Config::default() }),
            encoders: Default::default(),
        }
    }

    pub(super) fn is_bare(&self, namespace: &str) -> bool {
        self.bare.iter().any(|name| **name == *namespace)
    }

    /// The one of all connections with this window (0: without compression).
    pub(super) fn encoder(&self, dialect: Dialect, window: u8) -> Arc<SocketIoEncoder> {
        let slots = &self.encoders[dialect as usize];
        let slot = if window == 0 { 0 } else { usize::from(window.clamp(8, 15)) - 7 };
        let make = || {
            let deflate =
                (slot > 0).then(|| Params { server_max_window_bits: slot as u8 + 7, ..Params::default() });
            Arc::new(SocketIoEncoder::new(
                dialect,
                Framing::new(self.config.clone(), deflate),
                self.bare.clone(),
            ))
        };
        slots[slot].get_or_init(make).clone()
    }
}
