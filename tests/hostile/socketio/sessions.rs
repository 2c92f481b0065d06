//! Sessions of long polling that are opened and left, and requests that no session has room for.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::attack::{Attack, Target};
use crate::http::{SOON, request};
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

/// So long that none of these sessions ends for want of a pong.
fn patient(name: &'static str) -> Attack {
    Attack::new(name).set("socketio.ping_interval", "10m").set("socketio.ping_timeout", "10m")
}

/// The statuses of so many POSTs of the same packets, on one connection and without waiting for an answer.
async fn post_flood(target: &Target<'_>, session: &str, packets: &str, times: usize) -> Vec<u16> {
    let batch = request("POST", session, &[], packets.as_bytes());
    let (mut reads, mut writes) = target.stream(2).await.unwrap().into_split();
    let send = async {
        for _ in 0..times {
            // The answers tell what became of it.
            let _ = writes.write_all(&batch).await;
        }
        std::future::pending::<()>().await;
    };
    let mut said = Vec::new();
    let read = async {
        while statuses(&said).len() < times && reads.read_buf(&mut said).await.is_ok_and(|count| count > 0) {}
    };
    timeout(SOON, async {
        tokio::select! { () = send => {}, () = read => {} }
    })
    .await
    .expect("the server stops answering");
    statuses(&said)
}

fn statuses(said: &[u8]) -> Vec<u16> {
    let said = String::from_utf8_lossy(said);
    let lines = said.lines().filter_map(|line| line.split_once("HTTP/1.1 "));
    lines.map(|(_, status)| status[..3].parse().unwrap()).collect()
}

/// The packets of the next GET.
async fn poll(target: &Target<'_>, session: &str) -> Result<Vec<String>, u16> {
    let mut connection = target.connect().await;
    connection.send(request("GET", session, &[], b"")).await;
    let response = connection.response().await;
    let packets = || response.packets().into_iter().map(str::to_owned).collect();
    if response.status == 200 { Ok(packets()) } else { Err(response.status) }
}

/// Each body waits until the one before has been taken; none is lost, none is refused, and the session goes on.
#[test]
fn posts_without_end_are_borne() {
    patient("post_flood").memory(8).lines(20_000).run(async |target| {
        for _ in 0..4 {
            let session = open(target).await;
            let packets = "42[\"join\",\"busy:x\"]\x1e".repeat(1000);
            assert_eq!(post_flood(target, &session, "40", 1).await, [200]);
            assert!(poll(target, &session).await.unwrap()[0].starts_with("40{"));
            assert_eq!(
                post_flood(target, &session, &format!("{packets}421[\"presence\",\"busy:x\"]"), 50).await,
                [200; 50]
            );
            let answers = poll(target, &session).await.unwrap();
            assert_eq!(answers.iter().filter(|answer| answer.starts_with("431[")).count(), 50);
            assert_eq!(post_flood(target, &session, "1", 1).await, [200]);
        }
    });
}

/// What answers them waits for a GET, up to `limits.outbox`: then the session is closed as a slow consumer.
#[test]
fn answers_that_nobody_takes_end_the_session() {
    patient("unread_answers").memory(16).lines(20_000).run(async |target| {
        for _ in 0..4 {
            let session = open(target).await;
            assert_eq!(post_flood(target, &session, "40", 1).await, [200]);
            let packets = ["421[\"history\",\"busy:x\"]"; 1000].join("\x1e");
            let answered = post_flood(target, &session, &packets, 100).await;
            assert_eq!(answered, [200; 100]);
            let first = poll(target, &session).await.unwrap();
            assert!(first.len() < 1001 && first[1].starts_with("431["), "{} answers", first.len());
            assert_eq!(poll(target, &session).await, Ok(vec!["1".to_owned()]));
            assert_eq!(poll(target, &session).await, Err(400));
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
