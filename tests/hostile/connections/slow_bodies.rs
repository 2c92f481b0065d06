//! Bodies that were announced and do not come.

use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use crate::attack::Attack;
use crate::http::{ask, request};
use crate::subject::API_KEY;

const BODIES: usize = 300;

#[test]
fn publishing_is_given_up_when_the_body_does_not_come() {
    Attack::new("slow_publishing").hurried().lines(3000).run(async |target| {
        let head = |key: &str| {
            format!(
                "POST /api/publish HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\n\
                 Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n{{"
            )
        };
        let mut held = Vec::new();
        for number in 0..BODIES {
            let mut connection = target.connect().await;
            connection.send(head(if number % 2 == 0 { API_KEY } else { "a wrong key" })).await;
            held.push(connection);
        }
        for (number, connection) in held.iter_mut().enumerate() {
            let expected = if number % 2 == 0 { 408 } else { 401 };
            assert_eq!(connection.response().await.status, expected);
        }
    });
}

#[test]
fn polling_bodies_that_stall_keep_nobody_out() {
    let attack = Attack::new("slow_polling")
        .set("socketio.ping_interval", "500ms")
        .set("socketio.ping_timeout", "500ms");
    attack.lines(6000).run(async |target| {
        let mut held = Vec::new();
        for _ in 0..BODIES {
            let opened = ask(target.address(), "GET", "/socket.io/?EIO=4&transport=polling").await;
            let open: Value = serde_json::from_str(&opened.text()[1..]).unwrap();
            let path = format!("/socket.io/?EIO=4&transport=polling&sid={}", open["sid"].as_str().unwrap());
            let mut connection = target.connect().await;
            let whole = request("POST", &path, &[], &[b'4'; 1000]);
            connection.send(&whole[..whole.len() - 900]).await;
            held.push(connection);
        }
        target.serves_others().await;
        // The sessions answer no ping and end; their requests end with them.
        for connection in &mut held {
            let response = connection.try_response().await;
            assert!(response.is_none_or(|response| response.status >= 400));
        }
        sleep(Duration::from_millis(10)).await;
    });
}
