//! Clients of Socket.IO that try token after token on one connection.

use serde_json::json;

use super::token::{claims, guarded, hs256};
use crate::attack::Target;
use crate::http::request;
use crate::websocket::{Frame, WebSocket};
use crate::wire::text;

const OPEN: &str = "/socket.io/?EIO=4&transport=websocket";

/// The refusals up to the end of a connection, and its code.
async fn refusals(mut socket: WebSocket) -> (usize, Option<u16>) {
    let mut refusals = 0;
    loop {
        match socket.next().await {
            Frame::Text(told) => refusals += usize::from(told.starts_with("44")),
            Frame::Close(code) => return (refusals, code),
            Frame::End => return (refusals, None),
            Frame::Binary(_) | Frame::Pong(_) => {}
        }
    }
}

/// A session of long polling is gone after one POST of so many packets.
async fn over_polling(target: &Target<'_>, packets: &str) {
    let path = "/socket.io/?EIO=4&transport=polling";
    let mut connection = target.connect().await;
    connection.send(request("GET", path, &[], b"")).await;
    let opened = connection.response().await;
    let sid = opened.text().split('"').nth(3).unwrap().to_owned();
    let session = format!("{path}&sid={sid}");
    connection.send(request("POST", &session, &[], packets.as_bytes())).await;
    connection.response().await;
    let mut told = String::new();
    loop {
        connection.send(request("GET", &session, &[], b"")).await;
        match connection.response().await {
            more if more.status == 200 => told.push_str(more.text()),
            gone => break assert_eq!(gone.status, 400),
        }
    }
    assert!(told.matches("unauthorized").count() <= 20, "{told}");
}

#[test]
fn floods_of_connects_with_wrong_tokens_end_the_connection() {
    guarded("connect_flood").set("socketio.namespaces", "/, /a, /b, /c").lines(8000).run(async |target| {
        let token =
            hs256(&json!({ "alg": "HS256" }), &claims(60), b"a secret of nobody in particular, long enough");
        let connect = |namespace: &str| format!("40{namespace}{{\"token\":\"{token}\"}}");
        let floods = [
            vec![connect("")],
            ["", "/a,", "/b,", "/c,"].map(connect).to_vec(),
            // No namespace that there is; the token is verified all the same.
            (0..100).map(|number| connect(&format!("/n{number},"))).collect(),
        ];
        for flood in floods {
            let packets: Vec<u8> = flood.iter().cycle().take(2000).flat_map(|packet| text(packet)).collect();
            for _ in 0..5 {
                let mut socket = target.websocket(OPEN).await;
                socket.raw(&packets).await;
                assert_eq!(refusals(socket).await, (20, Some(1008)));
            }
            let packets: Vec<&str> = flood.iter().cycle().take(200).map(String::as_str).collect();
            over_polling(target, &packets.join("\u{1e}")).await;
        }
        target.serves_others().await;
    });
}
