//! The application comes after authentication.

use std::sync::{Arc, Mutex};

use ropeway_server::app::{App, Refusal, Reply, Socket};
use ropeway_server::auth::Identity;
use serde_json::json;

use crate::client::{Client, SOON, open, refused};
use crate::hook::with_app;

#[test]
fn middleware_is_asked_about_those_who_are_known() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let app = App::new();
    let book = asked.clone();
    app.namespace("/").middleware(move |socket: Socket| {
        book.lock().unwrap().push(socket.user().map(str::to_owned));
        if socket.user() == Some("eve") { Err(Refusal::new("not you")) } else { Ok(()) }
    });
    let server = with_app(&[], app);
    assert_eq!(refused(&server, "/ws?token=x", &[]), 401);
    let mut unknown = Client(open(&server, "/ws", &[]).unwrap());
    let mut ada = Client(open(&server, "/ws?token=ada", &[]).unwrap());
    assert_eq!(ada.read()["type"], "welcome");
    ada.nothing_more();
    assert_eq!(*asked.lock().unwrap(), [Some("ada".to_owned())], "neither the refused nor the unknown one");
    unknown.ask(&json!({ "type": "auth", "token": "eve" }));
    unknown.read();
    assert_eq!(unknown.read()["message"], "not you");
    assert_eq!(unknown.closed().0, 4001);
}

#[test]
fn handlers_may_be_for_those_who_are_known() {
    let app = App::new();
    app.namespace("/")
        .on("members only", |identity: Arc<Identity>| Reply(identity.name().map(str::to_owned)))
        .on("anybody", |identity: Option<Arc<Identity>>| Reply(identity.is_some()));
    let server = with_app(&[("auth.anonymous", "true")], app);
    let emit = |event| json!({ "type": "emit", "event": event, "data": null, "id": "1" });
    let mut ada = Client(open(&server, "/ws?token=ada", &[]).unwrap());
    ada.read();
    assert_eq!(ada.ask(&emit("members only"))["data"], "ada");
    assert_eq!(ada.ask(&emit("anybody"))["data"], true);
    let mut nobody = Client(open(&server, "/ws", &[]).unwrap());
    nobody.read();
    assert_eq!(nobody.ask(&emit("members only"))["code"], "unauthorized");
    assert_eq!(nobody.ask(&emit("anybody"))["data"], false);
}

#[test]
fn who_has_gone_is_still_known() {
    let (tell, told) = std::sync::mpsc::channel();
    let app = App::new();
    app.namespace("/").on_disconnect(move |identity: Option<Arc<Identity>>| {
        tell.send(identity.and_then(|identity| identity.name().map(str::to_owned))).unwrap();
    });
    let server = with_app(&[], app);
    let mut ada = Client(open(&server, "/ws?token=ada", &[]).unwrap());
    ada.read();
    drop(ada);
    assert_eq!(told.recv_timeout(SOON).unwrap().as_deref(), Some("ada"));
}

#[test]
fn handlers_know_the_identity() {
    let app = App::new();
    app.namespace("/").on("who", |socket: Socket| {
        let identity = socket.identity();
        Reply(identity.and_then(|identity| identity.name().map(str::to_owned)))
    });
    let server = with_app(&[], app);
    let mut ada = Client(open(&server, "/ws?token=ada", &[]).unwrap());
    ada.read();
    let answer = ada.ask(&json!({ "type": "emit", "event": "who", "data": null, "id": "1" }));
    assert_eq!(answer["data"], "ada");
}
