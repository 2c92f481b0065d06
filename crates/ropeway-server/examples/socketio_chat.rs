//! A chat for the stock Socket.IO client, in a program that has its own routes as well.
//!
//! ```sh
//! cargo run --example socketio_chat
//! ```
//! Then open <http://127.0.0.1:3000/> in two windows. What a window says is heard in the others; the server says when
//! somebody comes or goes, and why.
#![allow(clippy::print_stdout, reason = "an example says where it listens")]

use std::error::Error;
use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::{get, post};
use ropeway_server::Server;
use ropeway_server::app::{App, Auth, Data, DisconnectReason, Namespace, Refusal, Reply, Socket};
use ropeway_server::config::Config;
use serde::{Deserialize, Serialize};
use serde_json::json;

const ROOM: &str = "room-42";

/// What a client sends as `auth`.
#[derive(Deserialize)]
struct Login {
    user: String,
}

/// What a client says.
#[derive(Deserialize)]
struct Said {
    text: String,
}

/// What the others hear.
#[derive(Serialize)]
struct Heard<'a> {
    user: &'a str,
    text: &'a str,
    /// Milliseconds since the epoch of Unix.
    time: u128,
}

/// Who a socket is; kept with it.
#[derive(Clone)]
struct User(String);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let app = App::new();
    app.namespace("/chat").middleware(log_in).on_connect(enter).on("chat:message", say).on_disconnect(leave);

    let mut config = Config::default();
    config.server.listen = SocketAddr::from(([127, 0, 0, 1], 3000));
    let routes = Router::new()
        .route("/", get(async || Html(include_str!("socketio_chat.html"))))
        .route("/announce", post(announce))
        .with_state(app.of("/chat"));
    let server = Server::builder(config).app(app).routes(routes).bind().await?;
    println!("listening on http://{}/", server.local_addr());
    server.run(std::future::pending()).await;
    Ok(())
}

/// Nobody without a name: the client gets `connect_error` with this message and these data.
fn log_in(socket: Socket, Auth(login): Auth<Option<Login>>) -> Result<(), Refusal> {
    let user = login.map(|login| login.user.trim().to_owned()).filter(|user| !user.is_empty());
    let user = user.ok_or_else(|| Refusal::new("who are you?").with_data(json!({ "field": "user" })))?;
    socket.extensions().insert(User(user));
    Ok(())
}

fn enter(socket: Socket) -> Result<(), ropeway_server::app::Error> {
    socket.join(ROOM)?;
    tell(&socket, "came")
}

/// To all in the room but the one who says it; the acknowledgement is for that one.
async fn say(socket: Socket, Data(said): Data<Said>) -> Result<Reply<serde_json::Value>, Refusal> {
    let User(user) = socket.extensions().get().ok_or("who are you?")?;
    let heard = Heard { user: &user, text: &said.text, time: now() };
    socket.to(ROOM).emit("chat:message", heard)?;
    Ok(Reply(json!({ "status": "ok" })))
}

fn leave(socket: Socket, reason: DisconnectReason) -> Result<(), ropeway_server::app::Error> {
    println!("{} has gone: {reason}", socket.id());
    tell(&socket, &format!("went ({reason})"))
}

fn tell(socket: &Socket, what: &str) -> Result<(), ropeway_server::app::Error> {
    let Some(User(user)) = socket.extensions().get() else { return Ok(()) };
    socket.to(ROOM).emit("chat:notice", format!("{user} {what}"))
}

/// A route of the program speaks to the room: `curl --data 'Lunch!' http://127.0.0.1:3000/announce`.
async fn announce(State(chat): State<Namespace>, text: String) -> String {
    match chat.to(ROOM).emit("chat:notice", text) {
        Ok(()) => "announced\n".to_owned(),
        Err(error) => format!("{error}\n"),
    }
}

fn now() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_millis())
}
