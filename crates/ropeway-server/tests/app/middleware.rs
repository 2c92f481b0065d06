//! Who may enter.

use std::sync::Arc;
use std::time::Duration;

use ropeway_server::app::{App, Auth, Refusal, Reply, Socket};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::client::{Client, Packet};
use crate::running::{Running, telling};

#[derive(Deserialize)]
struct Login {
    user: String,
}

#[derive(Clone)]
struct User(String);

#[test]
fn middleware_refuses_with_a_message_and_data() {
    let app = App::new();
    app.namespace("/chat")
        .middleware(async |socket: Socket, Auth(login): Auth<Login>| {
            sleep(Duration::from_millis(5)).await;
            match login.user.as_str() {
                "eve" => Err(Refusal::new("not you").with_data(json!({ "code": 7 }))),
                user => {
                    socket.extensions().insert(User(user.to_owned()));
                    Ok(())
                }
            }
        })
        .on("who", |socket: Socket| {
            let User(user) = socket.extensions().get().ok_or("nobody")?;
            Ok::<_, Refusal>(Reply(user))
        });
    let server = Running::start(app);
    let (_, answer) = Client::answer(&server, "/chat", &json!({ "user": "eve" }));
    assert_eq!(answer, Packet::ConnectError(json!({ "message": "not you", "data": { "code": 7 } })));
    let (mut client, answer) = Client::answer(&server, "/chat", &json!({ "user": "ada" }));
    assert!(matches!(answer, Packet::Connect(_)), "{answer:?}");
    assert_eq!(client.ask("who", &json!([])), [json!("ada")]);
}

#[test]
fn what_middleware_cannot_read_is_refused() {
    let app = App::new();
    app.namespace("/chat").middleware(|_: Auth<Login>| ());
    let server = Running::start(app);
    let mut client = Client::open(&server);
    client.enter("/chat", None);
    let Packet::ConnectError(error) = client.read() else { panic!("it is refused") };
    let message = error["message"].as_str().unwrap();
    assert!(message.starts_with("`auth` cannot be read: missing field `user`"), "{message}");
    assert_eq!(error.get("data"), None);
}

#[test]
fn several_are_asked_in_order_up_to_the_first_that_refuses() {
    let (sender, told) = telling();
    let (second, third, connect) = (sender.clone(), sender.clone(), sender.clone());
    let app = App::new();
    app.namespace("/")
        .middleware(move || {
            let sender = sender.clone();
            async move {
                sleep(Duration::from_millis(5)).await;
                let _ = sender.send(1);
            }
        })
        .middleware(move |Auth(auth): Auth<Value>| {
            let _ = second.send(2);
            if auth["user"] == "eve" { Err("no") } else { Ok(()) }
        })
        .middleware(move || {
            let _ = third.send(3);
        })
        .on_connect(move || {
            let _ = connect.send(4);
        });
    let server = Running::start(app);
    let (mut client, answer) = Client::answer(&server, "/", &json!({ "user": "eve" }));
    assert_eq!(answer, Packet::ConnectError(json!({ "message": "no" })));
    assert_eq!([told.next(), told.next()], [1, 2]);
    client.enter("/", Some(&json!({ "user": "ada" })));
    assert!(matches!(client.read(), Packet::Connect(_)), "the same connection may ask again");
    assert_eq!([told.next(), told.next(), told.next(), told.next()], [1, 2, 3, 4]);
}

#[test]
fn who_is_not_admitted_hears_nothing() {
    let app = App::new();
    app.namespace("/").middleware(|socket: Socket| {
        socket.join("room")?;
        socket.to("room").emit("came", socket.id())?;
        Err::<(), _>(Refusal::new("no"))
    });
    let server = Running::start(app.clone());
    let (mut client, answer) = Client::answer(&server, "/", &json!({}));
    assert_eq!(answer, Packet::ConnectError(json!({ "message": "no" })));
    app.of("/").emit("news", 1).unwrap();
    app.of("/").to("room").emit("news", 1).unwrap();
    client.enter("/elsewhere", None);
    assert_eq!(client.read(), Packet::ConnectError(json!({ "message": "Invalid namespace" })));
    assert_eq!(app.of("/").sockets().unwrap().len(), 0);
}

/// What middleware has noted of a client that it refuses is dropped, even if it holds the socket.
#[test]
fn who_is_not_admitted_leaves_nothing_behind() {
    #[derive(Clone)]
    #[allow(dead_code, reason = "it is what would leak")]
    struct Holder(Socket, Option<Arc<()>>);

    let token = Arc::new(());
    let given = Arc::downgrade(&token);
    let app = App::new();
    app.namespace("/").middleware(move |socket: Socket| {
        let token = given.upgrade();
        socket.extensions().insert(Holder(socket.clone(), token));
        Err::<(), _>(Refusal::new("no"))
    });
    let server = Running::start(app);
    let (_, answer) = Client::answer(&server, "/", &json!({}));
    assert_eq!(answer, Packet::ConnectError(json!({ "message": "no" })));
    drop(server);
    assert_eq!(Arc::strong_count(&token), 1);
}

#[test]
fn a_panic_in_middleware_refuses_and_ends_the_connection() {
    let app = App::new();
    app.namespace("/").middleware(|Auth(auth): Auth<Value>| assert!(auth["user"] != "eve", "it panics"));
    let server = Running::start(app);
    let (mut client, answer) = Client::answer(&server, "/", &json!({ "user": "eve" }));
    if answer != Packet::Closed {
        assert_eq!(answer, Packet::ConnectError(json!({ "message": "the server cannot answer" })));
        assert_eq!(client.read(), Packet::Closed);
    }
    let (_, answer) = Client::answer(&server, "/", &json!({ "user": "ada" }));
    assert!(matches!(answer, Packet::Connect(_)));
}
