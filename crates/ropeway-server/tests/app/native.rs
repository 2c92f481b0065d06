//! Clients of the native protocol are sockets of `/` like any other.

use std::net::TcpStream;

use ropeway_server::app::{App, Binary, Data, Refusal, Reply, Socket};
use serde_json::{Value, json};
use tungstenite::{ClientRequestBuilder, Message, WebSocket};

use crate::client::Client;
use crate::running::{Running, SOON, telling};

pub(crate) struct Native(WebSocket<TcpStream>);

impl Native {
    /// Connects and reads the first message, the welcome.
    pub(crate) fn connect(server: &Running) -> (Self, Value) {
        let stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        let uri = format!("ws://{}/ws", server.address).parse().unwrap();
        let request = ClientRequestBuilder::new(uri).with_header("x-name", "ada");
        let (socket, _) = tungstenite::client(request, stream).unwrap();
        let mut native = Self(socket);
        let welcome = native.read();
        (native, welcome)
    }

    fn send(&mut self, message: &Value) {
        self.0.send(Message::text(message.to_string())).unwrap();
    }

    #[track_caller]
    fn read(&mut self) -> Value {
        serde_json::from_str(&self.0.read().unwrap().into_text().unwrap()).unwrap()
    }

    #[track_caller]
    fn ask(&mut self, message: &Value) -> Value {
        self.send(message);
        self.read()
    }
}

#[test]
fn both_protocols_meet_in_a_namespace_with_handlers() {
    let app = App::new();
    app.namespace("/")
        .on_connect(|socket: Socket| socket.emit("hello", socket.handshake().header("x-name")))
        .on("enter", |socket: Socket| {
            socket.join("room")?;
            Ok::<_, ropeway_server::app::Error>(Reply("in"))
        })
        .on("say", |socket: Socket, Data(text): Data<String>| socket.to("room").emit("said", text));
    let server = Running::start(app.clone());
    let (mut native, welcome) = Native::connect(&server);
    assert_eq!(welcome["type"], "welcome");
    assert_eq!(native.read(), json!({ "type": "event", "event": "hello", "data": "ada" }));
    let answer = native.ask(&json!({ "type": "emit", "event": "enter", "data": null, "id": "1" }));
    assert_eq!(answer["type"], "joined", "a membership that the server made is told: {answer}");
    assert_eq!(native.read(), json!({ "type": "ack", "id": "1", "data": "in" }));

    let mut other = Client::connect(&server, "/");
    assert_eq!(other.event().0, "hello");
    assert_eq!(other.ask("enter", &json!([])), [json!("in")]);
    other.emit("say", &json!(["from Socket.IO"]));
    let said = native.read();
    assert_eq!((&said["event"], &said["data"]), (&json!("said"), &json!("from Socket.IO")));
    native.send(&json!({ "type": "emit", "event": "say", "data": "from the native protocol" }));
    assert_eq!(other.event(), ("said".to_owned(), json!(["from the native protocol"])));

    app.of("/").emit("bytes", Binary::from(vec![1, 2, 3])).unwrap();
    assert_eq!(native.read()["data"], json!({ "base64": "AQID" }));
    assert_eq!(app.of("/").sockets().unwrap().len(), 2);
}

#[test]
fn a_native_client_passes_through_the_middleware_of_the_namespace() {
    let app = App::new();
    app.namespace("/").middleware(|socket: Socket| match socket.handshake().header("x-name") {
        Some("ada") => Err(Refusal::new("not you").with_data(json!({ "why": 1 }))),
        _ => Ok(()),
    });
    let server = Running::start(app.clone());
    let (mut native, _welcome) = Native::connect(&server);
    let refused = native.read();
    let expected = json!({
        "type": "error", "code": "refused", "message": "not you", "retry": false, "data": { "why": 1 },
    });
    assert_eq!(refused, expected);
    let Message::Close(Some(close)) = native.0.read().unwrap() else { panic!("it is closed") };
    assert_eq!(u16::from(close.code), 4001);
    assert!(app.of("/").sockets().unwrap().is_empty());
}

#[test]
fn a_native_client_is_refused_and_disconnected_in_its_own_words() {
    let (sender, told) = telling();
    let app = App::new();
    app.namespace("/")
        .on("no", || Err::<(), _>(Refusal::new("not today").with_data(7)))
        .on("bytes", |Data(bytes): Data<Binary>| Reply(bytes))
        .on("leave", |socket: Socket| socket.disconnect(false))
        .on_disconnect(move |reason: ropeway_server::app::DisconnectReason| {
            let _ = sender.send(reason.to_string());
        });
    let server = Running::start(app);
    let (mut native, _) = Native::connect(&server);
    let refused = native.ask(&json!({ "type": "emit", "event": "no", "data": 1, "id": "a" }));
    let expected = json!({
        "type": "error", "id": "a", "code": "refused", "message": "not today", "retry": false, "data": 7,
    });
    assert_eq!(refused, expected);
    let unknown = native.ask(&json!({ "type": "emit", "event": "what", "data": 1, "id": "b" }));
    assert_eq!((&unknown["type"], &unknown["code"]), (&json!("error"), &json!("no_handler")));
    let bytes = json!({ "type": "emit", "event": "bytes", "data": { "base64": "AQID" }, "id": "c" });
    assert_eq!(native.ask(&bytes)["data"], json!({ "base64": "AQID" }));
    native.send(&json!({ "type": "emit", "event": "leave", "data": 1 }));
    assert!(matches!(native.0.read().unwrap(), Message::Close(Some(close)) if u16::from(close.code) == 4500));
    assert_eq!(told.next(), "server namespace disconnect");
}

#[test]
fn without_handlers_for_the_root_native_clients_are_as_they_were() {
    let app = App::new();
    app.namespace("/chat").middleware(|| Err::<(), _>(Refusal::new("no")));
    let server = Running::start(app);
    let (mut native, _) = Native::connect(&server);
    assert_eq!(native.ask(&json!({ "type": "ping", "id": "p" })), json!({ "type": "pong", "id": "p" }));
}
