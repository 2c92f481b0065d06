//! Addressing others.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use ropeway_server::app::{
    Answers, App, Args, Binary, Data, Error, Namespace, Raw, RemoteSocket, Reply, Socket,
};
use ropeway_server::config::Config;
use serde_json::{Value, json};

use crate::client::{Client, Packet};
use crate::running::{Running, telling};

/// Three clients in `/`: each is in `all` and in the room of its number, the first two are in `both`.
struct Three {
    app: App,
    clients: Vec<Client>,
    ids: Vec<String>,
    _server: Running,
}

impl Three {
    fn start(define: impl FnOnce(&App)) -> Self {
        let app = App::new();
        app.namespace("/").on("join", |socket: Socket, Data(rooms): Data<Vec<String>>| {
            socket.join(rooms)?;
            Ok::<_, Error>(Reply(socket.id().to_owned()))
        });
        define(&app);
        let server = Running::start(app.clone());
        let mut clients: Vec<Client> = (0..3).map(|_| Client::connect(&server, "/")).collect();
        let rooms = [["all", "1", "both"], ["all", "2", "both"], ["all", "3", "3"]];
        let join = |(client, rooms): (&mut Client, _)| client.ask("join", &json!([rooms]));
        let ids = clients.iter_mut().zip(rooms).map(join);
        let ids = ids.map(|answer| answer[0].as_str().unwrap().to_owned()).collect();
        Self { app, clients, ids, _server: server }
    }

    /// Who heard the event `heard`, and whether nobody heard more.
    #[track_caller]
    fn heard(&mut self, expected: &[usize]) {
        for (number, client) in self.clients.iter_mut().enumerate() {
            if expected.contains(&number) {
                assert_eq!(client.event(), ("heard".to_owned(), json!(["x"])), "client {number}");
            }
            client.nothing_more();
        }
    }
}

#[test]
fn names_that_clients_keep_for_themselves_are_errors() {
    let three = Three::start(|app| {
        app.namespace("/").on("speak", |socket: Socket, Data(event): Data<String>| {
            let sent =
                [socket.emit(&event, 1), socket.volatile().emit(&event, 1), socket.to("all").emit(&event, 1)];
            Reply(sent.map(|sent| matches!(sent, Err(Error::ReservedName))))
        });
    });
    let Three { app, mut clients, _server, .. } = three;
    for name in ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"] {
        assert!(matches!(app.of("/").emit(name, 1), Err(Error::ReservedName)));
        assert_eq!(clients[0].ask("speak", &json!([name])), [json!([true, true, true])]);
    }
    app.of("/").to("nobody").emit("disconnected", 1).unwrap();
}

#[test]
fn from_outside_all_are_addressed() {
    let mut three = Three::start(|_| ());
    let all = three.app.of("/");
    all.emit("heard", "x").unwrap();
    three.heard(&[0, 1, 2]);
    all.to("both").emit("heard", "x").unwrap();
    three.heard(&[0, 1]);
    all.to(["both", "all", "1"]).emit("heard", "x").unwrap();
    three.heard(&[0, 1, 2]);
    all.in_room("1").to("3").emit("heard", "x").unwrap();
    three.heard(&[0, 2]);
    all.except("2").emit("heard", "x").unwrap();
    three.heard(&[0, 2]);
    all.to("all").except(vec!["1", "2"]).emit("heard", "x").unwrap();
    three.heard(&[2]);
    all.local().to("1").emit("heard", "x").unwrap();
    three.heard(&[0]);
    all.volatile().to("1").emit("heard", "x").unwrap();
    three.heard(&[0]);
    all.to(&three.ids[1]).emit("heard", "x").unwrap();
    three.heard(&[1]);
    all.to("nobody is here").emit("heard", "x").unwrap();
    three.heard(&[]);
}

#[test]
fn a_socket_does_not_address_itself() {
    let mut three = Three::start(|app| {
        app.namespace("/")
            .on("to", |socket: Socket, Data(room): Data<String>| socket.to(room).emit("heard", "x"))
            .on("in_room", |socket: Socket, Data(room): Data<String>| socket.in_room(room).emit("heard", "x"))
            .on("except", |socket: Socket, Data(room): Data<String>| socket.except(room).emit("heard", "x"))
            .on("broadcast", |socket: Socket| socket.broadcast().emit("heard", "x"))
            .on("local", |socket: Socket| socket.local().emit("heard", "x"))
            .on("itself", |socket: Socket| socket.emit("heard", "x"))
            .on("volatile", |socket: Socket| socket.volatile().emit("heard", "x"))
            .on("volatile to", |socket: Socket, Data(room): Data<String>| {
                socket.volatile().to(room).emit("heard", "x")
            })
            .on("namespace", |socket: Socket| socket.namespace().to("both").emit("heard", "x"));
    });
    for (event, room, expected) in [
        ("to", "both", &[1][..]),
        ("in_room", "all", &[1, 2]),
        ("to", "1", &[]),
        ("except", "3", &[1]),
        ("broadcast", "", &[1, 2]),
        ("local", "", &[1, 2]),
        ("itself", "", &[0]),
        ("volatile", "", &[0]),
        ("volatile to", "all", &[1, 2]),
        ("namespace", "", &[0, 1]),
    ] {
        three.clients[0].emit(event, &json!([room]));
        three.clients[0].nothing_or(expected.contains(&0));
        three.heard(expected);
    }
}

