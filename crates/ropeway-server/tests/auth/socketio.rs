//! Clients of Socket.IO: who may have a session, who may enter a namespace, and for how long.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use ropeway_server::app::{App, Data, Reply, Socket};
use ropeway_server::auth::Identity;
use serde_json::{Value, json};

use crate::client::{SOON, refused};
use crate::hook::{server, with_app};
use crate::peer::{Peer, between, status};
use crate::running::Running;

const WEBSOCKET: &str = "/socket.io/?EIO=4&transport=websocket";

/// A session that begins with polling, or its refusal.
fn poll(server: &Running, query: &str, headers: &str) -> (u16, Value) {
    let (status, body) = get(server, query, headers);
    (status, serde_json::from_str(body.trim_start_matches('0')).unwrap_or_default())
}

fn get(server: &Running, query: &str, headers: &str) -> (u16, String) {
    request(server, "GET", query, headers, "")
}

fn post(server: &Running, query: &str, packet: &str) -> u16 {
    request(server, "POST", query, &format!("content-length: {}\r\n", packet.len()), packet).0
}

fn request(server: &Running, method: &str, query: &str, headers: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    write!(
        stream,
        "{method} /socket.io/?EIO=4&transport=polling{query} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\
         {headers}\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), body.to_owned())
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

/// Returns when a token has ended that began later than all others.
fn await_the_end(server: &Running, namespace: &str) {
    let mut witness = Peer::open(server);
    assert!(witness.ask(&format!(r#"0{namespace}{{"token":"seconds"}}"#)).contains("\"sid\":"));
    while witness.read() != format!("1{namespace}") {}
}

#[test]
fn a_fresh_token_goes_on() {
    let server = server(&[]);
    let mut peer = Peer::open(&server);
    assert!(peer.ask(r#"0{"token":"seconds"}"#).starts_with("0{\"sid\":"));
    let renewed = peer.ask(r#"27["auth",{"token":"lasting"}]"#);
    assert!(renewed.starts_with(r#"37[{"type":"auth_ok","user":"ada","expires_in":3"#), "{renewed}");
    for (token, code) in [("eve", "forbidden"), ("wrong", "unauthorized")] {
        let refused = peer.ask(&format!(r#"28["auth",{{"token":"{token}"}}]"#));
        assert!(refused.starts_with(r#"38[{"type":"error""#) && refused.contains(code), "{refused}");
    }
    await_the_end(&server, "");
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
    assert!(peer.ask(r#"0/app,{"token":"seconds"}"#).starts_with("0/app,{\"sid\":"));
    assert_eq!(peer.ask(r#"2/app,1["who"]"#), r#"3/app,1["ada"]"#);
    assert_eq!(peer.ask(r#"2/app,2["renew","eve"]"#), r#"3/app,2["forbidden"]"#);
    assert_eq!(peer.ask(r#"2/app,3["renew","lasting"]"#), r#"3/app,3["renewed"]"#);
    await_the_end(&server, "/app,");
    assert_eq!(peer.ask(r#"2/app,4["who"]"#), r#"3/app,4["ada"]"#);
}

#[test]
fn a_renewal_that_ends_earlier_ends_at_its_own_time() {
    let app = App::new();
    app.namespace("/app").on("renew", async |socket: Socket, Data(token): Data<String>| {
        let _ = socket.authenticate(&token).await;
    });
    let server = with_app(&[], app);
    let mut peer = Peer::open(&server);
    assert!(peer.ask(r#"0{"token":"lasting"}"#).starts_with("0{\"sid\":"));
    assert!(peer.ask(r#"20["auth",{"token":"short"}]"#).contains("auth_ok"));
    assert!(peer.read().contains("auth_expiring"));
    assert_eq!(peer.read(), "1");
    // Here nothing is sent that would make the session look.
    assert!(peer.ask(r#"0/app,{"token":"lasting"}"#).starts_with("0/app,{\"sid\":"));
    peer.send(r#"2/app,["renew","short"]"#);
    assert_eq!(peer.read(), "1/app,");
}

#[test]
fn the_end_comes_over_polling_too() {
    let server = server(&[]);
    let (_, told) = poll(&server, "", "");
    let session = format!("&sid={}", told["sid"].as_str().unwrap());
    assert_eq!(post(&server, &session, r#"40{"token":"short"}"#), 200);
    let mut heard = String::new();
    while !heard.ends_with("41") {
        let (status, more) = get(&server, &session, "");
        assert_eq!(status, 200, "{heard}");
        heard.push_str(&more);
    }
    assert!(heard.contains(r#"42["auth_expiring",{"expires_in":"#), "{heard}");
    assert_eq!(post(&server, &session, r#"40{"token":"ada"}"#), 200, "it may come back");
    assert!(get(&server, &session, "").1.starts_with("40{\"sid\":"));
}

#[test]
fn who_came_in_as_nobody_may_become_somebody() {
    let server = server(&[("auth.anonymous", "true"), ("socketio.namespaces", "/, /other")]);
    let mut peer = Peer::connect(&server);
    assert!(peer.ask(r#"20["join","users:a"]"#).contains("forbidden"));
    assert!(peer.ask(r#"21["auth",{"token":"ada"}]"#).contains("connect to the namespace again"));
    assert!(peer.ask(r#"0/other,{"token":"wrong"}"#).contains("unauthorized"));
    assert!(peer.ask(r#"0/other,{"token":"ada"}"#).starts_with("0/other,{\"sid\":"));
    assert!(peer.ask(r#"2/other,2["join","users:a"]"#).contains("joined"));
    peer.send("1");
    assert!(peer.ask(r#"0{"token":"ada"}"#).starts_with("0{\"sid\":"));
    assert!(peer.ask(r#"23["join","users:a"]"#).contains("joined"));
}

#[test]
fn users_have_so_many_connections_wherever_their_token_is() {
    let server = server(&[("limits.connections_per_user", "1"), ("socketio.namespaces", "/, /other")]);
    let (ada, eve) = (r#"0{"token":"ada"}"#, r#"0{"token":"eve"}"#);
    let mut first = Peer::open(&server);
    assert!(first.ask(ada).starts_with("0{\"sid\":"));
    assert!(first.ask(r#"0/other,{"token":"ada"}"#).starts_with("0/other,{\"sid\":"), "one connection");
    let mut second = Peer::open(&server);
    assert!(second.ask(ada).contains(r#""data":{"code":"too_many_connections"}"#));
    assert!(second.ask(eve).starts_with("0{\"sid\":"), "somebody else may");
    assert_eq!(refused(&server, &format!("{WEBSOCKET}&token=ada"), &[]), 429);
    // With the last namespace of the user its place is free, though the connection goes on.
    first.send("1");
    first.send("1/other,");
    assert!(first.ask(eve).contains("too_many_connections"), "the place of the other user is taken");
    let mut third = Peer::with(&server, "&token=ada", &[]);
    assert!(third.ask(ada).starts_with("0{\"sid\":"), "counted by its request");
}

#[test]
fn skipping_middleware_does_not_skip_authentication() {
    let server = server(&[("socketio.recovery", "true"), ("socketio.skip_middlewares", "true")]);
    let mut ada = Peer::open(&server);
    let told = ada.ask(r#"0{"token":"ada"}"#);
    let pid = between(&told, r#""pid":""#, "\"").to_owned();
    ada.break_off();
    for (token, code) in
        [(r#""past""#, "token_expired"), (r#""wrong""#, "unauthorized"), ("null", "unauthorized")]
    {
        let mut peer = Peer::open(&server);
        let refused = peer.ask(&format!(r#"0{{"token":{token},"pid":"{pid}","offset":""}}"#));
        assert!(refused.contains(code), "{refused}");
    }
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
