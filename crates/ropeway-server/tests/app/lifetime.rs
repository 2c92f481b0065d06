//! Coming and going.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use axum::Router;
use ropeway_server::app::{App, Data, DisconnectReason, Namespace, Reply, Socket, State};
use ropeway_server::config::{Config, ShutdownCode};
use serde_json::json;
use tokio::time::sleep;

use crate::client::{Client, Packet};
use crate::native::Native;
use crate::operators::{request, request_at};
use crate::running::{Running, telling};

#[test]
fn on_connect_comes_before_any_event() {
    let (sender, told) = telling();
    let event = sender.clone();
    let app = App::new();
    app.namespace("/")
        .on_connect(async move |socket: Socket| {
            sleep(Duration::from_millis(30)).await;
            socket.join("room")
        })
        .on_connect(move |socket: Socket| {
            let _ = sender.send(format!("connect {:?}", socket.rooms()));
        })
        .on_concurrent("event", move || {
            let _ = event.send("event".to_owned());
        });
    let server = Running::start(app);
    let mut client = Client::connect(&server, "/");
    client.emit("event", &json!([]));
    assert_eq!([told.next(), told.next()], ["connect [\"room\"]", "event"]);
}

#[test]
fn what_on_connect_sends_comes_after_the_answer() {
    let app = App::new();
    app.namespace("/").on_connect(|socket: Socket| socket.emit("welcome", socket.id()));
    let server = Running::start(app);
    let (mut client, answer) = Client::answer(&server, "/", &json!({}));
    let Packet::Connect(answer) = answer else { panic!("{answer:?}") };
    assert_eq!(client.event(), ("welcome".to_owned(), json!([answer["sid"]])));
}

#[test]
fn a_disconnect_has_its_reason_and_the_rooms_that_were() {
    let (sender, told) = telling();
    let app = App::new();
    app.namespace("/")
        .on_connect(|socket: Socket| socket.join(["a", "b"]))
        .on("leave", |socket: Socket, Data(close): Data<bool>| socket.disconnect(close))
        .on_disconnect(move |socket: Socket, reason: DisconnectReason| {
            let mut rooms = socket.rooms();
            rooms.sort();
            let _ = sender.send((reason.to_string(), rooms.join(","), socket.connected()));
        });
    let server = Running::start(app);
    let ended = |reason: &str| (reason.to_owned(), "a,b".to_owned(), false);

    let mut client = Client::connect(&server, "/");
    client.leave();
    assert_eq!(told.next(), ended("client namespace disconnect"));
    drop(client);

    drop(Client::connect(&server, "/"));
    assert_eq!(told.next(), ended("transport close"));

    let mut client = Client::connect(&server, "/");
    client.emit("leave", &json!([false]));
    assert_eq!(client.read(), Packet::Disconnect);
    assert_eq!(told.next(), ended("server namespace disconnect"));

    let mut client = Client::connect(&server, "/");
    client.emit("leave", &json!([true]));
    assert_eq!(client.read(), Packet::Disconnect);
    assert_eq!(client.read(), Packet::Closed);
    assert_eq!(told.next(), ended("server namespace disconnect"));

    let client = Client::connect(&server, "/");
    server.stop();
    assert_eq!(told.next().0, "server shutting down");
    drop(client);
    assert!(told.is_empty(), "each has ended once");
}

#[test]
fn rooms_of_a_socket_that_connects_have_their_limit() {
    let app = App::new();
    app.namespace("/")
        .middleware(|socket: Socket| socket.set_data(["a", "b", "c"].map(|room| socket.join(room).is_ok())));
    app.namespace("/").on("joined", |socket: Socket| {
        Ok::<_, ropeway_server::app::Error>(Reply(socket.data::<Vec<bool>>()?))
    });
    let mut config = Config::default();
    config.limits.rooms_per_connection = 2;
    let server = Running::with(app, config, Router::new());
    assert_eq!(Client::connect(&server, "/").ask("joined", &json!([])), [json!([true, true, false])]);
}