#[test]
fn events_carry_several_arguments_and_binary_data() {
    let mut three = Three::start(|_| ());
    let bytes = Binary::from(vec![1, 2, 3]);
    three.app.of("/").to("both").emit("many", Args((1, "two", &bytes))).unwrap();
    three.app.of("/").to("both").emit("none", ()).unwrap();
    for client in &mut three.clients[..2] {
        let arguments = json!([1, "two", { "binary": [1, 2, 3] }]);
        assert_eq!(client.event(), ("many".to_owned(), arguments));
        assert_eq!(client.event(), ("none".to_owned(), json!([])));
    }
}

#[test]
fn many_answer_and_some_do_not() {
    let mut three = Three::start(|_| ());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let asked = three.app.of("/").timeout(Duration::from_secs(4)).emit_with_ack::<u32>("ask", 5);
    for (number, client) in three.clients.iter_mut().enumerate() {
        let (name, arguments, ack) = client.question();
        assert_eq!((name.as_str(), arguments), ("ask", json!([5])));
        match number {
            0 => client.acknowledge(ack, &json!([10])),
            1 => client.acknowledge(ack, &json!(["no number"])),
            _ => {}
        }
    }
    let answers = runtime.block_on(asked).unwrap();
    assert_eq!(answers.missing, 1);
    let mut by_socket: Vec<_> =
        answers.answers.iter().map(|(id, answer)| (&**id, answer.as_ref().ok())).collect();
    by_socket.sort_by_key(|(_, answer)| answer.is_none());
    assert_eq!(by_socket, [(&*three.ids[0], Some(&10)), (&*three.ids[1], None)]);
}

#[test]
fn all_have_answered() {
    let mut three = Three::start(|_| ());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let asked = three.app.of("/").to("both").emit_with_ack::<Args<(u32, u32)>>("ask", ());
    for client in &mut three.clients[..2] {
        let (_, _, ack) = client.question();
        client.acknowledge(ack, &json!([1, 2]));
    }
    let answers: Answers<_> = runtime.block_on(asked).unwrap();
    assert_eq!(answers.missing, 0);
    assert_eq!(answers.into_values().collect::<Vec<_>>(), [Args((1, 2)), Args((1, 2))]);
    let nobody = three.app.of("/").to("nobody").emit_with_ack::<Raw>("ask", ());
    let nobody = runtime.block_on(nobody).unwrap();
    assert_eq!((nobody.answers.len(), nobody.missing), (0, 0));
}

/// A handler asks all, itself included, while more of its events wait than are let wait otherwise.
#[test]
fn a_handler_may_wait_for_the_answers_of_all() {
    let mut three = Three::start(|app| {
        app.namespace("/").on("event", || ()).on("question", async |here: Namespace| {
            let answers = here.timeout(Duration::from_secs(60)).emit_with_ack::<u32>("ask", ()).await?;
            Ok::<_, Error>(Reply(answers.into_values().sum::<u32>()))
        });
    });
    let asked = three.clients[0].emit_asking("question", &json!([]));
    for client in &mut three.clients {
        let (_, _, ack) = client.question();
        (0..500).for_each(|_| client.emit("event", &json!([])));
        client.acknowledge(ack, &json!([2]));
    }
    assert_eq!(three.clients[0].acknowledgement(asked), [json!(6)]);
}

