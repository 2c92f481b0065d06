//! An Engine.IO session over HTTP long-polling.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;

use crate::http::{Connection, Response, ask, ask_with, request};
use crate::websocket::WebSocket;

pub(crate) const OPEN: &str = "/socket.io/?EIO=4&transport=polling";

/// An open session.
pub(crate) struct Polling {
    pub(crate) address: SocketAddr,
    /// The payload of the `open` packet.
    pub(crate) open: Value,
    /// Packets that came with others and were not asked for yet.
    received: VecDeque<String>,
}

impl Polling {
    /// Opens a session.
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let response = ask(address, "GET", OPEN).await;
        let open = response.packets()[0].strip_prefix('0').expect("no open packet").to_owned();
        Self { address, open: serde_json::from_str(&open).unwrap(), received: VecDeque::new() }
    }

    /// Opens a session and connects to the main namespace; returns the id of the socket.
    pub(crate) async fn connect(address: SocketAddr) -> (Self, String) {
        let mut session = Self::open(address).await;
        session.post("40").await;
        let sid = socket_id(&session.next().await, "40");
        assert_eq!(session.next().await, r#"42["auth",{}]"#);
        (session, sid)
    }

    pub(crate) fn sid(&self) -> &str {
        self.open["sid"].as_str().unwrap()
    }

    /// The request target of this session.
    pub(crate) fn target(&self) -> String {
        format!("{OPEN}&sid={}", self.sid())
    }

    /// A `GET` of this session.
    pub(crate) async fn get(&self) -> Response {
        ask(self.address, "GET", &self.target()).await
    }

    /// A `GET` that has arrived at the server and is to wait there.
    pub(crate) async fn pending_get(&self) -> Connection {
        let mut connection = Connection::open(self.address).await;
        connection.send(request("GET", &self.target(), &[], b"")).await;
        arrival(self.address).await;
        connection
    }

    /// A `POST` of this session, whatever becomes of it.
    pub(crate) async fn try_post(&self, body: impl AsRef<[u8]>) -> Response {
        ask_with(self.address, "POST", &self.target(), &[], body.as_ref()).await
    }

    /// A `POST` that must be accepted.
    pub(crate) async fn post(&self, body: impl AsRef<[u8]>) {
        let response = self.try_post(body).await;
        assert_eq!((response.status, response.text()), (200, "ok"));
    }

    /// A `POST` of which only the first byte of a body of two has been sent.
    pub(crate) async fn partial_post(&self) -> Connection {
        let mut connection = Connection::open(self.address).await;
        let whole = request("POST", &self.target(), &[], b"40");
        connection.send(&whole[..whole.len() - 1]).await;
        connection
    }

    /// The next packet; pings are answered on the way.
    pub(crate) async fn next(&mut self) -> String {
        loop {
            while let Some(packet) = self.received.pop_front() {
                if packet != "2" {
                    return packet;
                }
                self.post("3").await;
            }
            let response = self.get().await;
            self.received.extend(response.packets().into_iter().map(str::to_owned));
        }
    }

    /// Packets that came but were not asked for yet.
    pub(crate) fn received_too(&mut self) -> Vec<String> {
        self.received.drain(..).collect()
    }

    /// The WebSocket of an upgrade, which has not been probed yet.
    pub(crate) async fn websocket(&self) -> WebSocket {
        WebSocket::open(self.address, &self.upgrade_target()).await
    }

    pub(crate) fn upgrade_target(&self) -> String {
        format!("/socket.io/?EIO=4&transport=websocket&sid={}", self.sid())
    }

    /// Whether the server has forgotten the session.
    pub(crate) async fn is_gone(&self) {
        assert_eq!(self.get().await.refusal(), (400, 1));
    }
}

/// The `sid` of a CONNECT packet.
pub(crate) fn socket_id(packet: &str, prefix: &str) -> String {
    let payload =
        packet.strip_prefix(prefix).unwrap_or_else(|| panic!("{packet} does not begin with {prefix}"));
    let payload: Value = serde_json::from_str(payload).unwrap();
    payload["sid"].as_str().unwrap().to_owned()
}

/// Gives a request time to reach the server where it answers nothing by which that could be seen: a while, and as long as
/// another request takes that comes after it.
pub(crate) async fn arrival(address: SocketAddr) {
    tokio::time::sleep(Duration::from_millis(30)).await;
    ask(address, "GET", "/nothing").await;
    tokio::time::sleep(Duration::from_millis(30)).await;
}
