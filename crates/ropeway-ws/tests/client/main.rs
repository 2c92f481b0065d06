//! The client against servers of all kinds, over TCP.
#![cfg(feature = "client")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may stop at the first surprise")]

mod connect;
mod handshake;
mod redirects;
mod refused;
mod routes;
#[path = "../support/mod.rs"]
mod support;
mod tls;

use http::Response;
use ropeway_ws::WebSocket;
use ropeway_ws::client::{Connect, ConnectError};

use support::script::Script;

type Opened = Result<(WebSocket, Response<()>), ConnectError>;

/// What the client makes of `answer`, behind which the stream stays open.
async fn open(with: impl FnOnce(Connect) -> Connect, answer: impl FnOnce(&str) -> Vec<u8>) -> Opened {
    let script = Script::new().await;
    let connect = with(Connect::new(&script.url("/")).unwrap());
    let (opened, _stream) = tokio::join!(connect.open(), script.answer(answer));
    opened
}
