//! The application that a server under test runs, here on ours; `tests/peers/socketio_reference.mjs` is its twin.
//!
//! Namespaces: `/`, `/custom`, `/guarded` (refused with the message `Not authorized` and the data
//! `{"reason":"token"}` unless `auth.token` is `secret`) and all of `/dynamic-` and digits.
//! A client that connects, and was not recovered, is sent `auth` with what it sent as such, `{}` for nothing.
//!
//! | event | does |
//! | --- | --- |
//! | `message ...` | emits `message-back ...` |
//! | `volatile ...` | emits `message-back ...`, volatile |
//! | `message-with-ack ...` | acknowledges with its arguments |
//! | `twice` | acknowledges with 1, then with 2 |
//! | `join room`, `leave room` | does so and acknowledges with nothing |
//! | `rooms` | acknowledges with the sorted names of the socket's rooms, its own included |
//! | `to {rooms, except}, event, value` | emits the event to the rooms |
//! | `others rooms, event, value` | emits the event to the rooms but not to the sender |
//! | `ask ...` | emits `question ...`, awaits the acknowledgement and emits `answered` with its arguments |
//! | `ask-room room, value` | asks the room `question` for 3 s at most and emits `answers` with whether somebody did not answer, and the answers |
//! | `disconnect-me close` | disconnects the socket, or all of its connection |
//! | `who-am-i` | acknowledges with `{id, query, url, secure, xdomain, auth}` |
//! | `ending id` | acknowledges with the reason for which a socket ended, once it has |

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ropeway_server::app::{Ack, App, Args, Auth, Binary, Data, Definition, DisconnectReason, Namespace, Raw};
use ropeway_server::app::{Refusal, Reply, Socket, State};
use ropeway_server::config::Sources;
use ropeway_server::{Handshake, Server};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

const SHORT: &str = "ping_interval = '500ms'\nping_timeout = '4s'\nupgrade_timeout = '4s'\n\
                     connect_timeout = '4s'\n";

/// The settings of each [`Profile`](crate::subject::Profile), by its name.
const PROFILES: &[(&str, &[&str])] = &[
    ("default", &[]),
    ("short", &[SHORT]),
    ("limited", &["max_http_buffer_size = '10000B'\ncookie = 'io'\nallow_upgrades = false\n"]),
    ("version3", &[SHORT, "allow_eio3 = true\n"]),
    ("recovery", &[SHORT, "recovery = true\nmax_disconnection_duration = '5s'\n"]),
    ("deflate", &["per_message_deflate = 'no-takeover'\n"]),
    ("msgpack", &[]),
];

/// Serves all profiles, says where, and goes on to the end of the standard input.
pub(crate) async fn serve() {
    let mut line = String::new();
    for (name, settings) in PROFILES {
        let file = format!("[server]\nlisten = '127.0.0.1:0'\n[socketio]\n{}", settings.concat());
        let config = Sources::new().file(*name, file).load().unwrap();
        let server = Server::builder(config).app(application()).bind().await.unwrap();
        line.push_str(&format!("{name}={} ", server.local_addr()));
        tokio::spawn(server.run(std::future::pending()));
    }
    println!("{line}");
    let end = tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
    end.await.unwrap().unwrap();
}

fn application() -> App {
    let app = App::new();
    app.state(Arc::<Endings>::default());
    attend(app.namespace("/"));
    attend(app.namespace("/custom"));
    attend(app.namespace("/guarded")).middleware(admit);
    attend(app.namespace_if(|namespace: Namespace| {
        let number = namespace.name().strip_prefix("/dynamic-");
        number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    }));
    app
}

fn admit(Auth(auth): Auth<Value>) -> Result<(), Refusal> {
    match auth["token"].as_str() {
        Some("secret") => Ok(()),
        _ => Err(Refusal::new("Not authorized").with_data(json!({ "reason": "token" }))),
    }
}

/// What all namespaces do.
fn attend(namespace: Definition) -> Definition {
    let namespace = namespace
        .on_connect(greet)
        .on_disconnect(|socket: Socket, reason: DisconnectReason, State(endings): State<Arc<Endings>>| {
            endings.tell(socket.id(), reason.as_str());
        })
        .on("ending", |Data(id): Data<String>, ack: Ack, State(endings): State<Arc<Endings>>| {
            endings.of(id, ack);
        });
    ask(rooms(echo(namespace)))
}

