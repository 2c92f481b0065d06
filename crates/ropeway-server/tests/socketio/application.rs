//! Native clients and Socket.IO clients of one application.

use ropeway_server::app::{App, Data, Refusal, Reply, Socket};
use serde_json::{Value, json};

use crate::client::{Client, open};
use crate::peer::Peer;
use crate::running::Running;

/// A chat in `demo:a`, for whoever does not come with `?banned`.
fn chat() -> App {
    let app = App::new();
    app.namespace("/")
        .middleware(|socket: Socket| match socket.handshake().query("banned") {
            Some(_) => Err(Refusal::new("not you").with_data(7)),
            None => Ok(()),
        })
        .on("say", |socket: Socket, Data(text): Data<Value>| {
            socket.join("demo:a")?;
            socket.to("demo:a").emit("said", text)?;
            Ok::<_, ropeway_server::app::Error>(Reply("done"))
        });
    app
}

#[test]
fn clients_of_both_protocols_reach_the_same_handlers() {
    let server = Running::with_app(chat());
    let (mut native, mut peer) = (Client::connect(&server), Peer::connect(&server));
    native.send(&json!({ "type": "emit", "event": "say", "data": { "n": 1 }, "id": "1" }));
    assert_eq!(native.read()["type"], "joined");
    assert_eq!(native.read(), json!({ "type": "ack", "id": "1", "data": "done" }));
    assert_eq!(peer.ask(r#"20["say",{"n":2}]"#), r#"30["done"]"#);
    let heard = std::iter::from_fn(|| Some(native.read())).find(|message| message["type"] == "event");
    assert_eq!(heard.unwrap()["data"], json!({ "n": 2 }));
    native.send(&json!({ "type": "emit", "event": "say", "data": 3 }));
    assert_eq!(peer.read(), r#"2["said",3]"#);
    assert_eq!(native.read()["type"], "joined", "again");
    native.send(&json!({ "type": "emit", "event": "fly", "data": 3, "id": "2" }));
    let answer = native.read();
    assert_eq!(answer["code"], "no_handler", "{answer}");
}

#[test]
fn nobody_comes_past_the_middleware() {
    let server = Running::with_app(chat());
    let mut native = Client(open(&server, "/ws?banned", &[]).unwrap());
    assert_eq!(native.read()["type"], "welcome");
    native.send(&json!({ "type": "join", "room": "demo:a", "id": "1" }));
    assert_eq!(
        native.read(),
        json!({ "type": "error", "code": "refused", "message": "not you", "retry": false, "data": 7 })
    );
    assert_eq!(native.closed().0, 4001);
}
