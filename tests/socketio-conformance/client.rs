//! Socket.IO over one WebSocket.

use std::net::SocketAddr;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use serde_json::Value;

use crate::polling::socket_id;
use crate::websocket::{Frame, WebSocket};

pub(crate) const OPEN: &str = "/socket.io/?EIO=4&transport=websocket";

/// An Engine.IO session that began on WebSocket.
pub(crate) struct Client {
    socket: WebSocket,
    /// The payload of the `open` packet.
    pub(crate) open: Value,
    /// The id of the socket in the main namespace; empty before [`Self::join`].
    pub(crate) sid: String,
    questions: u64,
}

impl Client {
    /// Opens the session and joins no namespace.
    pub(crate) async fn open(address: SocketAddr) -> Self {
        Self::over(WebSocket::open(address, OPEN).await).await
    }

    /// Reads the `open` packet of a WebSocket.
    pub(crate) async fn over(mut socket: WebSocket) -> Self {
        let Frame::Text(open) = socket.next().await else { panic!("no open packet") };
        let open = serde_json::from_str(open.strip_prefix('0').expect("no open packet")).unwrap();
        Self { socket, open, sid: String::new(), questions: 1000 }
    }

    /// Opens the session and joins the main namespace.
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let mut client = Self::open(address).await;
        client.sid = client.join("/").await;
        client
    }

    /// Joins a namespace without credentials; returns the id of the socket.
    pub(crate) async fn join(&mut self, namespace: &str) -> String {
        let prefix = if namespace == "/" { String::new() } else { format!("{namespace},") };
        self.text(&format!("40{prefix}")).await;
        let sid = socket_id(&self.hear().await, &format!("40{prefix}"));
        self.hears(&format!(r#"42{prefix}["auth",{{}}]"#)).await;
        sid
    }

    /// The next frame that is no Engine.IO ping; pings are answered.
    pub(crate) async fn frame(&mut self) -> Frame {
        loop {
            match self.socket.next().await {
                Frame::Text(ping) if ping == "2" => self.socket.text("3").await,
                frame => return frame,
            }
        }
    }

    /// Takes what comes within a moment, if anything.
    pub(crate) async fn frame_or_silence(&mut self) {
        let _ = tokio::time::timeout(Duration::from_millis(30), self.socket.next()).await;
    }

    /// The next packet, which must be text.
    pub(crate) async fn hear(&mut self) -> String {
        match self.frame().await {
            Frame::Text(text) => text,
            other => panic!("{other:?} instead of a text"),
        }
    }

    /// The next packet must be this one.
    pub(crate) async fn hears(&mut self, expected: &str) {
        assert_eq!(self.hear().await, expected);
    }

    /// The next packet must be these bytes.
    pub(crate) async fn hears_binary(&mut self, expected: &[u8]) {
        assert_eq!(self.frame().await, Frame::Binary(expected.to_vec()));
    }

    /// The server ends the connection without another word of the application; returns its close code.
    pub(crate) async fn closes(&mut self) -> Option<u16> {
        match self.frame().await {
            Frame::Close(code) => {
                self.finish().await;
                code
            }
            Frame::End => None,
            other => panic!("{other:?} instead of a close"),
        }
    }

    /// The connection works: an event is answered, and nothing came before the answer.
    pub(crate) async fn works(&mut self) {
        let answer = self.ask("message-with-ack", r#""still there?""#).await;
        assert_eq!(answer, serde_json::json!(["still there?"]));
    }

    /// Emits an event in the main namespace and returns the arguments of its acknowledgement.
    pub(crate) async fn ask(&mut self, event: &str, arguments: &str) -> Value {
        self.questions += 1;
        let (id, comma) = (self.questions, if arguments.is_empty() { "" } else { "," });
        self.text(&format!(r#"42{id}["{event}"{comma}{arguments}]"#)).await;
        let answer = self.hear().await;
        let answer =
            answer.strip_prefix(&format!("43{id}")).unwrap_or_else(|| panic!("{answer} is no answer"));
        serde_json::from_str(answer).unwrap()
    }
}

/// Why the socket with this id ended, as the application learnt it.
pub(crate) async fn ending(address: SocketAddr, sid: &str) -> String {
    let mut observer = Client::connect(address).await;
    let answer = observer.ask("ending", &format!("{sid:?}")).await;
    answer[0].as_str().unwrap().to_owned()
}

/// The server still serves others.
pub(crate) async fn survives(address: SocketAddr) {
    Client::connect(address).await.works().await;
}

impl Deref for Client {
    type Target = WebSocket;

    fn deref(&self) -> &WebSocket {
        &self.socket
    }
}

impl DerefMut for Client {
    fn deref_mut(&mut self) -> &mut WebSocket {
        &mut self.socket
    }
}
