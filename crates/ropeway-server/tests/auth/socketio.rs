//! Clients of Socket.IO: who may have a session, who may enter a namespace, and for how long.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Instant;

use ropeway_server::app::{App, Data, Reply, Socket};
use ropeway_server::auth::Identity;
use serde_json::{Value, json};
use tungstenite::Message;

use crate::client::{SOON, open, refused};
use crate::hook::{SHORT, before_the_end, server, with_app};
use crate::peer::{Peer, between, status};
use crate::running::Running;

const WEBSOCKET: &str = "/socket.io/?EIO=4&transport=websocket";

/// A session that begins with polling, or its refusal.
pub(crate) fn poll(server: &Running, query: &str, headers: &str) -> (u16, Value) {
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
fn nobody_enters_without_a_token_over_polling() {
    let server = server(&[]);
    let (_, told) = poll(&server, "", "");
    let session = format!("&sid={}", told["sid"].as_str().unwrap());
    for (packet, told) in
        [("40", "44{\"message\":\"credentials are needed\""), ("40{\"token\":\"ada\"}", "40{")]
    {
        assert_eq!(post(&server, &session, packet), 200);
        let heard = get(&server, &session, "").1;
        assert!(heard.starts_with(told), "{heard}");
    }
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
    assert!(peer.ask(&connect("ada")).starts_with("0{\"sid\":"));
    assert!(peer.ask(r#"20["auth",{"token":"elsewhere"}]"#).contains("\"code\":\"forbidden\""));
    assert!(peer.ask(r#"21["join","open:a"]"#).contains("joined"), "what it has stays");
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
    for bad in [r#""wrong""#, "7", r#""past""#] {
        let refused = peer.ask(&format!(r#"0{{"token":{bad}}}"#));
        assert!(refused.starts_with("4{"), "{refused}: not passed over for that of the request");
    }
    assert!(peer.ask(r#"0{"token":"granted"}"#).starts_with("0{\"sid\":"));
    assert!(peer.ask(r#"20["join","granted:a"]"#).contains("joined"), "the rights are those of the token");
}

#[test]
fn a_client_is_warned_and_put_out_when_its_token_ends() {
    let server = server(&[]);
    let mut peer = Peer::open(&server);
    assert!(peer.ask(&connect(SHORT)).starts_with("0{\"sid\":"));
    assert!(peer.read().starts_with(r#"2["auth_expiring",{"expires_in":"#));
    assert_eq!(peer.read(), "1");
    assert!(peer.ask(r#"0{"token":"ada"}"#).starts_with("0{\"sid\":"), "it may come back");
}

#[test]
fn the_warning_comes_so_long_before_the_end() {
    let server = server(&[("auth.expiry_warning", "100ms")]);
    let mut peer = Peer::open(&server);
    assert!(peer.ask(&connect(SHORT)).starts_with("0{\"sid\":"));
    let warning = peer.read();
    let left = between(&warning, r#"2["auth_expiring",{"expires_in":"#, "}");
    assert!(left.parse::<u64>().unwrap() <= 100, "{warning}");
}

/// As a client that never was in one.
#[test]
fn who_is_put_out_of_its_last_namespace_has_so_long_to_come_back() {
    let server = server(&[("socketio.connect_timeout", "3s")]);
    let mut peer = Peer::open(&server);
    assert!(peer.ask(&connect(SHORT)).starts_with("0{\"sid\":"));
    while peer.read() != "1" {}
    peer.closed();
}

/// The request is good for the namespaces that its credentials name, and as long as these last.
#[test]
fn the_credentials_of_the_request_are_looked_at_for_each_namespace() {
    let server = server(&[("socketio.namespaces", "/, /other")]);
    let mut elsewhere = Peer::with(&server, "&token=elsewhere", &[]);
    assert!(elsewhere.ask("0").contains("\"code\":\"forbidden\""));
    assert!(elsewhere.ask("0/other,").starts_with("0/other,{\"sid\":"));
    let mut late = Peer::with(&server, &format!("&token={SHORT}"), &[]);
    await_the_end(&server, SHORT);
    assert!(late.ask("0").contains("\"code\":\"token_expired\""));
}

#[test]
fn tokens_of_messages_can_be_switched_off() {
    let server = server(&[("auth.anonymous", "true"), ("auth.token_from", "query")]);
    let mut nobody = Peer::open(&server);
    assert!(nobody.ask(&connect("ada")).starts_with("0{\"sid\":"));
    assert!(nobody.ask(r#"20["join","users:a"]"#).contains("forbidden"), "the token is not looked at");
    let mut ada = Peer::with(&server, "&token=ada", &[]);
    assert!(ada.ask("0").starts_with("0{\"sid\":"));
    assert!(ada.ask(r#"20["auth",{"token":"lasting"}]"#).contains("\"code\":\"unsupported\""));
}

/// However long the answer takes, on each carrier.
#[test]
fn what_comes_behind_a_slow_token_waits_for_it() {
    let server = server(&[]);
    let mut peer = Peer::with(&server, "&token=ada", &[]);
    assert!(peer.ask("0").starts_with("0{\"sid\":"));
    peer.send_all(&[r#"20["auth",{"token":"slow granted"}]"#, r#"21["join","granted:a"]"#]);
    assert!(peer.read().contains("auth_ok"));
    assert!(peer.read().contains("joined"));
    let (_, told) = poll(&server, "&token=ada", "");
    let session = format!("&sid={}", told["sid"].as_str().unwrap());
    assert_eq!(post(&server, &session, "40"), 200);
    assert!(get(&server, &session, "").1.starts_with("40{"));
    let both = "420[\"auth\",{\"token\":\"slow granted\"}]\u{1e}421[\"join\",\"granted:a\"]";
    assert_eq!(post(&server, &session, both), 200);
    let mut heard = String::new();
    while !heard.contains("431[") {
        heard.push_str(&get(&server, &session, "").1);
    }
    assert!(heard.contains("auth_ok") && heard.contains("\"joined\""), "{heard}");
}

/// CONNECT to `/`.
fn connect(token: &str) -> String {
    format!(r#"0{{"token":"{token}"}}"#)
}

/// Renews, unless the time of the client is over before.
fn renew(peer: &mut Peer, namespace: &str, renewal: &str, renewed: &str) -> Option<()> {
    peer.send(&format!("2{namespace}{renewal}"));
    loop {
        match peer.read() {
            over if over == format!("1{namespace}") => return None,
            warning if warning.contains("auth_expiring") => {}
            answer => {
                assert!(answer.starts_with(&format!("3{namespace}{renewed}")), "{answer}");
                return Some(());
            }
        }
    }
}

/// Returns when the time of a client is over that began later than those of all others with this token.
fn await_the_end(server: &Running, token: &str) {
    let mut witness = Peer::open(server);
    assert!(witness.ask(&connect(token)).contains("\"sid\":"));
    while witness.read() != "1" {}
}

#[test]
fn a_fresh_token_goes_on() {
    let server = server(&[]);
    let (mut peer, token) = before_the_end(|token| {
        let mut peer = Peer::open(&server);
        assert!(peer.ask(&connect(token)).starts_with("0{\"sid\":"));
        let renewed = r#"7[{"type":"auth_ok","user":"ada","expires_in":3"#;
        renew(&mut peer, "", r#"7["auth",{"token":"lasting"}]"#, renewed)?;
        Some(peer)
    });
    for (token, code) in [("eve", "forbidden"), ("nameless", "forbidden"), ("wrong", "unauthorized")] {
        let refused = peer.ask(&format!(r#"28["auth",{{"token":"{token}"}}]"#));
        assert!(refused.starts_with(r#"38[{"type":"error""#) && refused.contains(code), "{refused}");
    }
    await_the_end(&server, &token);
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
    let (mut peer, token) = before_the_end(|token| {
        let mut peer = Peer::open(&server);
        assert!(peer.ask("0/app,").contains("unauthorized"));
        assert!(peer.ask(&format!(r#"0/app,{{"token":"{token}"}}"#)).starts_with("0/app,{\"sid\":"));
        renew(&mut peer, "/app,", r#"3["renew","lasting"]"#, r#"3["renewed"]"#)?;
        Some(peer)
    });
    assert_eq!(peer.ask(r#"2/app,1["who"]"#), r#"3/app,1["ada"]"#);
    assert_eq!(peer.ask(r#"2/app,2["renew","eve"]"#), r#"3/app,2["forbidden"]"#);
    await_the_end(&server, &token);
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
    assert!(peer.ask(&format!(r#"20["auth",{{"token":"{SHORT}"}}]"#)).contains("auth_ok"));
    assert!(peer.read().contains("auth_expiring"));
    assert_eq!(peer.read(), "1");
    // Here nothing is sent that would make the session look.
    assert!(peer.ask(r#"0/app,{"token":"lasting"}"#).starts_with("0/app,{\"sid\":"));
    peer.send(&format!(r#"2/app,["renew","{SHORT}"]"#));
    assert_eq!(peer.read(), "1/app,");
}

#[test]
fn the_end_comes_over_polling_too() {
    let server = server(&[]);
    let (_, told) = poll(&server, "", "");
    let session = format!("&sid={}", told["sid"].as_str().unwrap());
    assert_eq!(post(&server, &session, &format!("4{}", connect(SHORT))), 200);
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
fn the_end_comes_behind_an_upgrade_too() {
    let server = server(&[]);
    let (_, told) = poll(&server, "", "");
    let session = format!("&sid={}", told["sid"].as_str().unwrap());
    let mut socket = open(&server, &format!("{WEBSOCKET}{session}"), &[]).unwrap();
    let mut say = |text: &str| socket.send(Message::text(text)).unwrap();
    say("2probe");
    say("5");
    say(&format!("4{}", connect(SHORT)));
    let mut heard = Vec::new();
    while heard.last().is_none_or(|last| last != "41") {
        heard.push(socket.read().unwrap().into_text().unwrap().to_string());
    }
    assert_eq!(heard[0], "3probe");
    assert!(
        heard[1].starts_with("40{\"sid\":") && heard[2].starts_with("42[\"auth_expiring\","),
        "{heard:?}"
    );
}

#[test]
fn who_came_in_as_nobody_may_become_somebody() {
    let server = server(&[("auth.anonymous", "true"), ("socketio.namespaces", "/, /other")]);
    let mut peer = Peer::connect(&server);
    assert!(peer.ask(r#"20["join","users:a"]"#).contains("forbidden"));
    for token in ["ada", "nameless"] {
        let refused = peer.ask(&format!(r#"21["auth",{{"token":"{token}"}}]"#));
        assert!(refused.contains("connect to the namespace again"), "{refused}");
    }
    assert!(peer.ask(r#"0/other,{"token":"wrong"}"#).contains("unauthorized"));
    assert!(peer.ask(r#"0/other,{"token":"ada"}"#).starts_with("0/other,{\"sid\":"));
    assert!(peer.ask(r#"2/other,2["join","users:a"]"#).contains("joined"));
    peer.send("1");
    assert!(peer.ask(r#"0{"token":"ada"}"#).starts_with("0{\"sid\":"));
    assert!(peer.ask(r#"23["join","users:a"]"#).contains("joined"));
}

#[test]
fn who_came_in_without_a_name_may_become_a_user() {
    let server = server(&[("socketio.namespaces", "/, /other")]);
    let mut peer = Peer::with(&server, "&guest", &[]);
    assert!(peer.ask("0").starts_with("0{\"sid\":"));
    assert!(peer.ask(r#"20["join","users:a"]"#).contains("forbidden"));
    assert!(peer.ask(r#"21["auth",{"token":"ada"}]"#).contains("connect to the namespace again"));
    assert!(peer.ask(r#"22["auth",{"token":"nameless"}]"#).contains(r#""auth_ok""#));
    assert!(peer.ask(r#"0/other,{"token":"ada"}"#).starts_with("0/other,{\"sid\":"));
    assert!(peer.ask(r#"2/other,3["join","users:a"]"#).contains("joined"));
    peer.send("1");
    assert!(peer.ask(&connect("ada")).starts_with("0{\"sid\":"));
    assert!(peer.ask(r#"24["join","users:a"]"#).contains("joined"));
    let mut ada = Peer::with(&server, "&token=ada", &[]);
    for other in ["nameless", "eve"] {
        assert!(ada.ask(&connect(other)).contains("this token is for another user"), "{other}");
    }
}

#[test]
fn rooms_follow_the_credentials() {
    let server = server(&[]);
    let mut ada = Peer::open(&server);
    assert!(ada.ask(&connect("desk")).starts_with("0{\"sid\":"));
    assert_eq!(is_in(&mut ada, ["closed:desk", "open:desk"]), [true, true]);
    ada.send(r#"20["auth",{"token":"other desk"}]"#);
    let mut told = [ada.read(), ada.read()];
    told.sort();
    assert_eq!(told[0], r#"2["left",{"type":"left","room":"closed:desk"}]"#);
    assert!(told[1].starts_with(r#"30[{"type":"auth_ok""#), "{told:?}");
    assert_eq!(is_in(&mut ada, ["closed:desk", "closed:other"]), [false, true]);
    // A list that narrows ends what was allowed without it.
    assert!(ada.ask(r#"21["join","open:a"]"#).contains("joined"));
    ada.send(r#"22["auth",{"token":"narrow"}]"#);
    let mut told = [(); 3].map(|()| ada.read());
    told.sort();
    assert!(told[0].contains(r#""left","room":"closed:other""#), "{told:?}");
    assert!(told[1].contains(r#""left","room":"open:desk""#), "{told:?}");
    assert_eq!(is_in(&mut ada, ["open:a", "open:desk"]), [true, false]);
    assert!(ada.ask(r#"23["join","open:b"]"#).contains("forbidden"));
}

/// Whether a client is in rooms: there it hears what is said, or that it may not say it.
fn is_in<const N: usize>(peer: &mut Peer, rooms: [&str; N]) -> [bool; N] {
    rooms.map(|room| {
        peer.send(&format!(r#"29["publish","{room}","e",1]"#));
        let mut told = std::iter::repeat_with(|| peer.read());
        let answer = told.find(|told| told.starts_with("39[")).unwrap();
        !answer.contains("not_joined")
    })
}

/// CONNECT_ERROR or an error for each, then the end; a good one makes good for those before it.
#[test]
fn so_many_wrong_tokens_end_the_connection() {
    let server = server(&[]);
    let mut eve = Peer::open(&server);
    for _ in 0..20 {
        assert!(eve.ask(&connect("wrong")).starts_with("4{\"message\":\"no such token\""));
    }
    eve.closed();
    let mut ada = Peer::open(&server);
    for _ in 0..19 {
        assert!(ada.ask(&connect("wrong")).starts_with("4{"));
    }
    assert!(ada.ask(&connect("ada")).starts_with("0{\"sid\":"));
    for _ in 0..20 {
        assert!(ada.ask(r#"20["auth",{"token":"wrong"}]"#).contains("unauthorized"));
    }
    ada.closed();
    let (_, told) = poll(&server, "", "");
    let session = format!("&sid={}", told["sid"].as_str().unwrap());
    let mut heard = String::new();
    for _ in 0..20 {
        assert_eq!(post(&server, &session, "40{\"token\":\"wrong\"}"), 200);
        heard.push_str(&get(&server, &session, "").1);
    }
    assert_eq!(heard.matches("44{").count(), 20, "{heard}");
    // What may come yet is the end.
    while get(&server, &session, "").0 == 200 {}
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
    // A connection may have several users, and is one of each.
    second.send("1");
    assert!(second.ask(ada).contains("too_many_connections"), "and has heard that the other one goes");
    assert!(first.ask(eve).starts_with("0{\"sid\":"));
    assert!(first.ask(r#"0/other,{"token":"ada"}"#).contains("too_many_connections"));
}

#[test]
fn skipping_middleware_does_not_skip_authentication() {
    let server = server(&[("socketio.recovery", "true"), ("socketio.skip_middlewares", "true")]);
    let mut ada = Peer::open(&server);
    let told = ada.ask(r#"0{"token":"ada"}"#);
    let pid = between(&told, r#""pid":""#, "\"").to_owned();
    gone(&server, ada);
    for (token, code) in
        [(r#""past""#, "token_expired"), (r#""wrong""#, "unauthorized"), ("null", "unauthorized")]
    {
        let mut peer = Peer::open(&server);
        let refused = peer.ask(&format!(r#"0{{"token":{token},"pid":"{pid}"}}"#));
        assert!(refused.contains(code), "{refused}");
    }
}

/// Breaks the only connection, and returns when it can be come back to.
fn gone(server: &Running, peer: Peer) {
    peer.break_off();
    let deadline = Instant::now() + SOON;
    while status(server, "connections") > 0 {
        assert!(Instant::now() < deadline, "the end is not noticed");
    }
}

/// CONNECT with what a socket may come back with, and what that was before or is now.
fn come(server: &Running, token: &str, pid: &str) -> (Peer, String) {
    let mut peer = Peer::open(server);
    let told = peer.ask(&format!(r#"0{{"token":"{token}","pid":"{pid}"}}"#));
    let pid = between(&told, r#""pid":""#, "\"").to_owned();
    (peer, pid)
}

#[test]
fn who_comes_back_must_be_the_same_user() {
    let server = server(&[("socketio.recovery", "true")]);
    let (ada, pid) = come(&server, "ada", "");
    gone(&server, ada);
    let (_eve, other) = come(&server, "eve", &pid);
    assert_ne!(other, pid);
    let (_guest, other) = come(&server, "nameless", &pid);
    assert_ne!(other, pid);
    let mut unknown = Peer::open(&server);
    assert!(unknown.ask(&format!(r#"0{{"pid":"{pid}"}}"#)).contains("unauthorized"));
    assert_eq!(come(&server, "ada", &pid).1, pid, "she is still awaited");
}

/// What the server brought a client into by its credentials is over with them.
#[test]
fn who_comes_back_without_its_rooms_begins_anew() {
    let server = server(&[("socketio.recovery", "true")]);
    for (token, comes_back) in [("desk", true), ("ada", false), ("other desk", false)] {
        let (ada, pid) = come(&server, "desk", "");
        gone(&server, ada);
        assert_eq!(come(&server, token, &pid).1 == pid, comes_back, "{token}");
    }
}
