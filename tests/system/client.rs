//! A blocking WebSocket client for the tests: tungstenite, so that no code of ours is on its side.

use std::net::{SocketAddr, TcpStream};

use serde_json::Value;
use tungstenite::protocol::CloseFrame;
use tungstenite::{Message, WebSocket};

use crate::server::{SOON, Server};

/// A connection whose reads fail after [`SOON`].
pub(crate) struct Client {
    socket: WebSocket<TcpStream>,
}

impl Client {
    /// Connects to a path of the server.
    pub(crate) fn connect(server: &Server, path: &str) -> Self {
        Self::try_connect(server.address(), path).unwrap()
    }

    /// Connects, or says why not.
    pub(crate) fn try_connect(address: SocketAddr, path: &str) -> Result<Self, Box<dyn std::error::Error>> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(SOON))?;
        let (socket, _) = tungstenite::client(format!("ws://{address}{path}"), stream)?;
        Ok(Self { socket })
    }

    /// Connects to `/ws` and joins a room. What was said on the way is read; the answer is returned.
    pub(crate) fn in_room(server: &Server, room: &str) -> (Self, Value) {
        let mut client = Self::connect(server, "/ws");
        assert_eq!(client.next_json()["type"], "welcome");
        client.send_json(&serde_json::json!({ "type": "join", "room": room, "id": "j" }));
        let joined = client.next_of_type("joined");
        assert_eq!(joined["id"], "j");
        (client, joined)
    }

    pub(crate) fn send(&mut self, message: Message) {
        self.socket.send(message).unwrap();
    }

    pub(crate) fn send_json(&mut self, message: &Value) {
        self.send(Message::text(message.to_string()));
    }

    /// The next message that is not a ping or a pong.
    pub(crate) fn next(&mut self) -> Message {
        loop {
            let message = self.socket.read().unwrap();
            if !matches!(message, Message::Ping(_) | Message::Pong(_)) {
                return message;
            }
        }
    }

    /// The next message of the native protocol.
    pub(crate) fn next_json(&mut self) -> Value {
        serde_json::from_str(self.next().to_text().unwrap()).unwrap()
    }

    /// Skips messages until one has this type.
    pub(crate) fn next_of_type(&mut self, wanted: &str) -> Value {
        loop {
            let message = self.next_json();
            assert_ne!(message["type"], "error", "{message}");
            if message["type"] == wanted {
                return message;
            }
        }
    }

    /// Skips messages until the close frame and answers it.
    pub(crate) fn until_close(mut self) -> Option<CloseFrame> {
        loop {
            if let Message::Close(frame) = self.next() {
                // The answer is queued by the read; the end of the connection follows it.
                while self.socket.read().is_ok() {}
                return frame;
            }
        }
    }
}
