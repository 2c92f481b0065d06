//! Sessions of long polling that are opened and left, and requests that no session has room for.

use crate::attack::{Attack, Target};
use crate::http::request;
use crate::wire::flood;

const OPEN: &str = "/socket.io/?EIO=4&transport=polling";

fn attack(name: &'static str) -> Attack {
    Attack::new(name).set("socketio.ping_interval", "500ms").set("socketio.ping_timeout", "500ms")
}

async fn open(target: &Target<'_>) -> String {
    let mut connection = target.connect().await;
    connection.send(request("GET", OPEN, &[], b"")).await;
    let response = connection.response().await;
    let open: serde_json::Value = serde_json::from_str(&response.packets()[0][1..]).unwrap();
    format!("{OPEN}&sid={}", open["sid"].as_str().unwrap())
}

/// They end when they answer no ping; that they are gone is seen by the count of connections.
#[test]
fn sessions_that_nobody_polls_expire() {
    attack("abandoned_sessions").memory(12).lines(20_000).run(async |target| {
        let batch = request("GET", OPEN, &[], b"").repeat(50);
        for _ in 0..4 {
            flood(target.stream(2).await.unwrap(), &batch, 20).await;
        }
        target.serves_others().await;
    });
}

/// What was posted waits until it is taken; a session that takes more than it should is ended.
#[test]
fn posts_without_end_are_borne() {
    attack("post_flood").memory(8).lines(20_000).run(async |target| {
        for _ in 0..4 {
            let session = open(target).await;
            let packets = format!("40{}", "\x1e42[\"join\",{\"room\":\"busy:x\"}]".repeat(1000));
            let batch = request("POST", &session, &[], packets.as_bytes());
            flood(target.stream(2).await.unwrap(), &batch, 50).await;
        }
    });
}

/// Two GETs at one time end their session (Engine.IO, "a client must not send two").
#[test]
fn polls_at_the_same_time_end_their_session() {
    attack("poll_flood").lines(20_000).run(async |target| {
        for _ in 0..20 {
            let session = open(target).await;
            let mut polls = Vec::new();
            for _ in 0..20 {
                let mut connection = target.connect().await;
                connection.send(request("GET", &session, &[], b"")).await;
                polls.push(connection);
            }
            let mut refused = 0;
            for poll in &mut polls {
                refused +=
                    usize::from(poll.try_response().await.is_none_or(|response| response.status >= 400));
            }
            assert!(refused > 10, "{refused} of 20 were refused");
        }
    });
}
