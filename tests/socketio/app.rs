//! The application that real Socket.IO clients talk with in the tests beside this file.
//!
//! `reference.mjs` is the same for npm `socket.io`; each event is described by the tests that use it. Settings come
//! from the environment, as those of `ropeway serve`. It says on standard error where it listens. `--log FILTER` has it say
//! more, `--certificates FOLDER` has it do nothing but write some.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a helper of tests may stop at the first surprise, and says where it listens"
)]

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use peak_alloc::PeakAlloc;
use ropeway_server::app::{
    Ack, App, Args, Auth, Binary, Broadcast, Data, Definition, DisconnectReason, Namespace, Raw, Refusal,
    Reply, Socket, State,
};
use ropeway_server::config::Sources;
use ropeway_server::{Handshake, Server};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

mod certificates;

/// Counts what the server holds.
#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// How often each event was tried that succeeds only after a while.
type Attempts = Arc<Mutex<HashMap<String, u32>>>;

/// Anything that a client sends, with binary data anywhere in it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
enum Value {
    Binary(Binary),
    List(Vec<Value>),
    Object(BTreeMap<String, Value>),
    Plain(serde_json::Value),
}

/// Who is addressed, how, and with what.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Request {
    from: Sender,
    to: Vec<String>,
    except: Vec<String>,
    volatile: bool,
    /// In milliseconds.
    timeout: Option<u64>,
    event: String,
    args: Vec<Value>,
    rooms: Vec<String>,
    close: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Sender {
    #[default]
    Server,
    /// Then it is not addressed itself.
    Socket,
}

impl Request {
    fn addressed(&self, socket: &Socket) -> Broadcast {
        let operator = match self.from {
            Sender::Server => socket.namespace().to(&self.to),
            Sender::Socket => socket.to(&self.to),
        };
        let operator = operator.except(&self.except).timeout(self.timeout());
        if self.volatile { operator.volatile() } else { operator }
    }

    fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout.unwrap_or(10_000))
    }
}

/// How a question ended.
#[derive(Debug, Serialize)]
struct Outcome {
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
}

#[tokio::main]
async fn main() {
    if let Some(folder) = argument("--certificates") {
        return certificates::write(folder.as_ref());
    }
    if let Some(filter) = argument("--log") {
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    }
    let listen = argument("--listen").unwrap();
    let sources = Sources::new().environment(std::env::vars()).flag("--listen", "server.listen", listen);
    let config = sources.load().unwrap_or_else(|error| panic!("{error}"));
    let server = Server::builder(config).app(app()).bind().await.unwrap();
    eprintln!("the application listens on http://{}", server.local_addr());
    let mut terminate = signal(SignalKind::terminate()).unwrap();
    server.run(async move { terminate.recv().await.unwrap_or_default() }).await;
}

/// What stands behind a flag.
fn argument(flag: &str) -> Option<String> {
    std::env::args().skip_while(|argument| argument != flag).nth(1)
}

fn app() -> App {
    let app = App::new();
    app.state(Attempts::default());
    for name in ["/", "/chat", "/dynamic-*"] {
        events(app.namespace(name));
    }
    events(app.namespace("/guarded").middleware(guard));
    events(app.namespace("/slow").middleware(slowly).middleware(guard));
    events(app.namespace_if(is_tenant));
    app
}

fn guard(Auth(auth): Auth<serde_json::Value>) -> Result<(), Refusal> {
    if auth["token"] == "the password of the guard" {
        return Ok(());
    }
    Err(Refusal::new("not authorized").with_data(json!({ "code": 401, "hint": "send a token" })))
}

async fn slowly(socket: Socket) {
    tokio::time::sleep(Duration::from_millis(100)).await;
    socket.set_data(json!({ "admitted": true })).unwrap();
}

fn is_tenant(namespace: Namespace, Auth(auth): Auth<serde_json::Value>) -> bool {
    auth["tenant"].as_str().is_some_and(|tenant| namespace.name() == format!("/tenant/{tenant}"))
}

/// What handlers of every namespace do.
fn events(namespace: Definition) {
    let namespace = namespace
        .on_connect(|socket: Socket| socket.emit("welcome", Args((socket.id(), socket.recovered()))).unwrap())
        .on_disconnect(|socket: Socket, reason: DisconnectReason| {
            socket.namespace().to("watchers").emit("gone", Args((socket.id(), reason.as_str()))).unwrap();
        });
    conversation(namespace.clone());
    rooms(namespace.clone());
    others(namespace);
}

