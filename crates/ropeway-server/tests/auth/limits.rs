//! How many connections a user may have.

use std::time::Instant;

use serde_json::json;

use crate::client::{Client, SOON, closed, open, refusal};
use crate::hook::server;
use crate::socketio::poll;

#[test]
fn a_user_with_too_many_connections_is_refused() {
    let server = server(&[("limits.connections_per_user", "1")]);
    let first = open(&server, "/ws?token=ada", &[]).unwrap();
    for path in ["/ws?token=ada", "/socket.io/?EIO=4&transport=websocket&token=ada"] {
        let told = refusal(&server, path, &[]);
        assert_eq!(told, (429, Some("5".to_owned()), json!("too_many_connections")), "{path}");
    }
    let (status, body) = poll(&server, "&token=ada", "");
    assert_eq!((status, &body["code"]), (429, &json!("too_many_connections")));
    assert!(open(&server, "/ws?token=eve", &[]).is_ok(), "another user");
    drop(first);
    let deadline = Instant::now() + SOON;
    while open(&server, "/ws?token=ada", &[]).is_err() {
        assert!(Instant::now() < deadline, "the place of a connection that has gone is not given away");
    }
}

#[test]
fn who_tells_by_a_message_is_closed_with_4009() {
    let server = server(&[("limits.connections_per_user", "1")]);
    let auth = json!({ "type": "auth", "token": "ada" });
    let mut first = Client(open(&server, "/ws", &[]).unwrap());
    assert_eq!(first.ask(&auth)["type"], "auth_ok");
    let mut second = Client(open(&server, "/ws", &[]).unwrap());
    let error = second.ask(&auth);
    assert_eq!((&error["type"], &error["code"]), (&json!("error"), &json!("too_many_connections")));
    assert_eq!(second.closed(), (4009, "too many connections".to_owned()));
    assert_eq!(first.ask(&auth)["type"], "welcome", "which came before the answer");
    assert_eq!(first.read()["type"], "auth_ok", "a renewal is not another connection");
}

#[test]
fn where_refusals_come_as_a_close_it_is_4009() {
    let server = server(&[("limits.connections_per_user", "1"), ("auth.refusal", "close")]);
    let _first = open(&server, "/ws?token=ada", &[]).unwrap();
    assert_eq!(closed(&mut open(&server, "/ws?token=ada", &[]).unwrap()).0, 4009);
}
