//! One-time tickets.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::client::refused;
use crate::peer::Peer;
use crate::raw::Exchange;
use crate::running::{KEY, Running};
use crate::set_up::{joins, order, poll, refusal, server, user, welcomed};

fn with_tickets() -> Running {
    server(&[("tickets.enabled", "true")])
}

fn ticket(server: &Running, body: &str) -> String {
    let answer = order(server, body);
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["ticket"].as_str().unwrap().to_owned()
}

#[test]
fn a_ticket_says_who_comes_and_what_that_one_may_do() {
    let server = with_tickets();
    let answer = order(&server, r#"{"user":"ada","join":["open:a","granted:a"],"ttl":"20s"}"#);
    assert_eq!((answer.status, answer.header("cache-control")), (201, Some("no-store")));
    assert_eq!(answer.json()["expires_in"], 20.0);
    let path = format!("/ws?ticket={}", answer.json()["ticket"].as_str().unwrap());
    let mut ada = welcomed(&server, &path, &[]);
    assert_eq!(user(&mut ada, "open:a"), "ada");
    assert!(joins(&mut ada, "granted:a") && !joins(&mut ada, "open:b"));
}

#[test]
fn a_ticket_is_used_up() {
    let server = with_tickets();
    let path = format!("/ws?ticket={}", ticket(&server, "{}"));
    welcomed(&server, &path, &[]);
    let message = "ticket is unknown, used or expired";
    assert_eq!(refusal(&server, &path, &[]), (401, json!({ "code": "unauthorized", "message": message })));
    assert_eq!(refusal(&server, "/ws?ticket=unknown", &[]).1["message"], message, "no word more for that");
}

#[test]
fn of_fifty_who_come_with_a_ticket_one_gets_in() {
    let server = with_tickets();
    let path = format!("/ws?ticket={}", ticket(&server, "{}"));
    let start = Barrier::new(50);
    let come = || {
        start.wait();
        crate::client::open(&server, &path, &[]).is_ok()
    };
    let came = thread::scope(|scope| {
        let clients: Vec<_> = (0..50).map(|_| scope.spawn(come)).collect();
        clients.into_iter().map(|client| client.join().unwrap()).filter(|came| *came).count()
    });
    assert_eq!(came, 1);
}

#[test]
fn a_ticket_expires() {
    let server = with_tickets();
    let path = format!("/ws?ticket={}", ticket(&server, r#"{"ttl":"1ms"}"#));
    thread::sleep(Duration::from_millis(2));
    assert_eq!(refused(&server, &path, &[]), 401);
}

#[test]
fn a_ticket_lives_as_long_as_is_asked_for_or_configured() {
    let server = server(&[("tickets.enabled", "true"), ("tickets.ttl", "7s")]);
    for (body, seconds) in [("{}", 7.0), (r#"{"ttl":"5m"}"#, 300.0), (r#"{"ttl":"500ms"}"#, 0.5)] {
        assert_eq!(order(&server, body).json()["expires_in"], seconds, "{body}");
    }
}

#[test]
fn there_are_only_so_many_tickets() {
    let server = server(&[("tickets.enabled", "true"), ("tickets.capacity", "2")]);
    let first = ticket(&server, "{}");
    ticket(&server, "{}");
    let answer = order(&server, "{}");
    assert_eq!((answer.status, &answer.json()["code"]), (503, &json!("unavailable")));
    welcomed(&server, &format!("/ws?ticket={first}"), &[]);
    ticket(&server, "{}");
}

#[test]
fn bad_orders_are_refused() {
    let server = with_tickets();
    for body in [
        "",
        "[]",
        r#"{"usr":"ada"}"#,
        r#"{"join":"open:a"}"#,
        r#"{"user":""}"#,
        r#"{"ttl":0}"#,
        r#"{"ttl":"6m"}"#,
        r#"{"ttl":"300001ms"}"#,
    ] {
        assert_eq!(order(&server, body).status, 422, "{body}");
    }
    let long = json!({ "data": "x".repeat(17 * 1024) }).to_string();
    assert_eq!(order(&server, &long).status, 413);
    // A page can send forms and texts anywhere without asking before.
    for kind in ["", "content-type: text/plain\r\n", "content-type: application/x-www-form-urlencoded\r\n"] {
        let headers = format!("authorization: Bearer {KEY}\r\n{kind}");
        let answer = Exchange::begin(&server, "POST /api/tickets", &headers, b"{}").finish();
        assert_eq!(answer.status, 415, "{kind}");
    }
}

#[test]
fn an_order_has_to_come_in_time() {
    // In which the head has to come as well, on a machine under load too.
    let server = server(&[("tickets.enabled", "true"), ("server.handshake_timeout", "3s")]);
    let headers = format!(
        "authorization: Bearer {KEY}\r\ncontent-type: application/json\r\ncontent-length: 99\r\nconnection: close\r\n"
    );
    let answer = Exchange::head(&server, "POST /api/tickets", &headers, b"{").finish();
    assert_eq!((answer.status, &answer.json()["code"]), (408, &json!("timeout")));
}

#[test]
fn only_the_key_gets_tickets() {
    let server = with_tickets();
    for authorization in ["", "authorization: Bearer another\r\n"] {
        let headers = format!("{authorization}content-type: application/json\r\n");
        let answer = Exchange::begin(&server, "POST /api/tickets", &headers, b"{}").finish();
        assert_eq!((answer.status, &answer.json()["code"]), (401, &json!("unauthorized")));
    }
}

#[test]
fn without_the_setting_there_are_none() {
    let server = server(&[]);
    assert_eq!(order(&server, "{}").status, 404);
    welcomed(&server, "/ws?ticket=anything", &[]);
}

#[test]
fn nobody_comes_without_one() {
    let server = with_tickets();
    assert_eq!(refused(&server, "/ws", &[]), 401);
    assert_eq!(refused(&server, "/ws?ticket=", &[]), 401);
}

#[test]
fn sessions_of_socketio_open_with_a_ticket() {
    let server = with_tickets();
    let polled = ticket(&server, r#"{"user":"ada"}"#);
    let query = format!("&ticket={polled}");
    assert_eq!(poll(&server, &query, "").status, 200);
    assert_eq!(poll(&server, &query, "").status, 401);
    let query = format!("&ticket={}", ticket(&server, r#"{"user":"ada"}"#));
    let mut peer = Peer::with(&server, &query, &[]);
    assert!(peer.ask("0").starts_with("0{\"sid\":\""));
    let path = format!("/socket.io/?EIO=4&transport=websocket{query}");
    assert_eq!(refused(&server, &path, &[]), 401);
}

#[test]
fn an_upgrade_that_fails_uses_it_up() {
    let server = with_tickets();
    let path = format!("/ws?ticket={}", ticket(&server, r#"{"namespaces":["/other"]}"#));
    assert_eq!(refused(&server, &path, &[]), 403);
    assert_eq!(refused(&server, &path, &[]), 401);
}
