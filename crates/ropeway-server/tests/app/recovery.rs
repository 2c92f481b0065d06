//! Sockets that come back with their state.

use axum::Router;
use ropeway_server::app::{App, Data, DisconnectReason, Reply, Socket};
use ropeway_server::config::Config;
use serde_json::{Value, json};

use crate::client::{Client, Packet};
use crate::running::{Running, telling};

#[derive(Clone)]
struct Local;

#[test]
fn a_recovered_socket_has_its_name_rooms_and_data_and_hears_what_it_missed() {
    for skip in [true, false] {
        let (sender, told) = telling();
        let (asked, asking) = telling();
        let app = App::new();
        app.namespace("/")
            .middleware(move || {
                let _ = asked.send(());
            })
            .on("begin", |socket: Socket, Data(name): Data<String>| {
                socket.extensions().insert(Local);
                socket.set_data(name)?;
                socket.join("room")?;
                socket.emit("marker", ())
            })
            .on("state", |socket: Socket| {
                let local = socket.extensions().get::<Local>().is_some();
                let rooms: Vec<String> = socket.rooms().iter().map(ToString::to_string).collect();
                let data: Option<String> = socket.data()?;
                Ok::<_, ropeway_server::app::Error>(Reply(json!([socket.recovered(), rooms, data, local])))
            })
            .on_disconnect(move |reason: DisconnectReason| {
                let _ = sender.send(reason);
            });
        let mut config = Config::default();
        config.socketio.recovery = true;
        config.socketio.skip_middlewares = skip;
        let server = Running::with(app.clone(), config, Router::new());

        let (mut client, answer) = Client::answer(&server, "/", &json!({}));
        let Packet::Connect(first) = answer else { panic!("{answer:?}") };
        asking.next();
        client.emit("begin", &json!(["ada"]));
        let (name, arguments) = client.event();
        assert_eq!(name, "marker");
        let offset = &arguments[0];
        drop(client);
        assert_eq!(told.next(), DisconnectReason::TransportClose);

        app.of("/").to("room").emit("missed", 1).unwrap();
        let auth = json!({ "pid": first["pid"], "offset": offset });
        let (mut client, missed) = Client::answer(&server, "/", &auth);
        let Packet::Event { name, arguments, .. } = missed else { panic!("{missed:?}") };
        assert_eq!((name.as_str(), &arguments[0]), ("missed", &json!(1)));
        let Packet::Connect(again) = client.read() else { panic!("it is answered") };
        assert_eq!((&again["sid"], &again["pid"]), (&first["sid"], &first["pid"]));
        let state: Vec<Value> = client.ask("state", &json!([]));
        assert_eq!(state, [json!([true, ["room"], "ada", false])]);
        assert_eq!(asking.is_empty(), skip, "whether it passes the middleware again is configured");
    }
}