/// Long before the end of the time, when every connection is dropped and has this reason.
#[test]
fn a_restart_has_the_reason_of_a_shutdown() {
    let (sender, told) = telling();
    let app = App::new();
    app.namespace("/").on_disconnect(move |reason: DisconnectReason| {
        let _ = sender.send(reason);
    });
    let mut config = Config::default();
    config.shutdown.code = ShutdownCode::Restart;
    config.shutdown.timeout = Duration::from_secs(3600);
    let server = Running::with(app, config, Router::new());
    let mut client = Client::connect(&server, "/");
    let polling = polling(&server);
    let address = server.address;
    let held = thread::spawn(move || request_at(address, "GET", &polling, ""));
    let stopping = thread::spawn(|| server.stop());
    while client.read() != Packet::Closed {}
    // The answer to the close goes out when more is asked for.
    client.read();
    let (status, _, body) = held.join().unwrap();
    assert_eq!((status, body.as_str()), (200, "1"));
    assert_eq!([told.next(), told.next()], [DisconnectReason::ServerShuttingDown; 2]);
    stopping.join().unwrap();
}

#[test]
fn who_is_dropped_at_the_deadline_has_the_reason_of_a_shutdown() {
    let (sender, told) = telling();
    let app = App::new();
    app.namespace("/").on_disconnect(move |reason: DisconnectReason| {
        let _ = sender.send(reason);
    });
    let mut config = Config::default();
    config.shutdown.timeout = Duration::from_millis(300);
    let server = Running::with(app, config, Router::new());
    let _deaf = (Client::connect(&server, "/"), Native::connect(&server));
    server.stop();
    assert_eq!([told.next(), told.next()], [DisconnectReason::ServerShuttingDown; 2]);
}

/// A session that is in `/` and polls; the path of its requests.
fn polling(server: &Running) -> String {
    let path = "/socket.io/?EIO=4&transport=polling";
    let (_, _, open) = request(server, "GET", path, "");
    let path = format!("{path}&sid={}", open.split('"').nth(3).unwrap());
    request(server, "POST", &path, "40");
    let (_, _, answer) = request(server, "GET", &path, "");
    assert!(answer.starts_with("40{"), "{answer}");
    path
}

#[test]
fn on_disconnect_waits_for_the_handlers_before_it() {
    let (sender, told) = telling();
    let end = sender.clone();
    let app = App::new();
    app.namespace("/")
        .on("slow", move |Data(number): Data<u64>| {
            let sender = sender.clone();
            async move {
                sleep(Duration::from_millis(50)).await;
                let _ = sender.send(format!("handled {number}"));
            }
        })
        .on_disconnect(move |reason: DisconnectReason| {
            let _ = end.send(reason.to_string());
        });
    let server = Running::start(app);
    let mut client = Client::connect(&server, "/");
    client.emit("slow", &json!([1]));
    client.emit("slow", &json!([2]));
    client.leave();
    assert_eq!(
        [told.next(), told.next(), told.next()],
        ["handled 1", "handled 2", "client namespace disconnect"]
    );
}

#[test]
fn a_socket_that_has_gone_is_harmless() {
    let (sender, told) = telling();
    let app = App::new();
    app.namespace("/").on("give", move |socket: Socket| {
        let _ = sender.send(socket);
        Reply(())
    });
    let server = Running::start(app);
    let mut client = Client::connect(&server, "/");
    client.ask("give", &json!([]));
    let socket = told.next();
    assert!(socket.connected());
    client.leave();
    drop(client);
    let start = std::time::Instant::now();
    while socket.connected() && start.elapsed() < crate::running::SOON {
        thread::yield_now();
    }
    socket.emit("late", 1).unwrap();
    assert!(socket.join("room").is_err());
    socket.leave("room");
    socket.disconnect(true);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let answer = runtime.block_on(socket.emit_with_ack::<u64>("late", ()));
    assert!(answer.unwrap_err().is_closed());
}

