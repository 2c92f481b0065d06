//! Servers with backends, and what their clients see.

use std::sync::{Mutex, OnceLock};
use std::thread;

use serde_json::{Value, json};
use tracing::Level;
use tungstenite::Error;

use crate::client::{Client, open};
use crate::guarded;
use crate::log::Log;
use crate::raw::{Answer, Exchange};
use crate::running::{KEY, Running};

/// Notes the secrets of the settings.
pub(crate) fn server(settings: &[(&'static str, &str)]) -> Running {
    note(KEY);
    let secrets = settings.iter().filter(|(key, _)| key.ends_with(".secret"));
    secrets.for_each(|(_, secret)| note(secret));
    Running::build(guarded::builder(settings))
}

/// Notes what may not stand in the log of this process, and keeps that from now on.
pub(crate) fn note(secret: &str) {
    static LOG: OnceLock<Log> = OnceLock::new();
    LOG.get_or_init(keep_log).secret(secret);
}

fn keep_log() -> Log {
    let test = thread::current().name().unwrap_or("unnamed").replace("::", "-");
    let log = Log::create("backends", &test);
    tracing_subscriber::fmt()
        .with_max_level(Level::TRACE)
        .with_ansi(false)
        .with_writer(Mutex::new(log.file()))
        .init();
    log
}

/// A client that is let in.
#[track_caller]
pub(crate) fn welcomed(server: &Running, path: &str, headers: &[(&str, &str)]) -> Client {
    let mut client = Client(open(server, path, headers).unwrap());
    assert_eq!(client.read()["type"], "welcome");
    client
}

/// The status and the body of a refused handshake.
#[track_caller]
pub(crate) fn refusal(server: &Running, path: &str, headers: &[(&str, &str)]) -> (u16, Value) {
    match open(server, path, headers).map_err(|error| *error) {
        Err(Error::Http(response)) => {
            let body = response.body().as_deref().unwrap_or_default();
            (response.status().as_u16(), serde_json::from_slice(body).unwrap_or_default())
        }
        other => panic!("a refusal instead of {other:?}"),
    }
}

pub(crate) fn joins(client: &mut Client, room: &str) -> bool {
    client.ask(&json!({ "type": "join", "room": room }))["type"] == "joined"
}

/// The user that others see.
pub(crate) fn user(client: &mut Client, room: &str) -> Value {
    assert!(joins(client, room));
    let event = client.ask(&json!({ "type": "publish", "room": room, "event": "e", "data": 1 }));
    event["from"]["user"].clone()
}

/// The answer to `POST /api/tickets`. A ticket is noted.
pub(crate) fn order(server: &Running, body: &str) -> Answer {
    let headers = format!("authorization: Bearer {KEY}\r\ncontent-type: application/json\r\n");
    let answer = Exchange::begin(server, "POST /api/tickets", &headers, body.as_bytes()).finish();
    if answer.status == 201 {
        note(answer.json()["ticket"].as_str().unwrap());
    }
    answer
}

/// The answer to the first request of long polling.
pub(crate) fn poll(server: &Running, query: &str, headers: &str) -> Answer {
    let request = format!("GET /socket.io/?EIO=4&transport=polling{query}");
    Exchange::begin(server, &request, headers, b"").finish()
}
