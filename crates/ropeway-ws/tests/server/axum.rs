//! The extractor in a router, beside ordinary routes.

use std::net::SocketAddr;

use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{any, get};
use axum::{Json, Router};
use ropeway_ws::server::{Acceptor, WebSocketUpgrade};
use ropeway_ws::{Config, WebSocket};
use tokio::net::TcpListener;

use crate::support::script::{header, upgrade_request};
use crate::support::{echo, text_frame};
use crate::{ask, talk};

async fn chat(
    upgrade: WebSocketUpgrade,
    Path(room): Path<String>,
    State(acceptor): State<Acceptor>,
) -> Response {
    upgrade.on_upgrade(&acceptor, |mut socket: WebSocket| async move {
        socket.send(format!("in {room}")).await.unwrap();
        echo(socket).await;
    })
}

async fn server() -> SocketAddr {
    let app = Router::new()
        .route("/rooms/{room}", any(chat))
        .route("/healthz", get(async || "ok\n"))
        .route("/info", get(async || Json("info")))
        .with_state(Acceptor::new(Config::default()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

fn to_room(request: &str) -> String {
    request.replace("/chat", "/rooms/attic")
}

#[tokio::test]
async fn a_route_opens_websockets_beside_ordinary_ones() {
    let address = server().await;
    let first = [to_room(&upgrade_request("")).into_bytes(), text_frame("early")].concat();
    let answer = talk(address, &first, &text_frame("late"), 23).await;
    assert_eq!(answer, b"\x81\x08in attic\x81\x05early\x81\x04late"[..]);
    let (head, body) = ask(address, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert_eq!(body, "ok\n");
    let (_, body) = ask(address, "GET /info HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(body, "\"info\"");
}

#[tokio::test]
async fn what_opens_no_websocket_is_answered_by_its_rule() {
    let address = server().await;
    for (request, status, line) in [
        ("GET /chat HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(), "400", None),
        (upgrade_request("").replace("GET", "PUT"), "405", Some(("allow", "GET"))),
        (
            upgrade_request("").replace("Version: 13", "Version: 12"),
            "426",
            Some(("sec-websocket-version", "13")),
        ),
        (upgrade_request("Origin: https://evil.example\r\n"), "403", None),
    ] {
        let (head, body) = ask(address, &to_room(&request)).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{request}{head}");
        assert!(body.ends_with(".\n"), "{body}");
        if let Some((name, value)) = line {
            assert_eq!(header(&head, name), Some(value), "{head}");
        }
    }
}