#[test]
fn data_and_extensions_stay_with_the_socket() {
    #[derive(Clone, Debug, PartialEq)]
    struct Visits(u32);

    let app = App::new();
    app.namespace("/")
        .on("visit", |socket: Socket| {
            let visits = socket.extensions().get().map_or(1, |Visits(count)| count + 1);
            socket.extensions().insert(Visits(visits));
            Reply(visits)
        })
        .on("forget", |socket: Socket| Reply(socket.extensions().remove::<Visits>().is_some()))
        .on("name", |socket: Socket, Data(name): Data<String>| {
            let before: Option<String> = socket.data()?;
            socket.set_data(name)?;
            Ok::<_, ropeway_server::app::Error>(Reply(before))
        });
    let server = Running::start(app);
    let mut client = Client::connect(&server, "/");
    assert_eq!(client.ask("visit", &json!([])), [json!(1)]);
    assert_eq!(client.ask("visit", &json!([])), [json!(2)]);
    assert_eq!(client.ask("forget", &json!([])), [json!(true)]);
    assert_eq!(client.ask("visit", &json!([])), [json!(1)]);
    assert_eq!(client.ask("name", &json!(["ada"])), [json!(null)]);
    assert_eq!(client.ask("name", &json!(["bob"])), [json!("ada")]);
    assert_eq!(Client::connect(&server, "/").ask("visit", &json!([])), [json!(1)], "not with another one");
}

#[test]
fn the_end_of_the_server_waits_for_handlers() {
    let (sender, told) = telling();
    let app = App::new();
    app.namespace("/").on_disconnect(move || {
        let sender = sender.clone();
        async move {
            sleep(Duration::from_millis(100)).await;
            let _ = sender.send(());
        }
    });
    let mut config = Config::default();
    config.shutdown.timeout = Duration::from_secs(3600);
    let server = Running::with(app, config, Router::new());
    let mut client = Client::connect(&server, "/");
    let closing = thread::spawn(move || {
        while client.read() != Packet::Closed {}
        // The answer to the close goes out when more is asked for.
        client.read();
    });
    server.stop();
    assert!(!told.is_empty());
    closing.join().unwrap();
}

/// Each of them disconnects all, from within being disconnected by another one.
#[test]
fn handlers_may_disconnect_others_that_disconnect_others() {
    let (sender, told) = telling();
    let app = App::new();
    app.namespace("/").on_disconnect(move |socket: Socket, here: Namespace| {
        here.disconnect_sockets(true)?;
        let _ = sender.send(socket.id().to_owned());
        Ok::<_, ropeway_server::app::Error>(())
    });
    let server = Running::start(app);
    let mut clients: Vec<Client> = (0..100).map(|_| Client::connect(&server, "/")).collect();
    clients[0].leave();
    let mut gone: Vec<String> = (0..100).map(|_| told.next()).collect();
    gone.sort();
    gone.dedup();
    assert_eq!(gone.len(), 100);
}

/// An extension that holds its own socket does not hold it for ever.
#[test]
fn extensions_are_dropped_with_the_socket() {
    #[derive(Clone)]
    struct Holder(Arc<()>, #[allow(dead_code, reason = "it is what would leak")] Socket);

    let token = Arc::new(());
    let held = Arc::downgrade(&token);
    let (sender, told) = telling();
    let app = App::new();
    app.state(Holders(std::sync::Mutex::new(Some(token)).into()));
    app.namespace("/")
        .on("hold", |socket: Socket, State(Holders(token)): State<Holders>| {
            let token = token.lock().unwrap().take().unwrap();
            socket.extensions().insert(Holder(token, socket.clone()));
            Reply(socket.extensions().get::<Holder>().map(|Holder(token, _)| Arc::strong_count(&token) > 1))
        })
        .on_disconnect(async move |socket: Socket| assert!(socket.extensions().get::<Holder>().is_some()))
        .on_disconnect(move || {
            let _ = sender.send(());
        });
    let server = Running::start(app);
    let mut client = Client::connect(&server, "/");
    assert_eq!(client.ask("hold", &json!([])), [json!(true)]);
    drop(client);
    told.next();
    drop(server);
    assert_eq!(held.strong_count(), 0);
}

#[derive(Clone)]
struct Holders(Arc<std::sync::Mutex<Option<Arc<()>>>>);