fn greet(socket: Socket, Auth(auth): Auth<Option<Box<RawValue>>>) {
    if socket.recovered() {
        return;
    }
    match auth {
        Some(auth) => socket.emit("auth", auth).unwrap(),
        None => socket.emit("auth", json!({})).unwrap(),
    }
}

fn echo(namespace: Definition) -> Definition {
    namespace
        .on("message", |socket: Socket, raw: Raw| socket.emit("message-back", raw).unwrap())
        .on("volatile", |socket: Socket, raw: Raw| socket.volatile().emit("message-back", raw).unwrap())
        .on("message-with-ack", |raw: Raw| Reply(raw))
        .on("twice", |ack: Ack| {
            ack.send(1).unwrap();
            Reply(2)
        })
        .on("disconnect-me", |socket: Socket, Data(close): Data<bool>| socket.disconnect(close))
        .on("who-am-i", |socket: Socket, Auth(auth): Auth<Value>| Reply(description(&socket, &auth)))
}

fn description(socket: &Socket, auth: &Value) -> Value {
    let handshake: &Handshake = socket.handshake();
    json!({
        "id": socket.id(),
        "query": handshake.query_pairs().collect::<BTreeMap<_, _>>(),
        "url": handshake.url(),
        "secure": handshake.is_secure(),
        "xdomain": handshake.is_cross_domain(),
        "auth": if auth.is_null() { json!({}) } else { auth.clone() },
    })
}

/// An argument that is passed on.
#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum Item {
    Binary(Binary),
    Value(Value),
}

#[derive(Deserialize)]
struct To {
    rooms: Vec<String>,
    #[serde(default)]
    except: Vec<String>,
}

fn rooms(namespace: Definition) -> Definition {
    namespace
        .on("join", |socket: Socket, Data(room): Data<String>| {
            socket.join(room).unwrap();
            Reply(())
        })
        .on("leave", |socket: Socket, Data(room): Data<String>| {
            socket.leave(room);
            Reply(())
        })
        .on("rooms", |socket: Socket| {
            let mut rooms: Vec<_> = socket.rooms().iter().map(ToString::to_string).collect();
            rooms.push(socket.id().to_owned());
            rooms.sort();
            Reply(rooms)
        })
        .on("to", |socket: Socket, Args((to, event, item)): Args<(To, String, Item)>| {
            socket.namespace().to(to.rooms).except(to.except).emit(&event, item).unwrap();
        })
        .on("others", |socket: Socket, Args((rooms, event, item)): Args<(Vec<String>, String, Item)>| {
            socket.to(rooms).emit(&event, item).unwrap();
        })
}

/// How long somebody may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

fn ask(namespace: Definition) -> Definition {
    namespace
        // On tasks of their own, so that one question does not wait for the answer to another.
        .on("ask", |socket: Socket, raw: Raw| {
            let answer = socket.timeout(PATIENCE).emit_with_ack::<Raw>("question", raw);
            tokio::spawn(async move {
                if let Ok(answer) = answer.await {
                    let _ = socket.emit("answered", answer);
                }
            });
        })
        .on("ask-room", |socket: Socket, Args((room, value)): Args<(String, Value)>| {
            let asked = socket.namespace().to(room).timeout(Duration::from_secs(3));
            let answers = asked.emit_with_ack::<Value>("question", value);
            tokio::spawn(async move {
                let answers = answers.await.unwrap();
                let missing = answers.missing > 0;
                let values: Vec<_> = answers.into_values().collect();
                let _ = socket.emit("answers", Args((missing, values)));
            });
        })
}

/// Why each socket ended, for those who ask before and after.
#[derive(Default)]
struct Endings(Mutex<HashMap<String, Ending>>);

enum Ending {
    Known(&'static str),
    Awaited(Ack),
}

impl Endings {
    fn tell(&self, id: &str, reason: &'static str) {
        if let Some(Ending::Awaited(ack)) =
            self.0.lock().unwrap().insert(id.to_owned(), Ending::Known(reason))
        {
            ack.send(reason).unwrap();
        }
    }

    fn of(&self, id: String, ack: Ack) {
        let mut endings = self.0.lock().unwrap();
        match endings.get(&id) {
            Some(Ending::Known(reason)) => ack.send(reason).unwrap(),
            _ => drop(endings.insert(id, Ending::Awaited(ack))),
        }
    }
}
