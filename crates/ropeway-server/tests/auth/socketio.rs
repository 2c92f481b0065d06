//! Clients of Socket.IO: who may have a session, who may enter a namespace, and for how long.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use ropeway_server::app::{App, Data, Reply, Socket};
use ropeway_server::auth::Identity;
use serde_json::{Value, json};

use crate::client::{SOON, refused};
use crate::hook::{server, with_app};
use crate::peer::{Peer, status};
use crate::running::Running;

const WEBSOCKET: &str = "/socket.io/?EIO=4&transport=websocket";

/// A session that begins with polling, or its refusal.
fn poll(server: &Running, query: &str, headers: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    write!(
        stream,
        "GET /socket.io/?EIO=4&transport=polling{query} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{headers}\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), serde_json::from_str(body.trim_start_matches('0')).unwrap_or_default())
}

#[test]
fn bad_credentials_get_no_session() {
    let server = server(&[]);
    for (token, code, reason) in [
        ("wrong", 401, "unauthorized"),
        ("past", 401, "token_expired"),
        ("banned", 403, "forbidden"),
        ("down", 503, "unavailable"),
    ] {
        let (status, body) = poll(&server, &format!("&token={token}"), "");
        assert_eq!((status, &body["code"], &body["reason"]), (code, &json!(4), &json!(reason)), "{token}");
        assert!(body["message"].is_string());
        let (status, _) = poll(&server, "", &format!("authorization: Bearer {token}\r\n"));
        assert_eq!(status, code, "{token} in the header");
        assert_eq!(refused(&server, &format!("{WEBSOCKET}&token={token}"), &[]), code, "{token}");
    }
    assert_eq!(status(&server, "connections"), 0);
    assert!(poll(&server, "&token=ada", "").1["sid"].is_string());
}

#[test]
fn old_clients_have_no_other_place_for_a_token() {
    let server = server(&[("socketio.allow_eio3", "true")]);
    assert_eq!(refused(&server, "/socket.io/?EIO=3&transport=websocket", &[]), 401);
}

#[test]
fn a_token_in_the_request_is_enough() {
    let server = server(&[]);
    for (query, headers) in [("&token=ada", vec![]), ("", vec![("authorization", "Bearer ada")])] {
        let mut ada = Peer::with(&server, query, &headers);
        assert!(ada.ask("0").starts_with("0{\"sid\":"));
        assert!(ada.ask(r#"20["join","users:a"]"#).starts_with(r#"30[{"type":"joined""#));
    }
}

#[test]
fn nobody_enters_without_a_token() {
    let server = server(&[]);
    let mut peer = Peer::open(&server);
    let refused =
        |message: &str, code: &str| format!(r#"4{{"message":"{message}","data":{{"code":"{code}"}}}}"#);
    assert_eq!(peer.ask("0"), refused("credentials are needed", "unauthorized"));
    assert_eq!(peer.ask(r#"0{"token":null}"#), refused("credentials are needed", "unauthorized"));
    assert_eq!(peer.ask(r#"0{"token":7}"#), refused("the token must be a string", "unauthorized"));
    assert_eq!(peer.ask(r#"0{"token":"wrong"}"#), refused("no such token", "unauthorized"));
    assert_eq!(peer.ask(r#"0{"token":"past"}"#), refused("token expired", "token_expired"));
    assert_eq!(peer.ask(r#"0{"token":"banned"}"#), refused("banned", "forbidden"));
    assert!(peer.ask(r#"0{"token":"ada"}"#).starts_with("0{\"sid\":"));
    assert!(peer.ask(r#"20["join","users:a"]"#).contains("joined"));
}

#[test]
fn a_slow_answer_holds_up_nobody_else_and_lets_nobody_in() {
    let server = server(&[("socketio.namespaces", "/, /other")]);
    let mut peer = Peer::open(&server);
    peer.send(r#"0{"token":"never"}"#);
    assert!(peer.ask(r#"0/other,{"token":"ada"}"#).starts_with("0/other,{\"sid\":"));
    // It is not in, so whatever it says there ends the connection.
    peer.send(r#"20["join","open:a"]"#);
    peer.closed();
}

#[test]
fn namespaces_and_rooms_are_those_of_the_credentials() {
    let server = server(&[("socketio.namespaces", "/, /other")]);
    let mut peer = Peer::open(&server);
    assert!(peer.ask(r#"0{"token":"elsewhere"}"#).contains("\"code\":\"forbidden\""));
    assert!(peer.ask(r#"0/other,{"token":"elsewhere"}"#).starts_with("0/other,{\"sid\":"));
    let mut narrow = Peer::with(&server, "&token=narrow", &[]);
    assert!(narrow.ask("0").starts_with("0{\"sid\":"));
    assert!(narrow.ask(r#"20["join","open:a"]"#).contains("joined"));
    assert!(narrow.ask(r#"21["join","open:b"]"#).contains("forbidden"));
    assert!(narrow.ask(r#"22["publish","open:a","e",1]"#).contains("forbidden"));
}

#[test]
fn a_token_of_a_namespace_is_for_the_user_of_the_request() {
    let server = server(&[]);
    let mut peer = Peer::with(&server, "&token=ada", &[]);
    assert!(peer.ask(r#"0{"token":"eve"}"#).contains("this token is for another user"));
    assert!(peer.ask(r#"0{"token":"granted"}"#).starts_with("0{\"sid\":"));
    assert!(peer.ask(r#"20["join","granted:a"]"#).contains("joined"), "the rights are those of the token");
}

#[test]
fn a_client_is_warned_and_put_out_when_its_token_ends() {
    let server = server(&[]);
    let mut peer = Peer::open(&server);
    assert!(peer.ask(r#"0{"token":"short"}"#).starts_with("0{\"sid\":"));
    assert!(peer.read().starts_with(r#"2["auth_expiring",{"expires_in":"#));
    assert_eq!(peer.read(), "1");
    assert!(peer.ask(r#"0{"token":"ada"}"#).starts_with("0{\"sid\":"), "it may come back");
}

#[test]
fn a_fresh_token_goes_on() {
    let server = server(&[]);
    let mut peer = Peer::open(&server);
    assert!(peer.ask(r#"0{"token":"short"}"#).starts_with("0{\"sid\":"));
    assert!(peer.read().contains("auth_expiring"));
    let renewed = peer.ask(r#"27["auth",{"token":"lasting"}]"#);
    assert!(renewed.starts_with(r#"37[{"type":"auth_ok","user":"ada","expires_in":3"#), "{renewed}");
    for (token, code) in [("eve", "forbidden"), ("wrong", "unauthorized")] {
        let refused = peer.ask(&format!(r#"28["auth",{{"token":"{token}"}}]"#));
        assert!(refused.starts_with(r#"38[{"type":"error""#) && refused.contains(code), "{refused}");
    }
    // Longer than the first token would have lasted.
    std::thread::sleep(std::time::Duration::from_millis(900));
    peer.nothing_more();
}

#[test]
fn applications_know_who_it_is_and_renew() {
    let app = App::new();
    app.namespace("/app").on("who", |identity: Arc<Identity>| Reply(identity.name().map(str::to_owned))).on(
        "renew",
        async |socket: Socket, Data(token): Data<String>| {
            let renewed = socket.authenticate(&token).await;
            Reply(renewed.map_or_else(|refusal| refusal.code(), |_| "renewed"))
        },
    );
    let server = with_app(&[], app);
    let mut peer = Peer::open(&server);
    assert!(peer.ask("0/app,").contains("unauthorized"));
    assert!(peer.ask(r#"0/app,{"token":"short"}"#).starts_with("0/app,{\"sid\":"));
    assert_eq!(peer.ask(r#"2/app,1["who"]"#), r#"3/app,1["ada"]"#);
    assert_eq!(peer.ask(r#"2/app,2["renew","eve"]"#), r#"3/app,2["forbidden"]"#);
    assert_eq!(peer.ask(r#"2/app,3["renew","lasting"]"#), r#"3/app,3["renewed"]"#);
    std::thread::sleep(std::time::Duration::from_millis(900));
    assert_eq!(peer.ask(r#"2/app,4["who"]"#), r#"3/app,4["ada"]"#);
}

#[test]
fn who_comes_back_must_be_the_same_user() {
    let server = server(&[("socketio.recovery", "true")]);
    let come = |token: &str, pid: &str| {
        let mut peer = Peer::open(&server);
        let auth = format!(r#"0{{"token":"{token}","pid":"{pid}","offset":""}}"#);
        let told = peer.ask(&auth);
        let about: Value = serde_json::from_str(told.strip_prefix('0').unwrap()).unwrap();
        (peer, about["pid"].as_str().unwrap().to_owned())
    };
    let (ada, pid) = come("ada", "");
    ada.break_off();
    let (eve, other) = come("eve", &pid);
    assert_ne!(other, pid);
    drop(eve);
    let mut unknown = Peer::open(&server);
    assert!(unknown.ask(&format!(r#"0{{"pid":"{pid}","offset":""}}"#)).contains("unauthorized"));
}