/// Between one client and the server.
fn conversation(namespace: Definition) {
    namespace
        .on("echo", |socket: Socket, arguments: Raw, ack: Ack| {
            if ack.is_awaited() { ack.send(arguments) } else { socket.emit("echo", arguments) }.unwrap();
        })
        .on("silent", || ())
        .on("flaky", |State(attempts): State<Attempts>, Args((key, successful)): Args<(String, u32)>| {
            let mut attempts = attempts.lock().unwrap();
            let attempt = attempts.entry(key).or_default();
            *attempt += 1;
            (*attempt >= successful).then_some(Reply(*attempt))
        })
        .on_concurrent("ask", ask)
        .on("flood", |socket: Socket, Args((count, bytes)): Args<(usize, usize)>| {
            for n in 0..count {
                socket.emit("flood", Args((n, "x".repeat(bytes)))).unwrap();
            }
        })
        .on("data", |socket: Socket, Data(value): Data<serde_json::Value>| {
            socket.set_data(value).unwrap();
            Reply(())
        })
        .on("me", |socket: Socket| {
            let data: serde_json::Value = socket.data().unwrap();
            Reply(json!({ "id": socket.id(), "recovered": socket.recovered(), "data": data }))
        })
        .on("handshake", handshake)
        .on("heap", || Reply(HEAP.current_usage()))
        .on("farewell", |socket: Socket, Data(close): Data<bool>| socket.disconnect(close));
}

async fn ask(socket: Socket, Data(request): Data<Request>) -> Reply<Outcome> {
    let asked = socket.timeout(request.timeout()).emit_with_ack::<Value>(&request.event, Args(request.args));
    Reply(match asked.await {
        Ok(answer) => Outcome { answer: Some(answer), error: None },
        Err(_) => Outcome { answer: None, error: Some("timeout") },
    })
}

fn handshake(
    handshake: Arc<Handshake>,
    Auth(auth): Auth<Option<serde_json::Value>>,
) -> Reply<serde_json::Value> {
    let headers: BTreeMap<_, _> = handshake.headers().collect();
    let query: BTreeMap<_, _> = handshake.query_pairs().collect();
    Reply(json!({
        "headers": headers,
        "query": query,
        "auth": auth.unwrap_or_else(|| json!({})),
        "url": handshake.url(),
        "secure": handshake.is_secure(),
        "xdomain": handshake.is_cross_domain(),
        "address": handshake.address(),
        "issued": handshake.issued(),
    }))
}

/// Rooms, and whoever is in them.
fn rooms(namespace: Definition) {
    namespace
        .on("join", |socket: Socket, Data(room): Data<String>| {
            socket.join(room).unwrap();
            Reply(())
        })
        .on("leave", |socket: Socket, Data(room): Data<String>| {
            socket.leave(room);
            Reply(())
        })
        .on("rooms", |socket: Socket| Reply(with_own(socket.id(), &socket.rooms())))
        .on("emit", |socket: Socket, Data(request): Data<Request>| {
            request.addressed(&socket).emit(&request.event, Args(request.args)).unwrap();
            Reply(())
        })
        .on("collect", collect);
}

/// The answers that came, and whether some are missing.
async fn collect(socket: Socket, Data(request): Data<Request>) -> Reply<serde_json::Value> {
    let asked =
        request.addressed(&socket).emit_with_ack::<serde_json::Value>(&request.event, Args(request.args));
    let all = asked.await.unwrap();
    let answers: Vec<_> = all.answers.into_iter().map(|(_, answer)| answer.unwrap()).collect();
    Reply(match all.missing {
        0 => json!({ "answers": answers }),
        _ => json!({ "error": "timeout", "answers": answers }),
    })
}

/// Other sockets, from afar.
fn others(namespace: Definition) {
    namespace
        .on("sockets", sockets)
        .on("sockets-join", |socket: Socket, Data(request): Data<Request>| {
            request.addressed(&socket).sockets_join(&request.rooms).unwrap();
            Reply(())
        })
        .on("sockets-leave", |socket: Socket, Data(request): Data<Request>| {
            request.addressed(&socket).sockets_leave(&request.rooms).unwrap();
            Reply(())
        })
        .on("sockets-disconnect", |socket: Socket, Data(request): Data<Request>| {
            request.addressed(&socket).disconnect_sockets(request.close).unwrap();
        });
}

async fn sockets(socket: Socket, Data(request): Data<Request>) -> Reply<Vec<serde_json::Value>> {
    let found = request.addressed(&socket).fetch_sockets().await.unwrap();
    let described = found.iter().map(|socket| {
        let data: serde_json::Value = socket.data().unwrap();
        json!({ "id": socket.id(), "rooms": with_own(socket.id(), socket.rooms()), "data": data })
    });
    Reply(described.collect())
}

/// The rooms of a socket as the reference shows them: with the one that has its own name.
fn with_own(id: &str, rooms: &[Arc<str>]) -> Vec<String> {
    let mut names: Vec<String> = rooms.iter().map(ToString::to_string).collect();
    names.push(id.to_owned());
    names.sort();
    names
}