#[test]
fn sockets_are_found_and_moved_and_sent_away() {
    let mut three = Three::start(|app| {
        app.namespace("/").on_connect(|socket: Socket| socket.set_data(json!({ "n": 1 })));
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let all = three.app.of("/");
    let found = runtime.block_on(all.to("both").fetch_sockets()).unwrap();
    let mut ids: Vec<&str> = found.iter().map(RemoteSocket::id).collect();
    ids.sort_unstable();
    let mut expected = three.ids[..2].to_vec();
    expected.sort_unstable();
    assert_eq!(ids, expected);
    let first = found.iter().find(|socket| *socket.id() == *three.ids[0]).unwrap();
    let mut rooms: Vec<&str> = first.rooms().iter().map(|room| &**room).collect();
    rooms.sort_unstable();
    assert_eq!(rooms, ["1", "all", "both"]);
    assert_eq!(first.data::<Value>().unwrap(), json!({ "n": 1 }));
    let handshake = first.handshake().unwrap();
    assert_eq!(handshake["query"]["colour"], "red");
    assert_eq!(handshake["address"], "127.0.0.1");
    assert_eq!(handshake["auth"], json!({}));
    assert_eq!(handshake["secure"], false);
    assert!(handshake["headers"]["host"].is_string(), "{handshake}");

    first.emit("heard", "x").unwrap();
    three.heard(&[0]);
    all.to("both").sockets_join(["new", "other"]).unwrap();
    all.to("new").emit("heard", "x").unwrap();
    three.heard(&[0, 1]);
    all.to("1").sockets_leave("new").unwrap();
    all.to("new").emit("heard", "x").unwrap();
    three.heard(&[1]);
    first.join("late").unwrap();
    all.to("late").emit("heard", "x").unwrap();
    three.heard(&[0]);
    first.leave("late").unwrap();
    all.to("late").emit("heard", "x").unwrap();
    three.heard(&[]);

    first.disconnect(false).unwrap();
    assert_eq!(three.clients[0].read(), Packet::Disconnect);
    all.disconnect_sockets(true).unwrap();
    for client in &mut three.clients[1..] {
        assert_eq!(client.read(), Packet::Disconnect);
        assert_eq!(client.read(), Packet::Closed);
    }
    assert_eq!(runtime.block_on(all.fetch_sockets()).unwrap().len(), 0);
}

#[test]
fn rooms_are_entered_and_left() {
    let mut three = Three::start(|app| {
        app.namespace("/")
            .on("leave", |socket: Socket, Data(rooms): Data<Vec<String>>| socket.leave(rooms))
            .on("rooms", |socket: Socket| {
                let mut rooms: Vec<String> = socket.rooms().iter().map(ToString::to_string).collect();
                rooms.sort();
                Reply(rooms)
            });
    });
    assert_eq!(three.clients[0].ask("rooms", &json!([])), [json!(["1", "all", "both"])]);
    three.clients[0].emit("leave", &json!([["1", "both", "never"]]));
    assert_eq!(three.clients[0].ask("rooms", &json!([])), [json!(["all"])]);
    three.app.of("/").to("both").emit("heard", "x").unwrap();
    three.heard(&[1]);
}

#[test]
fn a_socket_is_found_by_its_id() {
    let three = Three::start(|_| ());
    let here = three.app.of("/");
    assert_eq!(here.socket(&three.ids[1]).unwrap().id(), three.ids[1]);
    assert!(here.socket("both").is_none() && here.socket("?").is_none());
}

#[test]
fn routes_of_the_program_speak_to_the_room() {
    async fn announce(State(namespace): State<Namespace>, text: String) -> String {
        namespace.to("room").emit("news", text).map_or_else(|error| error.to_string(), |()| "sent".to_owned())
    }

    let (sender, told) = telling();
    let app = App::new();
    app.namespace("/chat").on_connect(move |socket: Socket| {
        let _ = sender.send(());
        socket.join("room")
    });
    let routes = Router::new().route("/announce", post(announce)).with_state(app.of("/chat"));
    let server = Running::with(app, Config::default(), routes);
    let mut client = Client::connect(&server, "/chat");
    told.next();
    client.nothing_more();
    let (status, body) = http(&server, "POST", "/announce", "Lunch!");
    assert_eq!((status, body.as_str()), (200, "sent"));
    assert_eq!(client.event(), ("news".to_owned(), json!(["Lunch!"])));
    assert_eq!(http(&server, "GET", "/healthz", "").0, 200, "the server's own paths stay");
    assert_eq!(http(&server, "GET", "/nothing", "").0, 404);
}

#[test]
fn without_a_server_nobody_can_be_addressed() {
    let app = App::new();
    app.namespace("/");
    let error = app.of("/").emit("heard", "x").unwrap_err();
    assert_eq!(error.to_string(), "no server runs this application");
}

/// Status and body.
fn http(server: &Running, method: &str, path: &str, body: &str) -> (u16, String) {
    let (status, _, body) = request(server, method, path, body);
    (status, body)
}

/// A request by hand: status, head in lower case, and body.
pub(crate) fn request(server: &Running, method: &str, path: &str, body: &str) -> (u16, String, String) {
    request_at(server.address, method, path, body)
}

pub(crate) fn request_at(address: SocketAddr, method: &str, path: &str, body: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let head =
        format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}");
    write!(stream, "{head}\r\ncontent-type: text/plain\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, format!("{head}\r\n"), body.to_owned())
}
