//! A crowd that wants more memory than there is.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::time::sleep;

use crate::attack::{Attack, Target};
use crate::http::{Connection, Response, SOON, request};
use crate::websocket::{Frame, TEXT, UPGRADE, WebSocket, frame};

/// Three times of what a server without connections holds.
const LIMIT: usize = 64;
/// Together they would bring twice as much.
const MOST: usize = 2000;
const POLLING: &str = "/socket.io/?EIO=4&transport=polling";

/// Each of the crowd brings most of a message in small pieces and keeps its end back. Newcomers are refused on every
/// carrier then; who is there goes on; and when others have left, newcomers are let in, whatever the allocator keeps.
#[test]
fn a_crowd_that_takes_the_memory_is_refused_until_others_leave() {
    let attack = Attack::new("memory_crowd").set("limits.memory", format!("{LIMIT}MiB"));
    attack.memory(LIMIT).lines(20_000).run(async |target| {
        let (mut crowd, refusal) = gather(target).await;
        is_overloaded(&refusal);
        is_overloaded(&open_polling(target).await);
        goes_on(&mut crowd[0]).await;
        target.serves_others().await;
        // The gaps between those who stay are nothing that can be given back.
        let mut staying: Vec<_> = crowd.into_iter().step_by(2).collect();
        let deadline = Instant::now() + SOON;
        while let Err(refusal) = come(target).await {
            is_overloaded(&refusal);
            assert!(Instant::now() < deadline, "nobody is let in though half of the crowd has left");
            sleep(Duration::from_millis(50)).await;
        }
        goes_on(&mut staying[1]).await;
    });
}

/// As many as are let in, and how the next one is refused.
async fn gather(target: &Target<'_>) -> (Vec<WebSocket>, Response) {
    let mut crowd = Vec::new();
    while crowd.len() < MOST {
        match come(target).await {
            Ok(mut socket) => {
                socket.raw(most_of_a_message()).await;
                crowd.push(socket);
            }
            Err(refusal) => return (crowd, refusal),
        }
        // The server looks at its memory four times a second.
        sleep(Duration::from_millis(5)).await;
    }
    panic!("all {MOST} are let in");
}

async fn come(target: &Target<'_>) -> Result<WebSocket, Response> {
    let mut connection = Connection::over(target.stream(2).await.unwrap());
    connection.send(request("GET", "/ws", UPGRADE, b"")).await;
    let response = connection.response().await;
    if response.status == 101 { Ok(WebSocket::over(connection)) } else { Err(response) }
}

async fn open_polling(target: &Target<'_>) -> Response {
    let mut connection = target.connect().await;
    connection.send(request("GET", POLLING, &[], b"")).await;
    connection.response().await
}

fn is_overloaded(response: &Response) {
    assert_eq!((response.status, response.header("retry-after")), (503, Some("5")));
    let body: Value = serde_json::from_slice(&response.body).unwrap();
    assert_eq!(body["code"], "overloaded");
}

fn most_of_a_message() -> Vec<u8> {
    [frame(TEXT & 0x7f, br#"{"type":"ping","x":""#), frame(0, &[b'x'; 1000]).repeat(60)].concat()
}

/// It ends its message and is answered.
async fn goes_on(socket: &mut WebSocket) {
    socket.raw(frame(0x80, br#"","id":"after the crowd"}"#)).await;
    while !matches!(socket.next().await, Frame::Text(said) if said.contains("after the crowd")) {}
}
