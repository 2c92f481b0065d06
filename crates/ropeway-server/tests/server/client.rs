//! A client of the native protocol, by a WebSocket library that is not ours.

use std::net::{IpAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpSocket;
use tokio::runtime::Builder;
use tungstenite::protocol::CloseFrame;
use tungstenite::{ClientRequestBuilder, Error, Message, WebSocket};

use crate::running::Running;

/// Longer than anything here takes.
pub(crate) const SOON: Duration = Duration::from_secs(10);

pub(crate) struct Client(pub(crate) WebSocket<TcpStream>);

impl Client {
    /// Connects to `/ws` and reads the welcome.
    pub(crate) fn connect(server: &Running) -> Self {
        Self::welcomed(server).0
    }

    pub(crate) fn welcomed(server: &Running) -> (Self, Value) {
        let mut client = Self(open(server, "/ws", &[]).unwrap());
        let welcome = client.read();
        (client, welcome)
    }

    /// Connects and joins, and reads up to the answer.
    pub(crate) fn in_room(server: &Running, room: &str) -> Self {
        let mut client = Self::connect(server);
        let joined = client.ask(&json!({ "type": "join", "room": room, "id": "join" }));
        assert_eq!(joined["type"], "joined", "{joined}");
        client
    }

    pub(crate) fn send(&mut self, message: &Value) {
        self.0.send(Message::text(message.to_string())).unwrap();
    }

    /// The next message, a JSON text.
    #[track_caller]
    pub(crate) fn read(&mut self) -> Value {
        loop {
            match self.0.read().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("a text instead of {other:?}"),
            }
        }
    }

    /// Sends a request and reads one message.
    #[track_caller]
    pub(crate) fn ask(&mut self, request: &Value) -> Value {
        self.send(request);
        self.read()
    }

    /// Reads up to the close, whatever comes before.
    #[track_caller]
    pub(crate) fn closed(&mut self) -> (u16, String) {
        closed(&mut self.0)
    }

    /// Asks for a pong and reads up to it: everything that was queued before has come then.
    #[track_caller]
    pub(crate) fn nothing_more(&mut self) {
        assert_eq!(
            self.ask(&json!({ "type": "ping", "id": "last" })),
            json!({ "type": "pong", "id": "last" })
        );
    }
}

#[track_caller]
pub(crate) fn closed(socket: &mut WebSocket<TcpStream>) -> (u16, String) {
    loop {
        match socket.read().unwrap() {
            Message::Close(Some(CloseFrame { code, reason })) => return (code.into(), reason.to_string()),
            Message::Close(None) => panic!("a code"),
            _ => {}
        }
    }
}

/// A WebSocket to a path of the server, with headers besides those of the handshake.
pub(crate) fn open(
    server: &Running,
    path: &str,
    headers: &[(&str, &str)],
) -> Result<WebSocket<TcpStream>, Box<Error>> {
    shake_hands(TcpStream::connect(server.address).unwrap(), server, path, headers)
}

/// The same from an address of this machine; of the loopback network Linux has all.
pub(crate) fn open_from(
    source: IpAddr,
    server: &Running,
    path: &str,
    headers: &[(&str, &str)],
) -> Result<WebSocket<TcpStream>, Box<Error>> {
    let runtime = Builder::new_current_thread().enable_io().build().unwrap();
    let connect = async {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((source, 0).into()).unwrap();
        socket.connect(server.address).await.unwrap().into_std().unwrap()
    };
    let stream = runtime.block_on(connect);
    stream.set_nonblocking(false).unwrap();
    shake_hands(stream, server, path, headers)
}

fn shake_hands(
    stream: TcpStream,
    server: &Running,
    path: &str,
    headers: &[(&str, &str)],
) -> Result<WebSocket<TcpStream>, Box<Error>> {
    let uri = format!("ws://{}{path}", server.address).parse().unwrap();
    let request = headers
        .iter()
        .fold(ClientRequestBuilder::new(uri), |request, (name, value)| request.with_header(*name, *value));
    stream.set_read_timeout(Some(SOON)).unwrap();
    match tungstenite::client(request, stream) {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::HandshakeError::Failure(error)) => Err(Box::new(error)),
        Err(tungstenite::HandshakeError::Interrupted(_)) => panic!("the handshake takes too long"),
    }
}

/// The status with which a handshake is refused.
#[track_caller]
pub(crate) fn refused(server: &Running, path: &str, headers: &[(&str, &str)]) -> u16 {
    match open(server, path, headers).map_err(|error| *error) {
        Err(Error::Http(response)) => response.status().as_u16(),
        other => panic!("a refusal instead of {other:?}"),
    }
}

/// The status with which a newcomer is refused, when to come again, and the code in the body.
pub(crate) type Refusal = (u16, Option<String>, Value);

/// How a handshake is refused.
#[track_caller]
#[allow(dead_code, reason = "for tests of authentication")]
pub(crate) fn refusal(server: &Running, path: &str, headers: &[(&str, &str)]) -> Refusal {
    match try_open(server, path, headers) {
        Err(refusal) => refusal,
        Ok(socket) => panic!("a refusal instead of {socket:?}"),
    }
}

/// A WebSocket as by [`open`], or how it is refused.
#[track_caller]
pub(crate) fn try_open(
    server: &Running,
    path: &str,
    headers: &[(&str, &str)],
) -> Result<WebSocket<TcpStream>, Refusal> {
    open(server, path, headers).map_err(|error| match *error {
        Error::Http(response) => {
            let body: Value = serde_json::from_slice(response.body().as_deref().unwrap()).unwrap();
            assert!(body["message"].is_string(), "{body}");
            let when = response.headers().get("retry-after").map(|when| when.to_str().unwrap().to_owned());
            (response.status().as_u16(), when, body["code"].clone())
        }
        other => panic!("a refusal instead of {other}"),
    })
}
